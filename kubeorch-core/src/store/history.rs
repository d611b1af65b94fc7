//! What an import restores of another store's event log, and where it may.

use std::collections::BTreeMap;

use super::{Error, Event, Seq};

/// A part of another store's log, with the numbers and times that it has there. An empty log takes any beginning, which
/// says what was trimmed before it; every further part continues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The newest event that was removed there; the same in every part.
    pub trimmed: Seq,
    /// Streams without an event that is left, and how far they had counted.
    pub streams: Vec<(String, u64)>,
    /// Events in order; what follows here follows there.
    pub events: Vec<Event>,
}

impl History {
    /// Whether it continues a log: `newest` tells a stream's newest number there.
    pub(super) fn check<E>(
        &self,
        trimmed: Seq,
        head: Seq,
        mut newest: impl FnMut(&str) -> Result<u64, E>,
    ) -> Result<Result<(), Error>, E> {
        let refuse =
            |reason: String| Ok(Err(Error::Damaged { what: "the log to restore".to_owned(), reason }));
        let fresh = (trimmed, head) == (Seq(0), Seq(0));
        if !fresh && trimmed != self.trimmed {
            return refuse(format!("it was trimmed to {}, this store to {}", self.trimmed.0, trimmed.0));
        }
        let mut streams = BTreeMap::new();
        for (stream, count) in &self.streams {
            if self.trimmed == Seq(0) || *count == 0 || newest(stream)? != 0 {
                return refuse(format!("the stream {stream} has events"));
            }
            streams.insert(stream.as_str(), *count);
        }
        let mut last = if fresh { self.trimmed } else { head };
        for event in &self.events {
            let before = match streams.get(event.stream.as_str()) {
                Some(count) => *count,
                None => newest(&event.stream)?,
            };
            // What was before the first one of a stream may have been trimmed.
            let begins = before == 0 && self.trimmed > Seq(0) && event.stream_seq > 0;
            if event.seq.0 != last.0 + 1 || !(begins || event.stream_seq == before + 1) {
                return refuse(format!("event {} does not continue it", event.seq.0));
            }
            streams.insert(event.stream.as_str(), event.stream_seq);
            last = event.seq;
        }
        Ok(Ok(()))
    }

    pub(super) fn bytes(&self) -> usize {
        let events = self.events.iter().map(|it| it.stream.len() + it.kind.len() + it.payload.len());
        self.streams.iter().map(|(stream, _)| stream.len()).chain(events).sum()
    }
}
