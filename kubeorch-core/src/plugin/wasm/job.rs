//! One import: the calls of an analyzer about one tree, all on one instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use serde::Serialize;

use super::answer;
use super::call::Export;
use super::guest::Session;
use super::memo::{Answer, Known};
use super::plugin::Plugin;
use crate::plugin::analyzer::{Analysis, AnalyzeRequest, DetectRequest, Detected};
use crate::plugin::source::SourceTree;
use crate::plugin::{Error, FaultKind, ImportJob};

/// A place among the jobs that may be open at once.
struct Seat(Arc<AtomicU32>);

/// Where the instance of a job is.
enum Instance {
    /// Not made yet.
    New,
    /// Between two calls.
    Idle(Box<Session>),
    /// In a call, or lost with one that failed or was cancelled.
    Gone,
}

pub(super) struct Job {
    plugin: Plugin,
    tree: Arc<dyn SourceTree>,
    instance: Instance,
    _seat: Seat,
}

impl Job {
    pub(super) fn open(plugin: Plugin, tree: Arc<dyn SourceTree>) -> Result<Self, Error> {
        let host = &plugin.inner.host;
        let seat = Seat::take(&host.jobs, host.runtime.limits.jobs)?;
        Ok(Self { plugin, tree, instance: Instance::New, _seat: seat })
    }

    async fn ask<T, F>(&mut self, export: Export, request: Vec<u8>, decode: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&[u8], &super::Limits) -> Result<T, String> + Send + 'static,
    {
        let session = match std::mem::replace(&mut self.instance, Instance::Gone) {
            Instance::New => None,
            Instance::Idle(session) => Some(session),
            Instance::Gone => {
                let reason = "an earlier call of this import failed or was cancelled";
                return Err(self.plugin.inner.guest.identity().error(export, FaultKind::Host, reason));
            }
        };
        let tree = Arc::clone(&self.tree);
        let call = self.plugin.run(export, request, move |plugin, runtime, request| {
            let mut session = match session {
                Some(session) => session,
                None => Box::new(plugin.guest.open(runtime, export, Some(tree))?),
            };
            let bytes = plugin.guest.ask(runtime, &mut session, export, request)?;
            let answer = decode(&bytes, &runtime.limits)
                .map_err(|reason| plugin.guest.identity().error(export, FaultKind::Contract, reason))?;
            Ok((session, answer))
        });
        let (session, answer) = call.await?;
        self.instance = Instance::Idle(session);
        Ok(answer)
    }
}

#[async_trait]
impl ImportJob for Job {
    /// Known already where the tree has an identity and was looked at before.
    async fn detect(&mut self) -> Result<Arc<Detected>, Error> {
        /// What a guest is sent is the request alone, so a key that also holds the tree needs a form of its own.
        #[derive(Serialize)]
        struct Question<'a> {
            tree: &'a str,
        }
        let plugin = self.plugin.clone();
        let request = plugin.key(Export::Detect, &DetectRequest {})?.into_bytes();
        let decode = |bytes: &[u8], _: &super::Limits| {
            let answer = Answer::Detected(Arc::new(answer::analyzer::detected(bytes)?));
            Ok(Known { answer, size: bytes.len() })
        };
        let tree = Arc::clone(&self.tree);
        let answer = match tree.identity() {
            None => self.ask(Export::Detect, request, decode).await?.answer,
            Some(tree) => {
                let key = plugin.key(Export::Detect, &Question { tree })?;
                let memo = &plugin.inner.host.memo;
                if let Some(answer) = memo.get(&key) {
                    plugin.inner.counters.hit(Export::Detect);
                    answer
                } else {
                    memo.make(&key, self.ask(Export::Detect, request, decode)).await?
                }
            }
        };
        match answer {
            Answer::Detected(detected) => Ok(detected),
            _ => Err(plugin.confused(Export::Detect)),
        }
    }

    async fn analyze(&mut self, request: &AnalyzeRequest) -> Result<Analysis, Error> {
        let request = self.plugin.key(Export::Analyze, request)?.into_bytes();
        self.ask(Export::Analyze, request, answer::analyzer::analysis).await
    }
}

impl Seat {
    fn take(taken: &Arc<AtomicU32>, most: u32) -> Result<Self, Error> {
        let take = |count: u32| (count < most).then_some(count + 1);
        match taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, take) {
            Ok(_) => Ok(Self(Arc::clone(taken))),
            Err(_) => Err(Error::Busy { waiting: usize::try_from(most).unwrap_or(usize::MAX) }),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
