//! The live view of a workflow: a snapshot, then every event of its stream, resumable by number.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::Error;
use super::observe::Observer;
use crate::actor::{Action, Actor};
use crate::id::WorkflowId;
use crate::store::{self, Db, Event, Feed, Seq};
use crate::time::Time;
use crate::workflows::{self, Full};

/// One event of a workflow's stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// Its number in the store; resume after it.
    pub seq: u64,
    /// `node_update`, `run_node`, `run_log`, `run_started`, `run_finished`, `workflow_changed`, `drift`,
    /// `drift_held`, `drift_resolved`, …
    pub kind: String,
    /// When it was committed.
    pub at: Time,
    /// Its members.
    pub data: Value,
}

/// What a follower sees next.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    /// The next event of the workflow.
    Event(StreamEvent),
    /// Retention removed events before they were read. [`Follow::snapshot`] is the state of now, and what
    /// follows comes after it without a gap.
    Resync,
}

/// Follows a workflow. Live states are kept current while one of these exists.
pub struct Follow {
    db: Db,
    actor: Actor,
    snapshot: Full,
    feed: Feed,
    buffer: VecDeque<StreamEvent>,
    /// Keeps the watches on.
    _observer: Option<Arc<Observer>>,
}

impl Follow {
    pub(super) fn new(
        db: &Db,
        actor: Actor,
        begin: Begin,
        resume: Option<u64>,
        observer: Option<Arc<Observer>>,
    ) -> Self {
        let feed = feed(db, &begin.snapshot, start(resume, &begin));
        let buffer = VecDeque::new();
        Self { db: db.clone(), actor, snapshot: begin.snapshot, feed, buffer, _observer: observer }
    }

    /// The workflow as of the moment before the first event, or as of the last [`Followed::Resync`].
    pub fn snapshot(&self) -> &Full {
        &self.snapshot
    }

    /// The next event; waits for one. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Result<Followed, crate::Error> {
        loop {
            if let Some(event) = self.buffer.pop_front() {
                return Ok(Followed::Event(event));
            }
            match self.feed.next().await {
                Ok(events) => self.buffer.extend(events.into_iter().map(StreamEvent::from)),
                Err(store::Error::Trimmed { .. }) => {
                    self.resync()?;
                    return Ok(Followed::Resync);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes the state of now, with the permission asked again, and goes on after it.
    fn resync(&mut self) -> Result<(), Error> {
        let begin = begin(&self.db, &self.actor, self.snapshot.workflow.id)?;
        self.feed = feed(&self.db, &begin.snapshot, begin.now);
        self.snapshot = begin.snapshot;
        Ok(())
    }
}

impl From<Event> for StreamEvent {
    fn from(event: Event) -> Self {
        Self {
            seq: event.seq.0,
            kind: event.kind,
            at: Time::from_millis(event.at),
            // The payload was JSON when it was committed; a damaged one is shown as null.
            data: serde_json::from_slice(&event.payload).unwrap_or(Value::Null),
        }
    }
}

/// Where a follower begins: a state, the newest event that it contains, and the newest that is gone.
pub(super) struct Begin {
    pub(super) snapshot: Full,
    now: Seq,
    trimmed: Seq,
}

pub(super) fn begin(db: &Db, actor: &Actor, id: WorkflowId) -> Result<Begin, Error> {
    db.read(|reader| {
        let workflow = workflows::table::open(reader, actor, Action::Read, id)?;
        let snapshot = workflows::table::full(reader, workflow)?;
        Ok(Begin { snapshot, now: reader.seq(), trimmed: reader.trimmed() })
    })
}

/// Where a reader goes on: after what it saw last. It begins anew, after the snapshot that it gets first, when
/// it saw nothing yet or something after it is gone.
fn start(resume: Option<u64>, begin: &Begin) -> Seq {
    match resume.map(Seq) {
        Some(seen) if seen >= begin.trimmed => seen.min(begin.now),
        _ => begin.now,
    }
}

fn feed(db: &Db, snapshot: &Full, after: Seq) -> Feed {
    db.feed(after, Some(&workflows::stream(snapshot.workflow.id)))
}
