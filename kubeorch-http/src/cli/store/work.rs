//! Blocking work beside the terminal: its progress is shown, and Ctrl-C ends it in order.

use std::ops::ControlFlow;

use tokio::sync::mpsc::{self, error::TrySendError};

use super::Size;
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::output::Terminal;
use crate::cli::signals::Signals;

/// Bytes between two lines about the progress.
const TELL: u64 = 128 << 20;

/// Takes how many bytes are done so far. An answer of `Break` means that nobody wants the rest.
pub(super) type Tell = Box<dyn FnMut(u64) -> ControlFlow<()> + Send>;

/// Runs work on a thread that may block. `verb` stands behind the bytes: `12.0 MiB copied`.
///
/// A first Ctrl-C lets the work end at its next word and clean up after itself; its outcome is dropped then.
pub(super) async fn work<T: Send + 'static>(
    terminal: &mut Terminal,
    verb: &str,
    work: impl FnOnce(Tell) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let mut signals = Signals::listen()?;
    let (tell, mut told) = mpsc::channel(16);
    let work = tokio::task::spawn_blocking(move || work(teller(tell)));
    let stopped = loop {
        tokio::select! {
            bytes = told.recv() => match bytes {
                Some(bytes) => terminal.note(&format!("{} {verb}", Size(bytes))),
                None => break false,
            },
            () = signals.asked() => {
                terminal.note("Stopping …");
                break true;
            }
        }
    };
    drop(told);
    let done = work.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))?;
    match done {
        Err(_) if stopped => Err(Failure::new(exit::INTERRUPTED, "interrupted; nothing is left behind")),
        done => done,
    }
}

/// Passes on what is worth a line. A closed channel is somebody who left.
pub(super) fn teller(tell: mpsc::Sender<u64>) -> Tell {
    let mut told = 0;
    Box::new(move |bytes| {
        if tell.is_closed() {
            return ControlFlow::Break(());
        }
        if bytes < told + TELL {
            return ControlFlow::Continue(());
        }
        told = bytes;
        // Never waits: the work may run inside of another task, and a line about progress can be left out.
        match tell.try_send(bytes) {
            Err(TrySendError::Closed(_)) => ControlFlow::Break(()),
            Ok(()) | Err(TrySendError::Full(_)) => ControlFlow::Continue(()),
        }
    })
}
