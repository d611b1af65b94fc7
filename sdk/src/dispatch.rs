//! Bytes to typed call to bytes. The component and the native test kit both come through here, which is why their
//! answers are identical.

use serde::{Serialize, de::DeserializeOwned};

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

fn decode<T: DeserializeOwned>(request: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(request).map_err(|error| Failure::new("request.invalid", error.to_string()))
}

fn encode<T: Serialize>(response: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(response).map_err(|error| Failure::new("response.invalid", error.to_string()))
}
