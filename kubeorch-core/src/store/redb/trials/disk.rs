//! A disk in memory that keeps what power loss keeps, and fails when it is told to.
//!
//! It behaves as a file behind the page cache of an operating system: reads see what was written, power loss keeps what was
//! flushed and any part of the rest. A flush that fails writes some of its pages and leaves all looking clean: they are shown
//! until the file is opened again, later flushes do not write them, and power loss takes them.

use std::io;
use std::sync::Arc;

use ::redb::StorageBackend;
use parking_lot::Mutex;

use super::super::Medium;
use super::script::Random;

/// A call that changed the disk.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Write(u64, Vec<u8>),
    Len(u64),
    Sync,
}

/// Which calls a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    Reads,
    /// Writes, flushes and changes of the length: a disk that is mounted read-only.
    Writes,
}

/// What fails: every call of its scope from a number on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) scope: Scope,
    /// The number of the first call that fails, counted in the scope from when the fault was set.
    pub(super) at: usize,
    /// How many calls fail; `usize::MAX` for all from then on.
    pub(super) times: usize,
    pub(super) kind: io::ErrorKind,
}

#[derive(Debug, Default)]
struct State {
    /// What power loss keeps for sure.
    durable: Vec<u8>,
    /// What reads see.
    cache: Vec<u8>,
    /// Since the last flush.
    pending: Vec<Call>,
    /// Every call since the beginning, when it is wanted.
    log: Option<Vec<Call>>,
    fault: Option<Fault>,
    calls: usize,
    failed: usize,
}

/// The disk. A clone is the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// With these bytes on it.
    pub(super) fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { durable: image.clone(), cache: image, ..State::default() })))
    }

    /// From now on it remembers all calls.
    pub(super) fn logged(self) -> Self {
        self.0.lock().log = Some(Vec::new());
        self
    }

    /// For a store.
    pub(super) fn medium(&self) -> Medium {
        let disk = self.clone();
        let open = move || {
            disk.0.lock().forget();
            Ok(Box::new(disk.clone()) as Box<dyn StorageBackend>)
        };
        Medium { open: Box::new(open), free: Box::new(|| Ok(u64::MAX)) }
    }

    /// From now on this fails; `None` heals.
    pub(super) fn fail(&self, fault: Option<Fault>) {
        let mut state = self.0.lock();
        (state.fault, state.calls, state.failed) = (fault, 0, 0);
    }

    /// How many calls of the fault's scope there were since [`Self::fail`], and how many of them failed.
    pub(super) fn calls(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.calls, state.failed)
    }

    /// How many calls the log has.
    pub(super) fn position(&self) -> usize {
        self.0.lock().log.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn take_log(&self) -> Vec<Call> {
        self.0.lock().log.take().unwrap_or_default()
    }

    /// What a sudden loss of power leaves when nothing that was not flushed survives.
    pub(super) fn durable(&self) -> Vec<u8> {
        self.0.lock().durable.clone()
    }
}

impl State {
    fn spend(&mut self, kind: Scope) -> io::Result<()> {
        if self.fault.is_some_and(|fault| fault.scope != Scope::All && fault.scope != kind) {
            return Ok(());
        }
        let number = self.calls;
        self.calls += 1;
        match self.fault {
            Some(fault) if number >= fault.at && self.failed < fault.times => {
                self.failed += 1;
                Err(fault.kind.into())
            }
            _ => Ok(()),
        }
    }

    fn did(&mut self, call: Call) {
        apply(&mut self.cache, &call);
        if let Some(log) = &mut self.log {
            log.push(call.clone());
        }
        self.pending.push(call);
    }

    /// Opening the file again drops pages that look clean and are not on the disk.
    fn forget(&mut self) {
        self.cache.clone_from(&self.durable);
        for call in &self.pending {
            apply(&mut self.cache, call);
        }
    }
}

/// Does to an image what a call does.
pub(super) fn apply(image: &mut Vec<u8>, call: &Call) {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    match call {
        Call::Write(offset, data) => {
            let end = size(*offset) + data.len();
            if image.len() < end {
                image.resize(end, 0);
            }
            image[size(*offset)..end].copy_from_slice(data);
        }
        Call::Len(len) => image.resize(size(*len), 0),
        Call::Sync => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().cache.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        state.spend(Scope::Reads)?;
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.cache.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        state.spend(Scope::Writes)?;
        state.did(Call::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        let pending = std::mem::take(&mut state.pending);
        if let Err(error) = state.spend(Scope::Writes) {
            // Some pages reached the disk before the one that failed.
            let mut random = Random::new(state.calls as u64);
            for call in pending.iter().filter(|_| random.below(2) == 0) {
                apply(&mut state.durable, call);
            }
            return Err(error);
        }
        for call in &pending {
            apply(&mut state.durable, call);
        }
        if let Some(log) = &mut state.log {
            log.push(Call::Sync);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        state.spend(Scope::Writes)?;
        state.did(Call::Write(offset, data.to_vec()));
        Ok(())
    }
}
