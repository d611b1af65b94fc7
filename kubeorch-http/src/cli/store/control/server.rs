//! The server's end: it works for one client at a time, and stops when that one leaves.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::store::{Db, Redb};
use kubeorch_core::time::SystemClock;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};

use super::{Line, NAME, Request};
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::store::work::teller;
use crate::cli::store::{Size, backup, export, verify};

/// The longest request; it holds two paths.
const MAX_REQUEST: u64 = 64 << 10;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may take to read a line: work that waits for it keeps old pages of the store.
const STALLED: Duration = Duration::from_mins(1);
/// Bytes of text in a line, or one row of the store where that is longer.
const PIECE: usize = 64 << 10;

/// A listening socket; it is gone when this is dropped.
pub(crate) struct Control {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Control {
    /// Listens in the data directory of an open store. The store's lock says that nobody else does.
    pub(crate) fn listen(dir: &Path, store: Arc<Redb>, engine: &Engine) -> io::Result<Self> {
        let path = dir.join(NAME);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let work = Arc::new(Semaphore::new(1));
        let engine = engine.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, store.clone(), engine.clone(), work.clone()));
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

async fn answer(stream: UnixStream, store: Arc<Redb>, engine: Engine, work: Arc<Semaphore>) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(MAX_REQUEST));
    let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await else { return };
    let client = reader.into_inner().into_inner();
    let done = match serde_json::from_str(&line) {
        Ok(request) => {
            // Plugins and sweeps have queues of their own, and a backup may take an hour.
            let own = matches!(request, Request::Plugin { .. } | Request::Retain);
            let alone = (!own).then(|| work.try_acquire()).transpose();
            match alone {
                Ok(_alone) => perform(request, store, &engine, client, &mut write).await,
                Err(_) => Err(Failure::new(exit::STORE, "the server is at another backup, check or export")
                    .hint("Try again when it is done.")),
            }
        }
        Err(error) => Err(Failure::new(exit::FAILURE, format!("the server does not know this: {error}"))),
    };
    let last = done.map_or_else(Line::from, Line::Result);
    // A client that went away does not want its answer.
    let _ = send(&mut write, &last).await;
}

async fn send(write: &mut OwnedWriteHalf, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    write.write_all(&text).await
}

async fn perform(
    request: Request,
    store: Arc<Redb>,
    engine: &Engine,
    client: OwnedReadHalf,
    write: &mut OwnedWriteHalf,
) -> Result<Value, Failure> {
    match request {
        Request::Verify => {
            let report = verify::check(Db::new(store, Arc::new(SystemClock))).await?;
            serde_json::to_value(report).map_err(|error| failed(&error))
        }
        Request::Backup { destination, base, rate } => {
            tracing::info!(destination = %destination.display(), "making a backup");
            relay(client, write, move |tell| {
                backup::make(&store, base.as_deref(), &destination, Size(rate), teller(tell))
                    .map_err(kubeorch_core::Error::from)
            })
            .await
        }
        Request::Plugin { change } => {
            let rows = change.perform(engine.plugins()).await?;
            serde_json::to_value(rows).map_err(|error| failed(&error))
        }
        Request::Retain => {
            let report = engine.retention().sweep(&Actor::System).await?;
            serde_json::to_value(report).map_err(|error| failed(&error))
        }
        Request::Export => {
            tracing::info!("exporting the store");
            relay(client, write, move |tell| {
                let db = Db::new(store, Arc::new(SystemClock));
                export::make(&db, Pieces { text: Vec::new(), tell }).map_err(kubeorch_core::Error::from)
            })
            .await
        }
    }
}

/// Runs blocking work and sends what it tells. Dropping the receiver, when the client is gone, cancels the work at its
/// next piece.
async fn relay<T: Into<Line> + Send + 'static, R: Serialize + Send + 'static>(
    mut client: OwnedReadHalf,
    write: &mut OwnedWriteHalf,
    work: impl FnOnce(mpsc::Sender<T>) -> Result<R, kubeorch_core::Error> + Send + 'static,
) -> Result<Value, Failure> {
    let (tell, mut told) = mpsc::channel::<T>(16);
    let work = tokio::task::spawn_blocking(move || work(tell));
    let mut byte = [0];
    loop {
        tokio::select! {
            line = told.recv() => {
                let Some(line) = line else { break };
                let sent = tokio::time::timeout(STALLED, send(write, &line.into())).await;
                if !matches!(sent, Ok(Ok(()))) {
                    break;
                }
            }
            // Nothing is sent after the request: an end or an error is a client that is gone.
            _ = client.read(&mut byte) => break,
        }
    }
    drop(told);
    let done = work.await.map_err(|error| failed(&error))??;
    serde_json::to_value(done).map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(exit::FAILURE, error.to_string())
}

/// An output that sends whole lines of text.
struct Pieces {
    text: Vec<u8>,
    tell: mpsc::Sender<String>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// Keeps a line that is not whole.
    fn flush(&mut self) -> io::Result<()> {
        let Some(end) = self.text.iter().rposition(|&byte| byte == b'\n') else { return Ok(()) };
        let rest = self.text.split_off(end + 1);
        let text = String::from_utf8(std::mem::replace(&mut self.text, rest)).map_err(io::Error::other)?;
        self.tell.blocking_send(text).map_err(|_| io::Error::from(ErrorKind::BrokenPipe))
    }
}
