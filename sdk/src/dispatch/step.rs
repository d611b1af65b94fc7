//! The calls of the world `step`.

use super::{decode, encode};
use crate::{
    Failure,
    step::{Request, Steps},
};

/// `list-steps`.
pub fn list_steps<P: Steps>() -> Result<Vec<u8>, Failure> {
    encode(&P::catalog())
}

/// `run`.
pub fn run<P: Steps>(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    encode(&P::run(&request)?)
}
