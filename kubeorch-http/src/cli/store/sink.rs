//! Where an export goes: a file that was not there, or stdout.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kubeorch_core::store::export::Error;

use super::stands_for_a_stream;
use crate::cli::failure::Failure;
use crate::cli::output::Terminal;

/// An open output, kept by the command while its writer is at work on another thread.
pub(super) struct Sink {
    file: Option<(PathBuf, File)>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    bytes: AtomicU64,
    left: AtomicBool,
}

impl Sink {
    /// Opens it. A file that is made is its owner's alone, like the store.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if stands_for_a_stream(path) {
            return Ok(Self { file: None, seen: Arc::default() });
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Ok(Self { file: Some((path.to_owned(), file)), seen: Arc::default() }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let message = format!("{} is there already", path.display());
                Err(Failure::usage(message).hint("Choose a file that is not there."))
            }
            Err(error) => Err(Failure::usage(format!("{}: {error}", path.display()))),
        }
    }

    /// What to write into.
    pub(super) fn writer(&self, terminal: &mut Terminal) -> Result<Writer, Failure> {
        let output: Box<dyn Write + Send> = match &self.file {
            Some((path, file)) => Box::new(file.try_clone().map_err(|error| failed(path, &error))?),
            None => Box::new(terminal.pipe()),
        };
        Ok(Writer { output, seen: self.seen.clone() })
    }

    /// Waits until the disk has it, and tells the bytes.
    pub(super) fn finish(&self) -> Result<u64, Failure> {
        if let Some((path, file)) = &self.file {
            file.sync_all().map_err(|error| failed(path, &error))?;
        }
        Ok(self.seen.bytes.load(Ordering::Relaxed))
    }

    /// Whether whoever read stdout went away (`| head`).
    pub(super) fn reader_left(&self) -> bool {
        self.file.is_none() && self.seen.left.load(Ordering::Relaxed)
    }

    /// Removes half a file.
    pub(super) fn discard(self) {
        if let Some((path, _)) = self.file {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let reason = Error::Io(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
    kubeorch_core::Error::from(reason).into()
}

/// The writing half.
pub(super) struct Writer {
    output: Box<dyn Write + Send>,
    seen: Arc<Seen>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.output.write(bytes) {
            Ok(written) => {
                self.seen.bytes.fetch_add(written as u64, Ordering::Relaxed);
                Ok(written)
            }
            Err(error) => {
                self.seen.left.store(error.kind() == ErrorKind::BrokenPipe, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
