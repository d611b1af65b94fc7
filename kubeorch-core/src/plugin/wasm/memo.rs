//! Answers that are known already.
//!
//! A plugin is a pure function of the request's bytes, so the bytes themselves are the key: a hit compares
//! them all, and no two requests can be mistaken for each other, whatever their hashes. The hash is keyed at
//! random per process; nobody can prepare requests that collide.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use serde::Serialize;

use super::call::Export;
use crate::error::Finding;
use crate::plugin::analyzer::Detected;
use crate::plugin::fix::{Diagnosis, Template};
use crate::plugin::{Error, Facts, Rendered};

/// A decoded answer takes about this many times its JSON's bytes.
const DECODED: u64 = 4;

/// What an entry takes besides request and answer.
const OVERHEAD: u64 = 200;

/// Bytes before the request: the plugin's number, the export.
const PREFIX: usize = 5;

/// Plugin, export and request in one piece.
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new<T: Serialize>(plugin: u32, export: Export, request: &T) -> serde_json::Result<Self> {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(&plugin.to_le_bytes());
        bytes.push(export as u8);
        serde_json::to_writer(&mut bytes, request)?;
        Ok(Self(bytes))
    }

    /// The bytes, for the call.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    /// The bytes, for a call that the memo has no part in.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The request's part of a key's bytes.
    pub(super) fn request(bytes: &[u8]) -> &[u8] {
        bytes.get(PREFIX..).unwrap_or_default()
    }
}

/// An answer and the bytes of its JSON.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) answer: Answer,
    pub(super) size: usize,
}

#[derive(Clone)]
pub(super) enum Answer {
    Facts(Arc<Facts>),
    Findings(Arc<[Finding]>),
    Rendered(Arc<Rendered>),
    Detected(Arc<Detected>),
    Diagnosis(Arc<Diagnosis>),
    Template(Arc<Template>),
}

/// Bounded by [`Limits::memo`](super::Limits::memo).
pub(super) struct Memo {
    cache: Option<Cache<Vec<u8>, Known, Weigh>>,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Vec<u8>, Known> for Weigh {
    fn weight(&self, key: &Vec<u8>, known: &Known) -> u64 {
        key.len() as u64 + known.size as u64 * DECODED + OVERHEAD
    }
}

impl Memo {
    pub(super) fn new(capacity: usize) -> Self {
        // Two KiB an entry is a small node; the estimate only sizes the first table.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(capacity / 2048)
            .weight_capacity(capacity as u64)
            .build();
        let cache = options.ok().filter(|_| capacity > 0).map(|options| {
            Cache::with_options(options, Weigh, DefaultHashBuilder::default(), DefaultLifecycle::default())
        });
        Self { cache }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Answer> {
        Some(self.cache.as_ref()?.get(key.0.as_slice())?.answer)
    }

    /// Makes an answer; callers that ask the same at once share one call. Only a success is kept.
    pub(super) async fn make<F>(&self, key: &Key, call: F) -> Result<Answer, Error>
    where
        F: Future<Output = Result<Known, Error>>,
    {
        let known = match &self.cache {
            Some(cache) => cache.get_or_insert_async(key.0.as_slice(), call).await?,
            None => call.await?,
        };
        Ok(known.answer)
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.cache.as_ref().map_or(0, Cache::weight)
    }
}
