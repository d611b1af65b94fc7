//! The conformance suite on both backends, and the typed layer on the quick one.

mod files;
pub(super) mod layer;
mod model;
mod rewrite;
mod transfer;
mod typed;
mod verify;

use std::sync::Arc;

use super::{Db, Memory, Store, conformance};
use crate::time::ManualClock;

pub(super) const START: i64 = 1_767_225_600_000;

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_millis(START))
}

pub(super) fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::new(clock()))
}

pub(super) fn db() -> Db {
    Db::new(memory(), clock())
}

/// One of each kind; on redb commits wait, so transactions truly overlap. The folder goes with its store.
pub(super) fn dbs() -> Vec<(Db, Option<tempfile::TempDir>)> {
    #[cfg_attr(not(feature = "redb"), expect(unused_mut, reason = "the other kind is off"))]
    let mut dbs = vec![(db(), None)];
    #[cfg(feature = "redb")]
    {
        let folder = tempfile::tempdir().unwrap();
        dbs.push((Db::new(Arc::new(files::open(folder.path()).unwrap()), clock()), Some(folder)));
    }
    dbs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_conforms() {
    conformance::all(memory).await;
}

#[cfg(feature = "redb")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redb_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    conformance::all(|| {
        count.set(count.get() + 1);
        let path = folder.path().join(format!("{}.redb", count.get()));
        Arc::new(super::Redb::open(path, super::redb::Options::default(), clock()).unwrap())
    })
    .await;
}
