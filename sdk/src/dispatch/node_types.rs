//! The calls of the world `node-types`.

use super::{decode, encode};
use crate::{Facts, FactsRequest, Failure, NodeTypes, RenderRequest, Rendered, Report, StatusRequest};

// Reading and writing is not generic, so that it is compiled here once, for speed, and not with the plugin, for size.

fn read(request: &[u8]) -> Result<RenderRequest, Failure> {
    decode(request)
}

fn read_node(request: &[u8]) -> Result<FactsRequest, Failure> {
    decode(request)
}

fn read_live(request: &[u8]) -> Result<StatusRequest, Failure> {
    decode(request)
}

fn write(rendered: &Rendered) -> Result<Vec<u8>, Failure> {
    encode(rendered)
}

fn write_facts(facts: &Facts) -> Result<Vec<u8>, Failure> {
    encode(facts)
}

fn write_report(report: &Report) -> Result<Vec<u8>, Failure> {
    encode(report)
}

/// `list-types`.
pub fn list_types<P: NodeTypes>() -> Result<Vec<u8>, Failure> {
    encode(&P::catalog())
}

/// `facts`.
pub fn facts<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    write_facts(&P::facts(&read_node(request)?.node)?)
}

/// `validate`.
pub fn validate<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    write_report(&Report { findings: P::validate(&read(request)?)? })
}

/// `render`.
pub fn render<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    write(&P::render(&read(request)?)?)
}

/// `status`.
pub fn status<P: NodeTypes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    encode(&P::status(&read_live(request)?)?)
}
