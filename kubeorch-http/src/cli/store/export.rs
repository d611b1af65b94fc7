//! `export`: a store as lines of JSON, for reading, searching and moving.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::store::{Db, Error, Redb, export, redb};
use kubeorch_core::time::SystemClock;
use serde::{Deserialize, Serialize};

use super::sink::Sink;
use super::work::{Tell, work};
use super::{Size, data_dir, present, stands_for_a_stream};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Summary {
    rows: u64,
    events: u64,
    /// The newest event.
    seq: u64,
    sha256: String,
}

/// Exports, or has the server do it that has the store open.
pub(crate) async fn export(args: &args::Export, terminal: &mut Terminal) -> Outcome {
    let dir = data_dir(&args.place)?;
    let file = present(&dir)?;
    let began = Instant::now();
    let opened = tokio::task::spawn_blocking(move || {
        Redb::open(&file, redb::Options::default(), Arc::new(SystemClock))
    });
    let opened = opened.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))?;
    let sink = Sink::open(&args.file)?;
    let mut output = sink.writer(terminal)?;
    let done = match opened {
        Ok(store) => work(terminal, "exported", move |tell| write(store, output, tell)).await,
        #[cfg(unix)]
        Err(Error::Locked(_)) => {
            terminal.note("A server has the store open and exports it itself.");
            let take = move |text: &str| output.write_all(text.as_bytes());
            super::control::ask_for_text(&dir, &super::control::Request::Export, terminal, take).await
        }
        Err(error) => Err(kubeorch_core::Error::from(error).into()),
    };
    let done = match done.and_then(|summary| sink.finish().map(|bytes| (summary, bytes))) {
        Ok(done) => done,
        Err(_) if sink.reader_left() => {
            return Err(Failure::new(exit::FAILURE, "whoever read the export went away before its end"));
        }
        Err(failure) => {
            sink.discard();
            return Err(failure);
        }
    };
    report(args, &done, began, terminal)
}

fn report(
    args: &args::Export,
    (summary, bytes): &(Summary, u64),
    began: Instant,
    terminal: &mut Terminal,
) -> Outcome {
    let Summary { rows, events, .. } = summary;
    let (size, took) = (Size(*bytes), seconds(began.elapsed()));
    let told = format!("Exported {rows} rows and {events} events, {size} in {took}");
    if stands_for_a_stream(&args.file) {
        terminal.note(&told);
        return Ok(exit::OK);
    }
    let text =
        document(args.output, summary).unwrap_or_else(|| format!("{told}, to {}\n", args.file.display()));
    terminal.data(&text)?;
    Ok(exit::OK)
}

fn write(store: Redb, output: impl Write, tell: Tell) -> Result<Summary, Failure> {
    let db = Db::new(Arc::new(store), Arc::new(SystemClock));
    Ok(make(&db, Told { output, bytes: 0, tell }).map_err(kubeorch_core::Error::from)?)
}

/// Exports an open store. Blocks the thread.
pub(super) fn make(db: &Db, output: impl Write) -> Result<Summary, export::Error> {
    let export::Exported { rows, events, seq, sha256 } =
        db.export(&kubeorch_core::schema(), BufWriter::with_capacity(64 << 10, output))?;
    Ok(Summary { rows, events, seq: seq.0, sha256 })
}

/// An output that tells how much was written, and fails when nobody wants the rest.
struct Told<W> {
    output: W,
    bytes: u64,
    tell: Tell,
}

impl<W: Write> Write for Told<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.bytes += written as u64;
        match (self.tell)(self.bytes) {
            ControlFlow::Continue(()) => Ok(written),
            ControlFlow::Break(()) => Err(io::Error::other("interrupted")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
