//! The calls of the world `import-analyzer`.

use super::{decode, encode};
use crate::{
    Failure,
    analyzer::{AnalyzeRequest, Analyzer, DetectRequest, Tree},
};

/// `describe`.
pub fn describe<P: Analyzer>() -> Result<Vec<u8>, Failure> {
    encode(&P::catalog())
}

/// `detect`.
pub fn detect<P: Analyzer>(tree: &Tree<'_>, request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: DetectRequest = decode(request)?;
    encode(&P::detect(tree, &request)?)
}

/// `analyze`.
pub fn analyze<P: Analyzer>(tree: &Tree<'_>, request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: AnalyzeRequest = decode(request)?;
    encode(&P::analyze(tree, &request)?)
}
