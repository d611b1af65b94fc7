//! Reading an export back into an empty store.
//!
//! Everything is checked: each line, that none is missing, that rows are what their types call legal, and at the end the
//! whole store. Until then a mark in it keeps an engine from taking half of an import for a store.

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lines::{EndLine, FORMAT, Header, Line, NumberLine, RecordLine, Rows, from_text, tables};
use super::rewrite::{Cursor, Rewritten};
use super::verify::Fault;
use super::{Batch, Db, Event, History, Query, Reader, Record, Schema, Seq, Table, Write};
use crate::error::{Code, Describe, codes};
use crate::graph::Hash;
use crate::time::Time;

/// Limits of one transaction. Nobody else waits for a store that is being filled.
const ROWS: usize = 2048;
const BYTES: usize = 4 << 20;
/// Longest line in bytes: what a store takes in one batch, twice over.
const LINE: u64 = 2 * Batch::MAX_BYTES as u64;

/// Why nothing usable was imported. The store that was read into is no longer empty and cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input failed.
    #[error("the export cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is wrong.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer release wrote it.
    #[error("line {line} was written by a newer release of this program")]
    Newer {
        /// From 1.
        line: u64,
    },
    /// It ends before its end.
    #[error("the export is cut short after line {line}")]
    Cut {
        /// The last line that is there.
        line: u64,
    },
    /// Lines were changed: the checksum or the counts at the end are others.
    #[error("the export was changed after it was written: {0}")]
    Changed(String),
    /// The store has content already; nothing was written.
    #[error("the store to import into is not empty")]
    NotEmpty,
    /// It was read whole, and what it says is no sound store.
    #[error("the export holds {} faults, the first in {}: {}", .0.len(), .0[0].place, .0[0].what)]
    Unsound(Vec<Fault>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] super::Error),
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Io(_) => codes::STORE_UNAVAILABLE,
            Self::Newer { .. } => codes::STORE_NEWER,
            Self::NotEmpty => codes::STORE_NOT_EMPTY,
            Self::Line { .. } | Self::Cut { .. } | Self::Changed(_) | Self::Unsound(_) => {
                codes::STORE_EXPORT_INVALID
            }
            Self::Store(error) => error.code(),
        }
    }
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Records, counters and guards.
    pub rows: u64,
    /// Events.
    pub events: u64,
    /// The newest event.
    pub seq: Seq,
    /// The release that wrote the export.
    pub release: String,
    /// Records of older schemas that were rewritten.
    pub rewritten: u64,
}

/// The mark of an import that has not ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Import {
    started: Time,
}

impl Record for Import {
    const TABLE: Table = Table("_imports");
    type Key = ();

    fn key(&self) {}
}

impl Db {
    /// Reads an export into this store, which must be empty: events keep their numbers, streams go on counting. Memory is
    /// bounded by the longest line and a batch. Blocks the thread while it reads and while it verifies.
    pub async fn import(&self, schema: &Schema, input: impl BufRead + Send) -> Result<Imported, Error> {
        self.begin_import().await?;
        let mut lines = Lines { input, line: Vec::new(), number: 0, sum: Sha256::new() };
        let header = lines.header()?;
        let mut import = Loader::new(self, schema, &header);
        let end = loop {
            lines.next()?;
            match Line::parse(&lines.line).map_err(|error| lines.wrong(error))? {
                Line::End(end) => break end,
                line => import.take(line).map_err(|refusal| lines.at(refusal))?,
            }
            lines.sum();
            if import.is_full() {
                import.flush().await.map_err(|error| lines.stored(error))?;
            }
        };
        import.flush().await.map_err(|error| lines.stored(error))?;
        import.compare(&end, &mut lines)?;
        let rewritten = self.settle(schema, &header).await?;
        let (rows, events, seq) = (end.rows, end.events, Seq(header.seq));
        Ok(Imported { rows, events, seq, release: header.release, rewritten })
    }

