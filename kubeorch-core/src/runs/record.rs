//! The durable record of a run: every state is in the store before the next one is entered.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::json;

use super::inventory::{self, AppliedStep};
use super::model::{AppliedObject, MAX_LOG_LINES, NodePhase, NodeState, Run, Status};
use super::table::{self, LogLine, RunNode};
use super::{Error, hold, rollback};
use crate::engine::Host;
use crate::id::{RunId, WorkflowId};
use crate::kube::Operation;
use crate::manifest::{Key, Object};
use crate::store::{Lease, Tx};
use crate::versions;
use crate::workflows::{self, Workflow};

/// Writes one run's record, as long as its lease is not another's.
pub(super) struct Recorder {
    host: Host,
    pub(super) run: RunId,
    pub(super) workflow: WorkflowId,
    cluster: String,
    lease: Lease,
    lines: AtomicUsize,
}

/// What happened, for one transaction.
#[derive(Default)]
pub(super) struct Note<'a> {
    lines: Vec<String>,
    nodes: Vec<NodeNote<'a>>,
    /// Objects that are gone, for the inventory.
    removed: Vec<&'a Key>,
}

/// A node's new state. What is `None` stays as it was.
#[derive(Default)]
pub(super) struct NodeNote<'a> {
    pub(super) node: &'a str,
    pub(super) status: Option<NodePhase>,
    pub(super) applied: Option<Vec<AppliedObject>>,
    pub(super) error: Option<String>,
    pub(super) message: Option<String>,
    pub(super) attempts: Option<u32>,
    /// For the inventory.
    pub(super) tracked: Vec<AppliedStep>,
}

impl<'a> Note<'a> {
    pub(super) fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }

    pub(super) fn node(mut self, node: NodeNote<'a>) -> Self {
        self.nodes.push(node);
        self
    }

    pub(super) fn removed(mut self, key: &'a Key) -> Self {
        self.removed.push(key);
        self
    }
}

impl Recorder {
    /// Goes on after the lines that the run's log has.
    pub(super) fn new(host: Host, run: &Run, lease: Lease, lines: usize) -> Self {
        let cluster = run.cluster.clone();
        Self { host, run: run.id, workflow: run.workflow, cluster, lease, lines: AtomicUsize::new(lines) }
    }

    /// Appends a line to the run's log.
    pub(super) async fn log(&self, text: impl Into<String>) -> Result<(), Error> {
        self.note(Note::default().line(text)).await
    }

