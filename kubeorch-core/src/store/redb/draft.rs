//! The file of a copy that is being made. Until it is complete nobody needs it after a crash, so its commits do not wait for
//! the disk: each only begins to write what it changed, and the store's own flushes find no backlog and no rival.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ::redb::backends::FileBackend;
use ::redb::{BackendError, StorageBackend};
use parking_lot::Mutex;

use super::medium::{Medium, free_beside, private};

/// So many stretches are remembered between two commits; then they are one.
const STRETCHES: usize = 1024;

/// The file, over redb's own backend for files.
#[derive(Debug)]
struct Draft {
    below: FileBackend,
    file: File,
    /// What was written since the last commit: first byte and the one after the last.
    written: Mutex<Vec<(u64, u64)>>,
    whole: Arc<AtomicBool>,
}

/// A new file at `path`. Its commits reach the disk for certain once `whole` is set.
pub(super) fn medium(path: &Path, whole: Arc<AtomicBool>) -> Medium {
    let (path, beside) = (path.to_owned(), path.to_owned());
    let open = move || -> io::Result<Box<dyn StorageBackend>> {
        let file = private(&path)?;
        let below = FileBackend::new(file.try_clone()?).map_err(io::Error::other)?;
        Ok(Box::new(Draft { below, file, written: Mutex::default(), whole: Arc::clone(&whole) }))
    };
    Medium { open: Box::new(open), free: Box::new(move || free_beside(&beside)) }
}

impl StorageBackend for Draft {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.below.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.whole.load(Relaxed) { self.below.sync_data() } else { begin(&self.file, &self.written) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.below.write(offset, data)?;
        let end = offset + data.len() as u64;
        let mut written = self.written.lock();
        let full = written.len() == STRETCHES;
        match written.last_mut() {
            Some(last) if last.1 == offset => last.1 = end,
            Some(last) if full => *last = (last.0.min(offset), last.1.max(end)),
            _ => written.push((offset, end)),
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.query_lock_range(start, end)
    }
}

/// Begins to write pages back, and waits for none. Of pages that are to be forgotten the kernel writes those that are
/// changed; that they leave its memory is as well, for nobody reads them soon.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn begin(file: &File, written: &Mutex<Vec<(u64, u64)>>) -> io::Result<()> {
    for (from, to) in written.lock().drain(..) {
        let length = std::num::NonZeroU64::new(to - from);
        // A file system that takes no advice has more to do at the end.
        let _ = rustix::fs::fadvise(file, from, length, rustix::fs::Advice::DontNeed);
    }
    Ok(())
}

/// Elsewhere nothing can be begun without waiting for it.
#[cfg(not(target_os = "linux"))]
fn begin(file: &File, written: &Mutex<Vec<(u64, u64)>>) -> io::Result<()> {
    written.lock().clear();
    file.sync_data()
}
