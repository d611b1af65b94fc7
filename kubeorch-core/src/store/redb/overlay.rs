//! Reading from a disk that takes no writes.
//!
//! redb writes to a file whenever it opens it. This layer lets it: what is written stays in memory, over the bytes below,
//! and is gone when the file is closed. Nothing is committed through it, so that is a few blocks.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;

use ::redb::{BackendError, StorageBackend};
use parking_lot::Mutex;

use super::pages::SIZE;

/// The layer, over bytes that are only read.
#[derive(Debug)]
pub(super) struct Overlay {
    below: Box<dyn StorageBackend>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    len: usize,
    /// How many of the bytes below still count; the file may have been cut and have grown again.
    kept: usize,
    written: BTreeMap<usize, Vec<u8>>,
}

impl Overlay {
    pub(super) fn new(below: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = size(below.len()?)?;
        let state = State { len, kept: len, written: BTreeMap::new() };
        Ok(Self { below, state: Mutex::new(state) })
    }

    fn block(&self, state: &State, number: usize) -> io::Result<Vec<u8>> {
        if let Some(written) = state.written.get(&number) {
            return Ok(written.clone());
        }
        let mut block = vec![0; SIZE];
        let from = number * SIZE;
        let there = state.kept.saturating_sub(from).min(SIZE);
        self.below.read(from as u64, &mut block[..there])?;
        Ok(block)
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().len as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock();
        let from = size(offset)?;
        if from + out.len() > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = from + out.len();
        if end <= state.kept && state.written.range(from / SIZE..end.div_ceil(SIZE)).next().is_none() {
            // Nothing is known here; readers need not wait for each other.
            drop(state);
            return self.below.read(offset, out);
        }
        for (number, at, len) in parts(from, out.len()) {
            let block = self.block(&state, number)?;
            let start = (from + at) % SIZE;
            out[at..at + len].copy_from_slice(&block[start..start + len]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let len = size(len)?;
        state.kept = state.kept.min(len);
        state.written.split_off(&len.div_ceil(SIZE));
        if let Some(last) = state.written.get_mut(&(len / SIZE)) {
            last[len % SIZE..].fill(0);
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        let from = size(offset)?;
        for (number, at, len) in parts(from, data.len()) {
            let mut block = self.block(&state, number)?;
            let start = (from + at) % SIZE;
            block[start..start + len].copy_from_slice(&data[at..at + len]);
            state.written.insert(number, block);
        }
        state.len = state.len.max(from + data.len());
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        unless_read_only(self.below.try_lock_range(start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        unless_read_only(self.below.try_lock_shared_range(start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        unless_read_only(self.below.lock_range(start, end))
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        unless_read_only(self.below.lock_shared_range(start, end))
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        unless_read_only(self.below.unlock_range(start, end))
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        unless_read_only(self.below.query_lock_range(start, end))
    }
}

/// A file that was opened for reading alone cannot be locked against others; what nobody can write needs no lock.
fn unless_read_only<T>(answer: Result<T, BackendError>) -> Result<T, BackendError> {
    answer.map_err(|_| BackendError::Unsupported)
}

fn size(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(io::Error::other)
}

/// Number of the block, place in the request and length of each part of a request.
fn parts(from: usize, len: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        (at < len).then(|| {
            let here = from + at;
            let part = (SIZE - here % SIZE).min(len - at);
            at += part;
            (here / SIZE, at - part, part)
        })
    })
}
