//! The calls of the world `node-types`.

use super::{decode, encode};
use crate::{FactsRequest, Failure, NodeTypes, RenderRequest, Report, StatusRequest};

/// `list-types`.
pub fn list_types<P: NodeTypes>() -> Result<Vec<u8>, Failure> {
    encode(&P::catalog())
}

/// `facts`.
pub fn facts<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: FactsRequest = decode(request)?;
    encode(&P::facts(&request.node)?)
}

/// `validate`.
pub fn validate<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: RenderRequest = decode(request)?;
    encode(&Report { findings: P::validate(&request)? })
}

/// `render`.
pub fn render<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: RenderRequest = decode(request)?;
    encode(&P::render(&request)?)
}

/// `status`.
pub fn status<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: StatusRequest = decode(request)?;
    encode(&P::status(&request)?)
}
