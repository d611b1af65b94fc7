//! The calls of the world `fix-template`.

use super::{decode, encode};
use crate::{
    Failure,
    fix::{ApplyRequest, DiagnoseRequest, Fixes, TemplateRequest},
};

/// `describe`.
pub fn describe<P: Fixes>() -> Result<Vec<u8>, Failure> {
    encode(&P::catalog())
}

/// `diagnose`.
pub fn diagnose<P: Fixes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: DiagnoseRequest = decode(request)?;
    encode(&P::diagnose(&request)?)
}

/// `template`.
pub fn template<P: Fixes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: TemplateRequest = decode(request)?;
    encode(&P::template(&request)?)
}

/// `apply`.
pub fn apply<P: Fixes>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: ApplyRequest = decode(request)?;
    encode(&P::apply(&request)?)
}
