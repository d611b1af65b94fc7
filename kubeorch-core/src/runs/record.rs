//! The durable record of a run: every state is in the store before the next one is entered.

use serde_json::json;

use super::Error;
use super::model::{AppliedObject, MAX_LOG_LINES, NodePhase, NodeState, Run, Status};
use super::table::{self, LogLine, RunNode};
use crate::engine::Host;
use crate::id::{RunId, WorkflowId};
use crate::kube::Operation;
use crate::manifest::Object;
use crate::versions;
use crate::workflows::{self, Workflow};

/// Writes one run's record.
pub(super) struct Recorder {
    host: Host,
    pub(super) run: RunId,
    pub(super) workflow: WorkflowId,
    lines: std::sync::atomic::AtomicUsize,
}

impl Recorder {
    pub(super) fn new(host: Host, run: RunId, workflow: WorkflowId) -> Self {
        Self { host, run, workflow, lines: std::sync::atomic::AtomicUsize::new(0) }
    }

    /// Appends a line to the run's log.
    pub(super) async fn log(&self, text: impl AsRef<str>) -> Result<(), Error> {
        let number = self.lines.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if number > MAX_LOG_LINES {
            return Ok(());
        }
        let left_out = "the log is at its limit; later lines were left out";
        let text = if number == MAX_LOG_LINES { left_out } else { text.as_ref() };
        let line = format!("[{}] {}", self.host.ids.now().clock_face(), clean(text));
        let written = self.host.db.write(|tx| {
            tx.put(&LogLine { run: self.run, number: number as u64, text: line.clone() })?;
            let payload = json!({ "run_id": self.run, "line": line });
            tx.event(workflows::stream(self.workflow), "run_log", &payload)?;
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// Notes how far a node came.
    pub(super) async fn node(
        &self,
        node: &str,
        status: NodePhase,
        applied: Vec<AppliedObject>,
        error: Option<String>,
        message: Option<String>,
    ) -> Result<(), Error> {
        let at = self.host.ids.now();
        let state = NodeState { status, applied, error, message, attempts: 1, at };
        let record = RunNode { run: self.run, node: node.to_owned(), state };
        let written = self.host.db.write(|tx| {
            tx.put(&record)?;
            let payload = json!({ "run_id": self.run, "node_id": node, "state": record.state });
            tx.event(workflows::stream(self.workflow), "run_node", &payload)?;
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// Changes a node's phase and keeps what was noted of it before.
    pub(super) async fn phase(&self, node: &str, status: NodePhase) -> Result<(), Error> {
        let written = self.host.db.write(|tx| {
            let Some(mut record) = tx.get::<RunNode>(&(self.run, node.to_owned()))? else {
                return Ok(());
            };
            record.state.status = status;
            record.state.at = tx.now();
            tx.put(&record)?;
            let payload = json!({ "run_id": self.run, "node_id": node, "state": record.state });
            tx.event(workflows::stream(self.workflow), "run_node", &payload)?;
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }

    /// Ends the run; the first end wins. Counters, version and event change in the same transaction.
    pub(super) async fn finish(&self, status: Status, error: Option<String>) -> Result<(), Error> {
        let error = error.map(|text| clean(&text));
        let written = self.host.db.write(|tx| finish(tx, self.run, status, error.as_deref()));
        written.await.map(|_| ())
    }
}

/// Ends a run inside a transaction of the caller.
pub(super) fn finish(
    tx: &mut crate::store::Tx<'_>,
    id: RunId,
    status: Status,
    error: Option<&str>,
) -> Result<(), Error> {
    let Some(mut run) = tx.get::<Run>(&id)? else { return Ok(()) };
    if run.status.ended() {
        return Ok(());
    }
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
    Ok(())
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
