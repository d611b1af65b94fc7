//! How the commands about the store reach a server that has it open: a socket in the data directory.
//!
//! Whoever may open the socket may read the store's file as well, so it needs no other permission: it has mode 0600 and
//! lies in a directory that is its owner's alone. A request is one line of JSON, answered by lines: progress, then a
//! result or an error. Closing the connection cancels. There is one piece of work at a time; others are told to wait.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::store::{Db, Redb};
use kubeorch_core::time::SystemClock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};

use super::Size;
use super::{backup, verify};
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::output::Terminal;

/// The socket in the data directory.
const NAME: &str = "control.sock";
/// The longest request; it holds two paths.
const MAX_REQUEST: u64 = 64 << 10;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(crate) enum Request {
    /// Make a backup, in paths as the server sees them.
    Backup {
        destination: PathBuf,
        base: Option<PathBuf>,
        /// Bytes a second; 0 is no limit.
        rate: u64,
    },
    /// Check the store.
    Verify,
}

/// A line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// Bytes so far.
    Progress(u64),
    /// The end.
    Result(Value),
    /// The other end.
    Error { code: u8, message: String, hint: String },
}

/// A listening socket; it is gone when this is dropped.
pub(crate) struct Control {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Control {
    /// Listens in the data directory of an open store. The store's lock says that nobody else does.
    pub(crate) fn listen(dir: &Path, store: Arc<Redb>) -> std::io::Result<Self> {
        let path = dir.join(NAME);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let work = Arc::new(Semaphore::new(1));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, store.clone(), work.clone()));
            }
        });
        Ok(Self { path, task })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // Nobody can connect any more; the next server removes what is left.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, store: Arc<Redb>, work: Arc<Semaphore>) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(MAX_REQUEST));
    let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await else { return };
    let last = match (serde_json::from_str(&line), work.try_acquire()) {
        (Ok(request), Ok(_alone)) => {
            let done = perform(request, store, reader.into_inner().into_inner(), &mut write).await;
            done.map_or_else(Line::from, Line::Result)
        }
        (Ok(_), Err(_)) => {
            let busy = Failure::new(exit::STORE, "the server is at another backup or check");
            busy.hint("Try again when it is done.").into()
        }
        (Err(error), _) => {
            Failure::new(exit::FAILURE, format!("the server does not know this: {error}")).into()
        }
    };
    // A client that went away does not want its answer.
    let _ = send(&mut write, &last).await;
}

async fn send(write: &mut OwnedWriteHalf, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    write.write_all(&text).await
}

async fn perform(
    request: Request,
    store: Arc<Redb>,
    mut client: OwnedReadHalf,
    write: &mut OwnedWriteHalf,
) -> Result<Value, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(exit::FAILURE, error.to_string());
    match request {
        Request::Verify => {
            let report = verify::check(Db::new(store, Arc::new(SystemClock))).await?;
            serde_json::to_value(report).map_err(|error| failed(&error))
        }
        Request::Backup { destination, base, rate } => {
            tracing::info!(destination = %destination.display(), "making a backup");
            // Dropping the receiver, when the client is gone, cancels the work at its next piece.
            let (tell, mut told) = mpsc::channel(16);
            let work = tokio::task::spawn_blocking(move || {
                backup::make(&store, base.as_deref(), &destination, Size(rate), |bytes| {
                    match tell.blocking_send(bytes) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                })
            });
            let mut byte = [0];
            loop {
                tokio::select! {
                    bytes = told.recv() => match bytes {
                        Some(bytes) if send(write, &Line::Progress(bytes)).await.is_ok() => {}
                        _ => break,
                    },
                    // Nothing is sent after the request: an end or an error is a client that is gone.
                    _ = client.read(&mut byte) => break,
                }
            }
            drop(told);
            let manifest = work.await.map_err(|error| failed(&error))?;
            let manifest = manifest.map_err(kubeorch_core::Error::from)?;
            serde_json::to_value(manifest).map_err(|error| failed(&error))
        }
    }
}

impl From<Failure> for Line {
    fn from(Failure { code, message, hint, .. }: Failure) -> Self {
        Self::Error { code, message, hint }
    }
}

/// Asks the server that has the store of a data directory open, and shows its progress.
pub(crate) async fn ask<T: DeserializeOwned>(
    dir: &Path,
    request: &Request,
    terminal: &mut Terminal,
) -> Result<T, Failure> {
    let path = dir.join(NAME);
    let gone = |error: &dyn std::fmt::Display| {
        let message =
            format!("the program that has the store open cannot be asked at {}: {error}", path.display());
        Failure::new(exit::STORE, message).hint("Stop it, and repeat this.")
    };
    let stream = UnixStream::connect(&path).await.map_err(|error| gone(&error))?;
    let (read, mut write) = stream.into_split();
    let mut text = serde_json::to_vec(request).map_err(|error| gone(&error))?;
    text.push(b'\n');
    write.write_all(&text).await.map_err(|error| gone(&error))?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| gone(&error))? {
        match serde_json::from_str(&line).map_err(|error| gone(&error))? {
            Line::Progress(bytes) => terminal.note(&format!("{} copied", Size(bytes))),
            Line::Result(value) => return serde_json::from_value(value).map_err(|error| gone(&error)),
            Line::Error { code, message, hint } => return Err(Failure::new(code, message).hint(hint)),
        }
    }
    Err(gone(&"it stopped in the middle"))
}
