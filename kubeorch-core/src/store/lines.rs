//! The form of an export: JSON lines, the same for every backend.
//!
//! A header; rows by table and key; streams without events; events; an end with counts and a checksum over all lines
//! before. Indexes are not part of it: they follow from the records.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::import::Import;
use super::rewrite::Cursor;
use super::schema::{Schema, Type};
use super::tx::{COUNTERS, GUARDS};
use super::{Error, Record, Table};

/// The version of the form; a reader refuses higher ones.
pub(super) const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    /// The version of this form; the member's name says what the file is.
    #[serde(rename = "kubeorch_export")]
    pub(super) format: u32,
    /// The release that wrote it.
    pub(super) release: String,
    /// The newest event.
    pub(super) seq: u64,
    /// The newest event that was trimmed.
    pub(super) trimmed: u64,
    /// When it was written, Unix milliseconds.
    pub(super) created: i64,
}

/// Any later line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    Record(#[serde(borrow)] RecordLine<'a>),
    Number(NumberLine),
    Stream(StreamLine),
    Event(#[serde(borrow)] EventLine<'a>),
    End(EndLine),
}

/// A record as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordLine<'a> {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) schema: u8,
    #[serde(borrow)]
    pub(super) value: &'a RawValue,
}

/// A counter or a guard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberLine {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) number: u64,
}

/// A stream whose events are all trimmed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamLine {
    pub(super) stream: String,
    pub(super) counted: u64,
}

/// An event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventLine<'a> {
    pub(super) event: u64,
    pub(super) stream: String,
    pub(super) number: u64,
    pub(super) at: i64,
    pub(super) kind: String,
    #[serde(borrow)]
    pub(super) payload: &'a RawValue,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) rows: u64,
    pub(super) events: u64,
    pub(super) sha256: String,
}

impl<'a> Line<'a> {
    /// Reads a line by the member that tells its sort. (A raw value does not survive serde's own guessing.)
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Sort {
            schema: Option<serde::de::IgnoredAny>,
            counted: Option<serde::de::IgnoredAny>,
            event: Option<serde::de::IgnoredAny>,
            sha256: Option<serde::de::IgnoredAny>,
        }
        let sort: Sort = serde_json::from_slice(line)?;
        Ok(if sort.schema.is_some() {
            Self::Record(serde_json::from_slice(line)?)
        } else if sort.event.is_some() {
            Self::Event(serde_json::from_slice(line)?)
        } else if sort.counted.is_some() {
            Self::Stream(serde_json::from_slice(line)?)
        } else if sort.sha256.is_some() {
            Self::End(serde_json::from_slice(line)?)
        } else {
            Self::Number(serde_json::from_slice(line)?)
        })
    }
}

/// A table of an export.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    Records(&'a Type),
    Numbers(Table),
}

impl Rows<'_> {
    pub(super) fn table(&self) -> Table {
        match self {
            Self::Records(it) => it.table,
            Self::Numbers(table) => *table,
        }
    }
}

/// The tables of an export, by name. Where rewrites and imports stand is the matter of each store alone.
pub(super) fn tables(schema: &Schema) -> Vec<Rows<'_>> {
    let own = |it: &&Type| it.table != Cursor::TABLE && it.table != Import::TABLE;
    let mut tables: Vec<_> = schema.types.iter().filter(own).map(Rows::Records).collect();
    tables.extend([Rows::Numbers(COUNTERS), Rows::Numbers(GUARDS)]);
    tables.sort_by_key(Rows::table);
    tables
}

pub(super) fn to_text(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

pub(super) fn from_text(key: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(key).ok()
}

/// The JSON of a row on one line.
pub(super) fn json(bytes: &[u8], what: impl FnOnce() -> String) -> Result<&RawValue, Error> {
    let damaged = |reason: String| Error::Damaged { what: what(), reason };
    if bytes.contains(&b'\n') {
        return Err(damaged("it has more than one line".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))
}
