//! `import`: a data directory's store from an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::store::import::Imported;
use kubeorch_core::store::{Db, Redb, redb};
use kubeorch_core::time::SystemClock;
use serde_json::json;
use tokio::runtime::Handle;

use super::place::Place;
use super::stands_for_a_stream;
use super::work::{Tell, work};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};

/// Imports beside the data directory's store, and puts the result in place when everything was checked.
pub(crate) async fn import(args: &args::Import, terminal: &mut Terminal) -> Outcome {
    let input: Box<dyn Read + Send> = if stands_for_a_stream(&args.file) {
        Box::new(io::stdin())
    } else {
        let file = File::open(&args.file);
        Box::new(file.map_err(|error| Failure::usage(format!("{}: {error}", args.file.display())))?)
    };
    let place = Place::prepare(&args.place, args.force)?;
    let began = Instant::now();
    let made = place.beside("importing");
    let imported = work(terminal, "imported", {
        let (made, runtime) = (made.clone(), Handle::current());
        move |tell| {
            let input = BufReader::new(Watched { input, bytes: 0, tell });
            fill(&made, input, &runtime).inspect_err(|_| {
                let _ = std::fs::remove_file(&made);
            })
        }
    })
    .await?;
    place.put(&made, terminal)?;
    let (rows, events, took) = (imported.rows, imported.events, seconds(began.elapsed()));
    let value = json!({
        "rows": rows, "events": events, "seq": imported.seq.0, "release": imported.release,
        "rewritten": imported.rewritten,
    });
    terminal.data(&document(args.output, &value).unwrap_or_else(|| {
        let release = &imported.release;
        format!(
            "Imported {rows} rows and {events} events, written by release {release}, into {} in {took}\n",
            place.dir.display()
        )
    }))?;
    Ok(exit::OK)
}

fn fill(made: &Path, input: impl BufRead + Send, runtime: &Handle) -> Result<Imported, Failure> {
    let store = Redb::open(made, redb::Options::default(), Arc::new(SystemClock))
        .map_err(kubeorch_core::Error::from)?;
    let db = Db::new(Arc::new(store), Arc::new(SystemClock));
    let imported = runtime.block_on(db.import(&kubeorch_core::schema(), input));
    Ok(imported.map_err(kubeorch_core::Error::from)?)
}

/// An input that tells how much of it was read, and ends when nobody wants the rest.
struct Watched<R> {
    input: R,
    bytes: u64,
    tell: Tell,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.bytes += read as u64;
        match (self.tell)(self.bytes) {
            ControlFlow::Continue(()) => Ok(read),
            ControlFlow::Break(()) => Err(io::Error::other("interrupted")),
        }
    }
}
