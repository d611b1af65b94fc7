//! The live view of a workflow: a snapshot, then every event of its stream, resumable by number.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::observe::Observer;
use crate::store::{Feed, Seq};
use crate::time::Time;
use crate::workflows::Full;

/// One event of a workflow's stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// Its number in the store; resume after it.
    pub seq: u64,
    /// `node_update`, `run_node`, `run_log`, `run_started`, `run_finished`, `workflow_changed`, …
    pub kind: String,
    /// When it was committed.
    pub at: Time,
    /// Its members.
    pub data: Value,
}

/// Follows a workflow. Live states are kept current while one of these exists.
pub struct Follow {
    pub(super) snapshot: Full,
    pub(super) feed: Feed,
    pub(super) buffer: VecDeque<StreamEvent>,
    /// Keeps the watches on.
    pub(super) _observer: Option<Arc<Observer>>,
}

impl Follow {
    /// The workflow as of the moment before the first event.
    pub fn snapshot(&self) -> &Full {
        &self.snapshot
    }

    /// The next event; waits for one. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Result<StreamEvent, crate::Error> {
        loop {
            if let Some(event) = self.buffer.pop_front() {
                return Ok(event);
            }
            let events = self.feed.next().await?;
            self.buffer.extend(events.into_iter().map(|event| StreamEvent {
                seq: event.seq.0,
                kind: event.kind,
                at: Time::from_millis(event.at),
                // The payload was JSON when it was committed; a damaged one is shown as null.
                data: serde_json::from_slice(&event.payload).unwrap_or(Value::Null),
            }));
        }
    }
}

/// Where a reader goes on: after what it saw last, or now.
pub(super) fn start(resume: Option<u64>, now: Seq) -> Seq {
    resume.map_or(now, |seen| Seq(seen.min(now.0)))
}
