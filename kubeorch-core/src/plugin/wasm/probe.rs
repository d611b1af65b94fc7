//! Calls for whoever examines a plugin: bytes to bytes, with what the call cost. Nothing is remembered or decoded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Plugin;
use super::answer::excerpt;
use super::call::Export;
use crate::plugin::Error;

/// What a call answered, and what it took.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The answer's bytes, or why there are none.
    pub answer: Result<Vec<u8>, Fault>,
    /// Wall-clock time, instantiation included.
    pub time: Duration,
    /// The most linear memory that the guest had, in bytes.
    pub memory: usize,
}

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The guest refused the request in the way that the contract has for it.
    Refused {
        /// Stable, dotted and lower case.
        code: String,
        /// A sentence fragment.
        message: String,
    },
    /// It trapped, or passed a limit.
    Failed(Error),
}

impl Plugin {
    /// Names of the functions that [`probe`](Self::probe) calls, in the order of the contract.
    pub fn functions() -> impl Iterator<Item = &'static str> {
        Export::ALL.into_iter().map(Export::name)
    }

    /// Calls a function of the contract in a fresh instance, at the limits of the host. [`Error::Invalid`] where the
    /// contract has no such function, [`Error::Busy`] where no more calls are taken.
    pub async fn probe(&self, function: &str, request: Vec<u8>) -> Result<Measured, Error> {
        let export = Export::ALL.into_iter().find(|export| export.name() == function).ok_or_else(|| {
            let names: Vec<_> = Self::functions().collect();
            let reason = format!("it has no function {function}; there are {}", names.join(", "));
            Error::Invalid { plugin: self.info().id.clone(), reason }
        })?;
        let guest = Arc::clone(self.guest());
        self.work(export, move |runtime| {
            let start = Instant::now();
            let (answer, memory) = guest.measure(runtime, export, &request);
            let answer = answer.map_err(Fault::Failed).and_then(|answer| {
                answer.map_err(|failure| Fault::Refused {
                    code: excerpt(&failure.code),
                    message: excerpt(&failure.message),
                })
            });
            Measured { answer, time: start.elapsed(), memory }
        })
        .await
    }
}
