//! What changed since another backup.
//!
//! A file of frames: `kind (u8), length (u32), bytes, length (u32), bytes`, numbers big-endian. A row is its table and key
//! joined (`length (u16), table, key`) and its value; a removed row has no value; an event is its number and its bytes, a
//! place its event's number and the key under which a stream finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use ::redb::{ReadTransaction, ReadableTable, TableDefinition, TableError};

use super::super::Redb;
use super::super::changes::{self, Place};
use super::super::copy::Pace;
use super::super::file::{self, EVENTS, Failure, ID_KEY, META, STREAMS, TRIMMED_KEY};
use super::manifest::{self, Manifest, failed, no_backup, publish, unrelated};
use crate::store::{Error, Seq};

/// Told after so many bytes.
const PIECE: u64 = 1 << 20;
/// The longest part of a frame: what a batch may hold.
const MAX_PART: u32 = 64 << 20;

/// One thing that changed.
pub(super) enum Frame {
    Put(Place, Vec<u8>),
    Remove(Place),
    Event(u64, Vec<u8>),
    Place(u64, Vec<u8>),
}

pub(super) fn backup(
    store: &Redb,
    base: &Path,
    destination: &Path,
    pace: &mut Pace<'_>,
) -> Result<Manifest, Error> {
    let before = Manifest::read(base)?;
    publish(destination, |draft| fill(store, base, &before, draft, pace).map_err(Failure::into_error))
}

fn fill(
    store: &Redb,
    base: &Path,
    before: &Manifest,
    draft: &Path,
    pace: &mut Pace<'_>,
) -> Result<Manifest, Failure> {
    let name = store.name().to_owned();
    let in_file = |error| file::storage(error, &name);
    let (read, facts, _open) = store.read()?;
    let meta = read.open_table(META).map_err(|error| file::table(error, &name))?;
    let id = meta.get(ID_KEY).map_err(in_file)?.map_or(0, |id| id.value());
    let trimmed = meta.get(TRIMMED_KEY).map_err(in_file)?.map_or(0, |trimmed| trimmed.value());
    let mut manifest = manifest::new(id, facts.commit, facts.head, Seq(trimmed), store.now());
    if manifest.store != before.store {
        let reason = format!("it is of the store {}, this is the store {}", before.store, manifest.store);
        return Err(Failure::Refused(unrelated(base, reason)));
    }
    if before.commit > facts.commit {
        return Err(Failure::Refused(unrelated(
            base,
            "it is newer than the store, which was set back since",
        )));
    }
    manifest.base = Some(before.as_base());
    let places = changed(&read, &name, before)?;
    let path = manifest.file(draft);
    let file = File::create_new(&path).map_err(|error| Failure::Refused(failed(&path, &error)))?;
    let mut out = Out { file: BufWriter::new(file), path: &path, since: 0, pace };
    for place in places {
        let table = TableDefinition::<&[u8], &[u8]>::new(&place.0);
        let value = match read.open_table(table) {
            Ok(rows) => rows.get(place.1.as_slice()).map_err(in_file)?.map(|value| value.value().to_vec()),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(file::table(error, &name)),
        };
        *manifest.rows.entry(place.0.clone()).or_default() += 1;
        out.write(
            value.map_or_else(|| Frame::Remove(place.clone()), |value| Frame::Put(place.clone(), value)),
        )?;
    }
    let events = read.open_table(EVENTS).map_err(|error| file::table(error, &name))?;
    for row in events.range(before.head.0 + 1..).map_err(in_file)? {
        let (seq, bytes) = row.map_err(in_file)?;
        *manifest.rows.entry("!events".to_owned()).or_default() += 1;
        out.write(Frame::Event(seq.value(), bytes.value().to_vec()))?;
    }
    // Walked whole: the newest place of a stream may be newer than the base and its event gone already.
    let streams = read.open_table(STREAMS).map_err(|error| file::table(error, &name))?;
    for row in streams.iter().map_err(in_file)? {
        let (place, seq) = row.map_err(in_file)?;
        if seq.value() > before.head.0 {
            out.write(Frame::Place(seq.value(), place.value().to_vec()))?;
        }
    }
    out.file.flush().map_err(|error| Failure::Refused(failed(&path, &error)))?;
    Ok(manifest)
}

