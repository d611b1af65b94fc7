//! Restoring another store's log into this file.

use ::redb::{ReadableTable, Table as Rows, WriteTransaction};

use super::event;
use super::file::{self, Failure, META, TRIMMED_KEY};
use crate::store::{Error, History, NewEvent, Seq};

type Log<'a, 'txn> = (&'a mut Rows<'txn, u64, &'static [u8]>, &'a mut Rows<'txn, &'static [u8], u64>);

/// Checks a part of a log and writes it after `head`; answers the new head. What is refused leaves no trace.
pub(super) fn restore(
    write: &WriteTransaction,
    name: &str,
    (events, streams): Log<'_, '_>,
    head: Seq,
    history: &History,
) -> Result<Result<Seq, Error>, Failure> {
    let in_file = |error| file::storage(error, name);
    let mut meta = write.open_table(META).map_err(|error| file::table(error, name))?;
    let trimmed = Seq(meta.get(TRIMMED_KEY).map_err(in_file)?.map_or(0, |seq| seq.value()));
    if let Err(refused) = history.check(trimmed, head, |stream| newest(streams, stream).map_err(in_file))? {
        return Ok(Err(refused));
    }
    if trimmed != history.trimmed {
        meta.insert(TRIMMED_KEY, history.trimmed.0).map_err(in_file)?;
    }
    for (stream, count) in &history.streams {
        // Such a place points at an event that was trimmed; which one it was does not matter.
        streams.insert(event::place(stream, *count).as_slice(), history.trimmed.0).map_err(in_file)?;
    }
    for it in &history.events {
        let new = NewEvent { stream: it.stream.clone(), kind: it.kind.clone(), payload: it.payload.clone() };
        let bytes = event::encode(&new, it.stream_seq, it.at);
        events.insert(it.seq.0, bytes.as_slice()).map_err(in_file)?;
        streams.insert(event::place(&it.stream, it.stream_seq).as_slice(), it.seq.0).map_err(in_file)?;
    }
    Ok(Ok(history.events.last().map_or(head.max(history.trimmed), |event| event.seq)))
}

/// How far a stream has counted.
fn newest(streams: &Rows<'_, &'static [u8], u64>, stream: &str) -> Result<u64, ::redb::StorageError> {
    let (first, end) = (event::place(stream, 0), event::place(stream, u64::MAX));
    let newest = streams.range::<&[u8]>(first.as_slice()..=end.as_slice())?.next_back().transpose()?;
    Ok(newest.map_or(0, |(place, _)| event::number(place.value())))
}
