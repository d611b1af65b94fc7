//! How large and how old the stretches of the event log are.
//!
//! The log is walked once; later only what came since. A million events are some thousand stretches.

use std::collections::VecDeque;

use super::decide::Stretch;
use crate::store::{Error, Event, Reader, Seq};
use crate::time::Time;

/// How many events are read at a time; also the most of one stretch.
const CHUNK: usize = 256;

/// What is known of the log.
#[derive(Debug, Default)]
pub(super) struct Meter {
    log: VecDeque<Stretch>,
}

impl Meter {
    /// The stretches, oldest first.
    pub(super) fn log(&mut self) -> &[Stretch] {
        self.log.make_contiguous()
    }

    /// Reads one stretch that came since; `false` when there is none.
    pub(super) fn read(&mut self, reader: &Reader<'_>) -> Result<bool, Error> {
        self.forget(reader.trimmed());
        let known = self.log.back().map_or(reader.trimmed(), |it| it.last);
        let events = reader.events(known, CHUNK)?;
        let Some(last) = events.last() else { return Ok(false) };
        let newest = events.iter().map(|event| event.at).max().unwrap_or_default();
        let bytes = events.iter().map(size).sum();
        self.log.push_back(Stretch { last: last.seq, newest: Time::from_millis(newest), bytes });
        Ok(true)
    }

    /// Drops what was removed. Of a stretch that was cut the size stays too large, until all of it is gone.
    pub(super) fn forget(&mut self, trimmed: Seq) {
        while self.log.front().is_some_and(|it| it.last <= trimmed) {
            self.log.pop_front();
        }
    }
}

fn size(event: &Event) -> u64 {
    (event.stream.len() + event.kind.len() + event.payload.len()) as u64
}