/// The keys that commits after the base changed.
fn changed(read: &ReadTransaction, name: &str, before: &Manifest) -> Result<BTreeSet<Place>, Failure> {
    let in_file = |error| file::storage(error, name);
    let rows = read.open_table(file::CHANGES).map_err(|error| file::table(error, name))?;
    let oldest = rows.first().map_err(in_file)?.map_or(u64::MAX, |(commit, _)| commit.value());
    if oldest > before.commit + 1 {
        return Err(Failure::Refused(Error::Trimmed { upto: before.head }));
    }
    let mut places = BTreeSet::new();
    for row in rows.range(before.commit + 1..).map_err(in_file)? {
        let (commit, bytes) = row.map_err(in_file)?;
        changes::read(bytes.value(), &mut places).ok_or_else(|| {
            Failure::Refused(file::cut(name, &format!("the changes of commit {}", commit.value())))
        })?;
    }
    Ok(places)
}

struct Out<'a, 'p> {
    file: BufWriter<File>,
    path: &'a Path,
    since: u64,
    pace: &'a mut Pace<'p>,
}

impl Out<'_, '_> {
    fn write(&mut self, frame: Frame) -> Result<(), Failure> {
        let bytes = encode(&frame);
        self.file.write_all(&bytes).map_err(|error| Failure::Refused(failed(self.path, &error)))?;
        self.since += bytes.len() as u64;
        if self.since < PIECE {
            return Ok(());
        }
        match (self.pace)(std::mem::take(&mut self.since)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                Err(Failure::Refused(Error::Unavailable("the backup was cancelled".to_owned())))
            }
        }
    }
}

fn encode(frame: &Frame) -> Vec<u8> {
    let joined = |(table, key): &Place| {
        let length = u16::try_from(table.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes(), table.as_bytes(), key].concat()
    };
    let (kind, first, second) = match frame {
        Frame::Put(place, value) => (1, joined(place), value.as_slice()),
        Frame::Remove(place) => (2, joined(place), &[][..]),
        Frame::Event(seq, bytes) => (3, seq.to_be_bytes().to_vec(), bytes.as_slice()),
        Frame::Place(seq, place) => (4, seq.to_be_bytes().to_vec(), place.as_slice()),
    };
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[kind], length(&first).as_slice(), &first, &length(second), second].concat()
}

/// Reads the frames of an incremental backup, one after the other.
pub(super) fn frames(path: &Path) -> Result<impl Iterator<Item = io::Result<Frame>>, Error> {
    let mut file = BufReader::new(File::open(path).map_err(|error| no_backup(path, &error))?);
    Ok(std::iter::from_fn(move || frame(&mut file).transpose()))
}

fn frame(file: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut kind = [0];
    if file.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let (first, second) = (part(file)?, part(file)?);
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let place = || {
        let (length, rest) = first.split_first_chunk::<2>()?;
        let (table, key) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some((String::from_utf8(table.to_vec()).ok()?, key.to_vec()))
    };
    let number = || first.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| bad());
    Ok(Some(match kind[0] {
        1 => Frame::Put(place().ok_or_else(bad)?, second),
        2 => Frame::Remove(place().ok_or_else(bad)?),
        3 => Frame::Event(number()?, second),
        4 => Frame::Place(number()?, second),
        _ => return Err(bad()),
    }))
}

fn part(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_PART {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Frames by table, for one transaction.
pub(super) type ByTable = BTreeMap<String, Vec<(Vec<u8>, Option<Vec<u8>>)>>;