    async fn begin_import(&self) -> Result<(), Error> {
        let started = self.clock().now();
        let begun = self.write(|tx| {
            let tables = tx.tables()?;
            if tx.seq() != Seq(0) || tables.iter().any(|table| table != Cursor::TABLE.0) {
                return Err(Error::NotEmpty);
            }
            Ok(tx.insert(&Import { started })?)
        });
        begun.await.map(|_| ())
    }

    /// Brings the rows to today's schemas, verifies everything and takes the mark away.
    async fn settle(&self, schema: &Schema, header: &Header) -> Result<u64, Error> {
        let head = self.read(|reader| Ok::<_, Error>(reader.seq().0))?;
        if head != header.seq {
            return Err(Error::Changed(format!("its log ends at {head}, its header says {}", header.seq)));
        }
        let done = self.rewrite(schema, |_| ControlFlow::Continue(())).await?;
        let (Rewritten::All(done) | Rewritten::Stopped(done)) = done;
        let faults = self.verify(schema)?;
        if !faults.is_empty() {
            return Err(Error::Unsound(faults));
        }
        self.write(|tx| tx.remove::<Import>(&())).await?;
        Ok(done.rewritten)
    }
}

/// Refuses a store into which an import did not end.
pub(super) fn check_import(reader: &Reader<'_>) -> Result<(), super::Error> {
    match reader.first(Query::<Import>::all())? {
        Some(_) => Err(super::Error::Damaged {
            what: "the store".to_owned(),
            reason: "an import into it did not end; import into a new one".to_owned(),
        }),
        None => Ok(()),
    }
}

/// Why a line is not taken.
enum Refusal {
    Newer,
    Wrong(String),
}

/// The lines of an input, counted and summed.
struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
    sum: Sha256,
}

impl<R: BufRead> Lines<R> {
    /// Reads the next line with its end; [`Error::Cut`] when the input ends, also within a line.
    fn next(&mut self) -> Result<(), Error> {
        self.line.clear();
        self.input.by_ref().take(LINE).read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            let long = self.line.len() as u64 == LINE;
            let cut = Error::Cut { line: self.number };
            return Err(if long { self.wrong(format!("the next is longer than {LINE} bytes")) } else { cut });
        }
        self.number += 1;
        Ok(())
    }

    /// Counts the line into the checksum.
    fn sum(&mut self) {
        self.sum.update(&self.line);
    }

    fn header(&mut self) -> Result<Header, Error> {
        self.next()?;
        let header: Header = serde_json::from_slice(&self.line)
            .map_err(|error| self.wrong(format!("it does not begin an export: {error}")))?;
        if header.format > FORMAT {
            return Err(Error::Newer { line: self.number });
        }
        self.sum();
        Ok(header)
    }

    fn wrong(&self, reason: impl ToString) -> Error {
        Error::Line { line: self.number, reason: reason.to_string() }
    }

    fn at(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Newer => Error::Newer { line: self.number },
            Refusal::Wrong(reason) => self.wrong(reason),
        }
    }

    /// A batch that the store refuses: its last line is this one.
    fn stored(&self, error: super::Error) -> Error {
        match error {
            super::Error::Damaged { reason, .. } => self.wrong(format!("up to here: {reason}")),
            error => Error::Store(error),
        }
    }
}

/// Turns lines into batches.
struct Loader<'a> {
    db: &'a Db,
    tables: Vec<Rows<'a>>,
    trimmed: Seq,
    batch: Batch,
    bytes: usize,
    /// Rows come by table and key, so that none comes twice.
    last: Option<(Table, Vec<u8>)>,
    rows: u64,
    events: u64,
}

impl<'a> Loader<'a> {
    fn new(db: &'a Db, schema: &'a Schema, header: &Header) -> Self {
        let trimmed = Seq(header.trimmed);
        let history = Some(History { trimmed, ..History::default() });
        let batch = Batch { history, ..Batch::default() };
        Self { db, tables: tables(schema), trimmed, batch, bytes: 0, last: None, rows: 0, events: 0 }
    }

