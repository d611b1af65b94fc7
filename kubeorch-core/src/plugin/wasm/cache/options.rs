//! Where compiled code is kept.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::time::{Clock, SystemClock};

/// Bytes that the cache takes at most: a hundred plugins like the core one.
const SIZE: u64 = 256 * 1024 * 1024;

/// Where compiled code is kept, and how much of it.
#[derive(Clone)]
pub struct CacheOptions {
    pub(super) folder: PathBuf,
    pub(super) key: PathBuf,
    pub(super) size: u64,
    pub(super) clock: Arc<dyn Clock>,
}

impl CacheOptions {
    /// A folder of its own, made for its owner only if it is not there; it is not used if it belongs to somebody
    /// else or opens for others. The key lies beside it, as `FOLDER.key`, unless [`key`](Self::key) says otherwise.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let mut key = folder.clone().into_os_string();
        key.push(".key");
        Self { folder, key: key.into(), size: SIZE, clock: Arc::new(SystemClock) }
    }

    /// The file of the key that authenticates the code, 32 bytes, made at first use with mode 0600. Losing it costs
    /// a compilation of every plugin.
    #[must_use]
    pub fn key(mut self, file: impl Into<PathBuf>) -> Self {
        self.key = file.into();
        self
    }

    /// Bytes that it takes on disk at most; what was used least recently goes first. Default 256 MiB.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// The clock that tells what was used last. Default: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl fmt::Debug for CacheOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CacheOptions")
            .field("folder", &self.folder)
            .field("key", &self.key)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
