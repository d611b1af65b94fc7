//! Writing a store as text: a copy that any backend and any later release reads, and that people can search.

use std::io::{self, Write};
use std::ops::Bound;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::import::check_import;
use super::lines::{EndLine, EventLine, FORMAT, Header, NumberLine, RecordLine, Rows, StreamLine};
use super::lines::{json, tables, to_text};
use super::reader::as_slice;
use super::{Db, Reader, Schema, Seq, verify};
use crate::error::{Code, Describe, codes};
use crate::graph::Hash;

/// Rows that are read at once; a row may be large.
const ROWS: usize = 16;
const EVENTS: usize = 256;

/// Why there is no whole export. What was written has no end line, so nobody takes it for one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output failed.
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The store failed, or holds something that this release does not know.
    #[error(transparent)]
    Store(#[from] super::Error),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Io(_) => codes::STORE_DESTINATION,
            Self::Store(error) => error.code(),
        }
    }
}

/// What an export contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Records, counters and guards.
    pub rows: u64,
    /// Events that were not trimmed.
    pub events: u64,
    /// The newest event.
    pub seq: Seq,
    /// Of all lines before the last, 64 hex digits.
    pub sha256: String,
}

impl Db {
    /// Writes one view of the store as JSON lines, with the same memory for a store of any size. Give it a buffered
    /// writer; it flushes at the end. What is sealed stays sealed, so an import needs the same encryption key; hashes of
    /// passwords and all else are there to read: keep it as you keep the store. Blocks the thread for as long as it takes, and pins the pages of its view.
    pub fn export(&self, schema: &Schema, output: impl Write) -> Result<Exported, Error> {
        self.read(|reader| {
            let mut out = Out { output, sum: Sha256::new(), line: Vec::new(), rows: 0, events: 0 };
            let header = Header {
                format: FORMAT,
                release: env!("CARGO_PKG_VERSION").to_owned(),
                seq: reader.seq().0,
                trimmed: reader.trimmed().0,
                created: self.clock().now().as_millis(),
            };
            check_import(reader)?;
            strangers(reader, schema)?;
            out.line(&header)?;
            for rows in tables(schema) {
                out.table(reader, rows)?;
            }
            out.streams(reader)?;
            out.log(reader)?;
            out.end(reader.seq())
        })
    }
}

/// A table that no type knows would be missing without a word.
fn strangers(reader: &Reader<'_>, schema: &Schema) -> Result<(), super::Error> {
    match verify::strangers(reader, schema)?.first() {
        Some(table) => Err(super::Error::Damaged {
            what: format!("the table {table}"),
            reason: "no type of this release knows it".to_owned(),
        }),
        None => Ok(()),
    }
}

struct Out<W> {
    output: W,
    sum: Sha256,
    line: Vec<u8>,
    rows: u64,
    events: u64,
}

impl<W: Write> Out<W> {
    fn line(&mut self, line: &impl Serialize) -> Result<(), Error> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line).map_err(io::Error::from)?;
        self.line.push(b'\n');
        self.sum.update(&self.line);
        Ok(self.output.write_all(&self.line)?)
    }

    fn table(&mut self, reader: &Reader<'_>, rows: Rows<'_>) -> Result<(), Error> {
        let mut from = Bound::Unbounded;
        loop {
            let some = reader.range(rows.table(), as_slice(&from), Bound::Unbounded, false, ROWS)?;
            for (key, value) in &some {
                self.row(rows, key, value)?;
                self.rows += 1;
            }
            let Some((last, _)) = some.into_iter().next_back() else { return Ok(()) };
            from = Bound::Excluded(last);
        }
    }

    fn row(&mut self, rows: Rows<'_>, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let (table, key) = (rows.table().0.to_owned(), to_text(key));
        let what = || format!("the row {key} of {table}");
        let empty = || super::Error::Damaged { what: what(), reason: "it is cut short".to_owned() };
        match rows {
            Rows::Records(_) => {
                let (&schema, bytes) = value.split_first().ok_or_else(empty)?;
                let value = json(bytes, what)?;
                self.line(&RecordLine { table, key, schema, value })
            }
            Rows::Numbers(_) => {
                let bytes = value.try_into().map_err(|_| empty())?;
                self.line(&NumberLine { table, key, number: u64::from_be_bytes(bytes) })
            }
        }
    }

    /// Streams with events need no line: their events tell.
    fn streams(&mut self, reader: &Reader<'_>) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let some = reader.snapshot.streams(after.as_deref(), EVENTS)?;
            for (stream, counted) in &some {
                if reader.stream(stream, counted - 1, 1)?.is_empty() {
                    self.line(&StreamLine { stream: stream.clone(), counted: *counted })?;
                }
            }
            let Some((last, _)) = some.into_iter().next_back() else { return Ok(()) };
            after = Some(last);
        }
    }

    fn log(&mut self, reader: &Reader<'_>) -> Result<(), Error> {
        let mut after = reader.trimmed();
        loop {
            let some = reader.snapshot.events(after, EVENTS)?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.seq;
            for it in some {
                let payload = json(&it.payload, || format!("event {}", it.seq.0))?;
                let (event, number, stream, kind) = (it.seq.0, it.stream_seq, it.stream, it.kind);
                self.line(&EventLine { event, stream, number, at: it.at, kind, payload })?;
                self.events += 1;
            }
        }
    }

    fn end(mut self, seq: Seq) -> Result<Exported, Error> {
        let sha256 = Hash::from(<[u8; 32]>::from(std::mem::take(&mut self.sum).finalize())).to_string();
        let (rows, events) = (self.rows, self.events);
        self.line(&EndLine { rows, events, sha256: sha256.clone() })?;
        self.output.flush()?;
        Ok(Exported { rows, events, seq, sha256 })
    }
}