    /// Stores states and log lines with their events, all in one transaction.
    pub(super) async fn note(&self, note: Note<'_>) -> Result<(), Error> {
        let lines: Vec<_> = note.lines.iter().filter_map(|text| self.number(text)).collect();
        if lines.is_empty() && note.nodes.is_empty() && note.removed.is_empty() {
            return Ok(());
        }
        let written = self.host.db.write(|tx| {
            hold::check(tx, &self.lease)?;
            let stream = workflows::stream(self.workflow);
            for (number, line) in &lines {
                tx.put(&LogLine { run: self.run, number: *number, text: line.clone() })?;
                tx.event(&stream, "run_log", &json!({ "run_id": self.run, "line": line }))?;
            }
            for node in &note.nodes {
                let record = self.changed(tx, node)?;
                tx.put(&record)?;
                let payload = json!({ "run_id": self.run, "node_id": record.node, "state": record.state });
                tx.event(&stream, "run_node", &payload)?;
                inventory::note(tx, (self.workflow, &self.cluster), (self.run, node.node), &node.tracked)?;
            }
            for key in &note.removed {
                inventory::drop(tx, self.workflow, &self.cluster, key)?;
            }
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// A line with its number and time; `None` past the limit of a log.
    fn number(&self, text: &str) -> Option<(u64, String)> {
        let number = self.lines.fetch_add(1, Relaxed);
        let left_out = "the log is at its limit; later lines were left out";
        let text = match number.cmp(&MAX_LOG_LINES) {
            std::cmp::Ordering::Less => text,
            std::cmp::Ordering::Equal => left_out,
            std::cmp::Ordering::Greater => return None,
        };
        Some((number as u64, format!("[{}] {}", self.host.ids.now().clock_face(), clean(text))))
    }

    fn changed(&self, tx: &Tx<'_>, note: &NodeNote<'_>) -> Result<RunNode, Error> {
        let key = (self.run, note.node.to_owned());
        let old = tx.get::<RunNode>(&key)?.map(|record| record.state);
        let mut state = old.unwrap_or_else(|| NodeState {
            status: NodePhase::Pending,
            applied: Vec::new(),
            error: None,
            message: None,
            attempts: 0,
            at: tx.now(),
        });
        state.at = tx.now();
        state.status = note.status.unwrap_or(state.status);
        state.attempts = note.attempts.unwrap_or(state.attempts);
        state.error = note.error.as_deref().map(clean);
        state.message = note.message.as_deref().map(clean);
        if let Some(applied) = &note.applied {
            state.applied.clone_from(applied);
        }
        Ok(RunNode { run: self.run, node: key.1, state })
    }

    /// Ends the run; the first end wins. Counters, version and event change in the same transaction. Answers the run that
    /// begins with it, to bring an older version back.
    pub(super) async fn finish(&self, status: Status, error: Option<String>) -> Result<Option<RunId>, Error> {
        let error = error.map(|text| clean(&text));
        let successor = self.host.ids.next();
        let written = self.host.db.write(|tx| {
            hold::check(tx, &self.lease)?;
            let Some(run) = finish(tx, self.run, status, error.as_deref())? else { return Ok(None) };
            rollback::automatic(tx, &run, successor)
        });
        Ok(written.await?.0)
    }

    /// Changes the run's own record in one transaction, with log lines and an event; nothing when the run has ended. A
    /// run that holds still then has no executor any more.
    pub(super) async fn run(
        &self,
        event: &str,
        lines: &[String],
        mut change: impl FnMut(&mut Tx<'_>, &mut Run) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let lines: Vec<_> = lines.iter().filter_map(|text| self.number(text)).collect();
        let written = self.host.db.write(|tx| {
            hold::check(tx, &self.lease)?;
            let Some(mut run) = tx.get::<Run>(&self.run)?.filter(|run| !run.status.ended()) else {
                return Ok(());
            };
            change(tx, &mut run)?;
            tx.put(&run)?;
            let stream = workflows::stream(self.workflow);
            tx.event(&stream, event, &told(&run))?;
            for (number, line) in &lines {
                tx.put(&LogLine { run: self.run, number: *number, text: line.clone() })?;
                tx.event(&stream, "run_log", &json!({ "run_id": self.run, "line": line }))?;
            }
            if run.status == Status::Paused {
                hold::release(tx, &self.lease)?;
            }
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// Lets another executor take the run, which goes on.
    pub(super) async fn leave(&self) -> Result<(), Error> {
        let written = self.host.db.write(|tx| Ok::<_, Error>(hold::release(tx, &self.lease)?));
        written.await.map(|_| ())
    }
}

/// What an event says of a run.
pub(super) fn told(run: &Run) -> serde_json::Value {
    json!({
        "run_id": run.id, "status": run.status, "version": run.version, "plan": run.plan,
        "pause": run.pause.as_ref().map(|pause| &pause.reason), "approvals": run.approvals.len(), "error": run.error,
    })
}

/// Ends a run inside a transaction of the caller; answers it as it is then, `None` when it had ended before.
pub(super) fn finish(
    tx: &mut Tx<'_>,
    id: RunId,
    status: Status,
    error: Option<&str>,
) -> Result<Option<Run>, Error> {
    let Some(mut run) = tx.get::<Run>(&id)?.filter(|run| !run.status.ended()) else { return Ok(None) };
    let now = tx.now();
    run.status = status;
    run.completed_at = Some(now);
    run.error = error.map(str::to_owned);
    (run.asked, run.pause) = (None, None);
    run.kept = Some(table::kept(tx, id)?);
    tx.put(&run)?;
    if let Some(mut workflow) = tx.get::<Workflow>(&run.workflow)? {
        workflow.run_count += 1;
        match status {
            Status::Completed => workflow.success_count += 1,
            Status::Failed => workflow.failure_count += 1,
            Status::Running | Status::Paused | Status::Cancelled => {}
        }
        tx.put(&workflow)?;
    }
    versions::table::set_run(tx, run.workflow, run.version, run.id, status.as_str())?;
    let payload = json!({ "run_id": run.id, "status": status, "error": run.error });
    tx.event(workflows::stream(run.workflow), "run_finished", &payload)?;
    // Nobody takes it any more.
    tx.erase::<Lease>(&hold::name(id));
    Ok(Some(run))
}

/// What is noted of an applied object.
pub(super) fn applied(object: &Object, operation: Operation) -> AppliedObject {
    AppliedObject {
        kind: object.kind().kind,
        name: object.name().to_owned(),
        namespace: object.namespace().map(str::to_owned),
        operation,
        uid: object.uid().unwrap_or_default().to_owned(),
    }
}

/// The longest text of an error that is stored (contract 5.6).
const MAX_TEXT: usize = 500;

/// One line, not longer than stated, and without what looks like a credential (contract 5.6).
pub(super) fn clean(text: &str) -> String {
    const SUSPECT: [&str; 7] =
        ["bearer ", "token=", "password=", "secret=", "authorization:", "apikey=", "://"];
    let words = text.split_whitespace().map(|word| {
        let lower = word.to_lowercase();
        let credential = SUSPECT.iter().any(|mark| lower.contains(mark.trim()))
            && (lower.contains('=') || lower.contains('@') || lower.starts_with("authorization:"));
        if credential { "(hidden)" } else { word }
    });
    let mut line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() > MAX_TEXT {
        line = line.chars().take(MAX_TEXT).chain("...".chars()).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn credentials_do_not_reach_the_record() {
        for (text, shown) in [
            ("image not found", "image not found"),
            ("dial postgres://u:p@db/x refused", "dial (hidden) refused"),
            ("got token=abc", "got (hidden)"),
            ("two\nlines", "two lines"),
            ("see https://docs.test/page", "see https://docs.test/page"),
        ] {
            assert_eq!(clean(text), shown);
        }
        assert_eq!(clean(&"x".repeat(600)).len(), 503);
    }
}
