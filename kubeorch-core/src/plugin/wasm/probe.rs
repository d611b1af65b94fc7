//! Calls for whoever examines a plugin: bytes to bytes, with what the call cost. Nothing is remembered or decoded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::excerpt;
use super::call::{Export, Shape};
use super::host::Runtime;
use super::{Plugin, ask};
use crate::plugin::source::SourceTree;
use crate::plugin::{Error, FaultKind};

/// What a call answered, and what it took.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The answer's bytes, or why there are none.
    pub answer: Result<Vec<u8>, Refusal>,
    /// Wall-clock time, instantiation included.
    pub time: Duration,
    /// The most linear memory that the guest had, in bytes.
    pub memory: usize,
}

/// Why a call gave no answer.
#[derive(Debug, Clone)]
pub enum Refusal {
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
    /// Names of the functions of its world, in the order of the contract.
    pub fn functions(&self) -> impl Iterator<Item = &'static str> {
        Export::of(self.world()).iter().map(|export| export.name())
    }

    /// Those of [`functions`](Self::functions) that take a request alone.
    pub(super) fn asked(&self) -> impl Iterator<Item = &'static str> {
        let asked = Export::of(self.world()).iter().filter(|export| export.shape() == Shape::Request);
        asked.map(|export| export.name())
    }

    /// Calls a function of its world in a fresh instance, at the limits of the host. Neither the quarantine nor the
    /// statistics learn of it. [`Error::Invalid`] where the world has no such function, or the function wants a source tree
    /// and there is none; [`Error::Busy`] where no more calls are taken.
    pub async fn probe(
        &self,
        function: &str,
        request: Vec<u8>,
        tree: Option<Arc<dyn SourceTree>>,
    ) -> Result<Measured, Error> {
        let invalid = |reason: String| Error::Invalid { plugin: self.info().id.clone(), reason };
        let export = Export::of(self.world()).iter().copied().find(|export| export.name() == function);
        let export = export.ok_or_else(|| {
            let names: Vec<_> = self.functions().collect();
            invalid(format!("it has no function {function}; there are {}", names.join(", ")))
        })?;
        if export.shape() == Shape::Tree && tree.is_none() {
            return Err(invalid(format!("{function} wants a source tree")));
        }
        let plugin = self.clone();
        let work = move |runtime: &Runtime| {
            let start = Instant::now();
            let (answer, memory) = plugin.inner.guest.measure(runtime, export, &request, tree);
            let answer = answer.map_err(Refusal::Failed).and_then(|answer| {
                answer.map_err(|failure| Refusal::Refused {
                    code: excerpt(&failure.code),
                    message: excerpt(&failure.message),
                })
            });
            Measured { answer, time: start.elapsed(), memory }
        };
        self.inner.host.run(self.inner.number, work).await.map_err(|refused| {
            let reason = "the call was lost in the host; its log says more";
            ask::refusal(refused, self.inner.guest.identity().error(export, FaultKind::Host, reason))
        })
    }
}