    fn take(&mut self, line: Line<'_>) -> Result<(), Refusal> {
        match line {
            Line::Record(line) => self.record(&line),
            Line::Number(NumberLine { table, key, number }) => {
                let (rows, key) = self.place(&table, &key)?;
                let Rows::Numbers(table) = rows else {
                    return Err(Refusal::Wrong(format!("{table} has records")));
                };
                self.set(table, key, number.to_be_bytes().to_vec());
                Ok(())
            }
            Line::Stream(line) => {
                self.bytes += line.stream.len();
                self.history().streams.push((line.stream, line.counted));
                Ok(())
            }
            Line::Event(line) => {
                let payload = line.payload.get().as_bytes().to_vec();
                let (seq, stream_seq, stream, kind) = (Seq(line.event), line.number, line.stream, line.kind);
                self.bytes += payload.len() + stream.len() + kind.len();
                self.events += 1;
                self.history().events.push(Event { seq, stream_seq, at: line.at, stream, kind, payload });
                Ok(())
            }
            Line::End(_) => Ok(()),
        }
    }

    fn record(&mut self, line: &RecordLine<'_>) -> Result<(), Refusal> {
        let (rows, key) = self.place(&line.table, &line.key)?;
        let Rows::Records(it) = rows else {
            return Err(Refusal::Wrong(format!("{} has numbers", line.table)));
        };
        let mut value = vec![line.schema];
        value.extend_from_slice(line.value.get().as_bytes());
        let facts = (it.read)(&value).map_err(|error| match error {
            super::Error::Newer(_) => Refusal::Newer,
            error => Refusal::Wrong(error.to_string()),
        })?;
        if facts.key != key {
            return Err(Refusal::Wrong("the record has another key".to_owned()));
        }
        facts.legal.map_err(Refusal::Wrong)?;
        for entry in facts.entries {
            self.write(entry.table, entry.key, key.clone());
        }
        self.set(it.table, key, value);
        Ok(())
    }

    /// Where a row belongs; it must be after the row before.
    fn place(&mut self, table: &str, key: &str) -> Result<(Rows<'a>, Vec<u8>), Refusal> {
        let rows = self.tables.iter().find(|rows| rows.table().0 == table).copied();
        let rows =
            rows.ok_or_else(|| Refusal::Wrong(format!("no type of this release has the table {table:?}")))?;
        let key = from_text(key).ok_or_else(|| Refusal::Wrong("its key is no base64url".to_owned()))?;
        let place = Some((rows.table(), key.clone()));
        if self.last >= place {
            return Err(Refusal::Wrong("it is out of order, or there twice".to_owned()));
        }
        self.last = place;
        Ok((rows, key))
    }

    fn set(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.rows += 1;
        self.write(table, key, value);
    }

    fn write(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len();
        self.batch.writes.push(Write { table, key, value: Some(value) });
    }

    fn history(&mut self) -> &mut History {
        let trimmed = self.trimmed;
        self.batch.history.get_or_insert_with(|| History { trimmed, ..History::default() })
    }

    fn is_full(&self) -> bool {
        let history = self.batch.history.as_ref().map_or(0, |it| it.events.len() + it.streams.len());
        self.bytes >= BYTES || self.batch.writes.len() + history >= ROWS
    }

    async fn flush(&mut self) -> Result<(), super::Error> {
        self.bytes = 0;
        self.db.store().commit(std::mem::take(&mut self.batch)).await.map(|_| ())
    }

    fn compare<R: BufRead>(&self, end: &EndLine, lines: &mut Lines<R>) -> Result<(), Error> {
        let sum = Hash::from(<[u8; 32]>::from(std::mem::take(&mut lines.sum).finalize())).to_string();
        if sum != end.sha256 {
            return Err(Error::Changed("its checksum differs".to_owned()));
        }
        if (self.rows, self.events) != (end.rows, end.events) {
            return Err(Error::Changed("it has lost rows or events".to_owned()));
        }
        if lines.input.fill_buf()?.is_empty() {
            Ok(())
        } else {
            Err(lines.wrong("something follows the end"))
        }
    }
}
