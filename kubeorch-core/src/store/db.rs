//! The handle that domains hold.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};

use super::feed::Feed;
use super::reader::Reader;
use super::tx::{Pending, Tx};
use super::{Batch, Error, Seq, Store};
use crate::time::Clock;

/// After so many conflicts a writer waits for its turn among the other unlucky ones.
const POLITE_AFTER: usize = 4;
/// After so many conflicts a writer gives up with [`Error::Busy`].
const TRIES: usize = 64;

/// Typed access to a [`Store`]. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    turn: Arc<Mutex<()>>,
}

impl Db {
    /// Over a backend and the clock that dates leases and [`Tx::now`].
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, turn: Arc::new(Mutex::new(())) }
    }

    /// Reads a consistent view. Cheap enough to call on a runtime worker, except for long walks.
    pub fn read<R, E: From<Error>>(&self, read: impl FnOnce(&Reader<'_>) -> Result<R, E>) -> Result<R, E> {
        read(&Reader::new(self.store.snapshot()?, Pending::default()))
    }

    /// Runs a transaction: whole or not at all, durable when it answers, with the number of its last event.
    ///
    /// The closure runs again on a fresh view whenever something it read changed meanwhile, so it must not
    /// have effects of its own. After 64 conflicts the answer is [`Error::Busy`]. A transaction that writes
    /// nothing is only a read. Dropping the future does not take back a commit that is on its way.
    pub async fn write<R, E, F>(&self, mut write: F) -> Result<(R, Seq), E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send,
        R: Send,
        E: From<Error>,
    {
        let mut turn = None;
        for attempt in 0..TRIES {
            if attempt == POLITE_AFTER {
                turn = Some(self.turn.lock().await);
            }
            let (result, seq, batch) = self.attempt(&mut write)?;
            let Some(batch) = batch else { return Ok((result, seq)) };
            match self.store.commit(batch).await {
                Ok(seq) => return Ok((result, seq)),
                Err(Error::Conflict { .. }) => tokio::task::yield_now().await,
                Err(error) => return Err(error.into()),
            }
        }
        drop(turn);
        Err(Error::Busy.into())
    }

    fn attempt<R, E: From<Error>>(
        &self,
        write: &mut impl FnMut(&mut Tx<'_>) -> Result<R, E>,
    ) -> Result<(R, Seq, Option<Batch>), E> {
        let reader = Reader::new(self.store.snapshot()?, Pending::tracking());
        let mut tx = Tx { reader, now: self.clock.now() };
        let result = write(&mut tx)?;
        let seq = tx.seq();
        Ok((result, seq, tx.reader.pending.into_inner().into_batch()))
    }

    /// Follows the events after `after`, all of them or only those of streams that start with `prefix`.
    pub fn feed(&self, after: Seq, prefix: Option<&str>) -> Feed {
        Feed::new(self.store.clone(), after, prefix.map(str::to_owned))
    }

    /// The number of the newest event; changes wake the waiter.
    pub fn head(&self) -> watch::Receiver<Seq> {
        self.store.head()
    }

    /// The backend below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The clock of this handle.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
