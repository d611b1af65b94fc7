//! Calls into a plugin: the memo first, then a worker.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::Limits;
use super::call::Export;
use super::host::Runtime;
use super::memo::{Answer, Key, Known};
use super::plugin::{Loaded, Plugin};
use super::pool::Refused;
use crate::plugin::{Error, FaultKind};

impl Plugin {
    /// The memo's answer, or a new one.
    pub(super) async fn recall<T, F>(&self, export: Export, request: &T, decode: F) -> Result<Answer, Error>
    where
        T: Serialize,
        F: FnOnce(&[u8], &Limits) -> Result<Answer, String> + Send + 'static,
    {
        let key = self.key(export, request)?;
        if let Some(answer) = self.inner.host.memo.get(&key) {
            self.inner.counters.hit(export);
            return Ok(answer);
        }
        let call = self.ask(export, key.bytes(), move |bytes, limits| {
            decode(bytes, limits).map(|answer| Known { answer, size: bytes.len() })
        });
        self.inner.host.memo.make(&key, call).await
    }

    /// The key of a request to this plugin.
    pub(super) fn key<T: Serialize>(&self, export: Export, request: &T) -> Result<Key, Error> {
        Key::new(self.inner.number, export, request).map_err(|error| {
            let reason = format!("the request is not JSON: {error}");
            self.inner.guest.identity().error(export, FaultKind::Host, reason)
        })
    }

    /// Calls into a fresh instance and decodes the answer, both on a worker.
    pub(super) async fn ask<T, F>(&self, export: Export, request: Vec<u8>, decode: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&[u8], &Limits) -> Result<T, String> + Send + 'static,
    {
        self.run(export, request, move |plugin, runtime, request| {
            let answer = plugin.guest.call(runtime, export, request)?;
            decode(&answer, &runtime.limits)
                .map_err(|reason| plugin.guest.identity().error(export, FaultKind::Contract, reason))
        })
        .await
    }

    /// Runs one call on a worker, where the quarantine lets it, and counts it. `request` is the bytes of a [`Key`].
    pub(super) async fn run<T, F>(&self, export: Export, request: Vec<u8>, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Loaded, &Runtime, &[u8]) -> Result<T, Error> + Send + 'static,
    {
        let plugin = Arc::clone(&self.inner);
        plugin.guest.check_input(&plugin.host.runtime, export, Key::request(&request))?;
        if let Err(refused) = plugin.breaker.check(&plugin.info.id) {
            // Without a thread of the pool, and not at once: a caller that asks again and again must not keep the others
            // of its own thread from running.
            tokio::task::yield_now().await;
            return Err(refused);
        }
        let work = move |runtime: &Runtime| {
            let permit = plugin.breaker.enter(&plugin.info.id)?;
            let start = Instant::now();
            let mut answer = call(&plugin, runtime, Key::request(&request));
            let elapsed = start.elapsed();
            if let Err(Error::Fault(fault)) = &mut answer {
                fault.elapsed = elapsed;
            }
            plugin.counters.call(export, elapsed, answer.as_ref().err());
            permit.end(answer.as_ref());
            answer
        };
        self.inner.host.run(self.inner.number, work).await.map_err(|refused| {
            let reason = "the call was lost in the host; its log says more";
            refusal(refused, self.inner.guest.identity().error(export, FaultKind::Host, reason))
        })?
    }

    /// Only a bug of this module can bring it up: every export has its own keys.
    pub(super) fn confused(&self, export: Export) -> Error {
        let reason = "the memo holds an answer of another export";
        self.inner.guest.identity().error(export, FaultKind::Host, reason)
    }
}

/// What a caller hears of a job that did not run to its end.
pub(super) fn refusal(refused: Refused, lost: Error) -> Error {
    match refused {
        Refused::Full(waiting) => Error::Busy { waiting },
        Refused::Lost => lost,
    }
}
