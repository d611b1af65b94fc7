//! Runs in the store. Nodes and log lines are records of their own, so that a large run is not
//! rewritten with every step.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Error;
use super::model::{Kept, MAX_LOG_LINES, NodeState, Run, Status};
use super::plan::{Plan, PlannedOperation};
use crate::id::{RunId, WorkflowId};
use crate::store::{Index, Indexes, Query, Reader, Record, Table, Tx, rule};

/// Runs by workflow; ids rise with time.
pub(super) const BY_WORKFLOW: Index<Run> = Index::new("runs_by_workflow");

/// The one run of a workflow that has not ended: a second one cannot be stored.
pub(super) const ACTIVE: Index<Run> = Index::unique("runs_active");

/// The runs that have not ended, for recovery.
pub(super) const RUNNING: Index<Run> = Index::new("runs_running");

impl Record for Run {
    const TABLE: Table = Table("runs");
    const SCHEMA: u8 = 2;
    const INDEXES: &'static [Index<Self>] = &[BY_WORKFLOW, ACTIVE, RUNNING];
    type Key = RunId;

    fn key(&self) -> RunId {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_WORKFLOW, &(self.workflow, self.id));
        if !self.status.ended() {
            out.add(ACTIVE, &self.workflow);
            out.add(RUNNING, &self.id);
        }
    }

    fn check(&self) -> Result<(), String> {
        rule(self.version > 0, "it runs no version")?;
        rule(self.completed_at.is_some() == self.status.ended(), "its end and its status disagree")?;
        rule(self.status.ended() || self.kept.is_none(), "its records were counted and it goes on")?;
        rule(self.status.ended() || self.error.is_none(), "it failed and goes on")?;
        rule(self.pause.is_some() == (self.status == Status::Paused), "its pause and its status disagree")?;
        rule(
            self.asked.is_none() || self.status == Status::Running,
            "something is asked that cannot be done",
        )?;
        rule(self.attempt == 0 || self.plan.is_some(), "it was applied without a plan")
    }

    fn upcast(from: u8, mut value: Value) -> Result<Value, String> {
        let run = value.as_object_mut().ok_or("it is no object")?;
        match from {
            // Until then a run was never gone on with: it has no content to compare, and every one was started by hand.
            1 => {
                run.remove("triggered_by");
                let attempt = u32::from(run.get("plan").is_some_and(Value::is_string));
                let new = json!({
                    "cluster_id": null, "trigger": "manual", "content": null, "options": {}, "given": [],
                    "node_count": 0, "attempt": attempt, "asked": null, "pause": null, "approvals": [],
                });
                run.extend(new.as_object().cloned().unwrap_or_default());
                Ok(value)
            }
            _ => Err(format!("there is no schema {from}")),
        }
    }
}

/// An operation of the plan that a run began with. Masked like every plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PlanRow {
    pub(super) run: RunId,
    /// Its place in the plan, from 0.
    pub(super) number: u64,
    pub(super) operation: PlannedOperation,
}

impl Record for PlanRow {
    const TABLE: Table = Table("run_plans");
    type Key = (RunId, u64);

    fn key(&self) -> Self::Key {
        (self.run, self.number)
    }
}

/// How far a node of a run came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunNode {
    pub(super) run: RunId,
    pub(super) node: String,
    pub(super) state: NodeState,
}

impl Record for RunNode {
    const TABLE: Table = Table("run_nodes");
    type Key = (RunId, String);

    fn key(&self) -> Self::Key {
        (self.run, self.node.clone())
    }
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LogLine {
    pub(super) run: RunId,
    pub(super) number: u64,
    pub(super) text: String,
}

impl Record for LogLine {
    const TABLE: Table = Table("run_logs");
    type Key = (RunId, u64);

    fn key(&self) -> Self::Key {
        (self.run, self.number)
    }

    fn check(&self) -> Result<(), String> {
        rule(self.number <= MAX_LOG_LINES as u64, "it is past the limit of a log")
    }
}

/// A run with its nodes and log.
pub(super) fn load(reader: &Reader<'_>, id: RunId) -> Result<Option<Run>, Error> {
    let Some(mut run) = reader.get::<Run>(&id)? else { return Ok(None) };
    fill(reader, &mut run)?;
    Ok(Some(run))
}

/// The operations of a run's plan.
pub(super) fn plan(reader: &Reader<'_>, run: RunId) -> Result<Vec<PlannedOperation>, Error> {
    let mut operations = Vec::new();
    reader.each(&Query::<PlanRow>::all().prefix(&run), |row| {
        operations.push(row.operation);
        Ok::<_, Error>(true)
    })?;
    Ok(operations)
}

/// Stores the plan of a run that has none.
pub(super) fn put_plan(tx: &mut Tx<'_>, run: RunId, plan: &Plan) -> Result<(), Error> {
    for (number, operation) in (0..).zip(&plan.operations) {
        tx.insert(&PlanRow { run, number, operation: operation.clone() })?;
    }
    Ok(())
}

/// The newest runs of a workflow.
pub(super) fn newest(reader: &Reader<'_>, workflow: WorkflowId, limit: usize) -> Result<Vec<Run>, Error> {
    let mut runs = reader.list(&Query::by(BY_WORKFLOW).prefix(&workflow).reverse().limit(limit))?;
    for run in &mut runs {
        fill(reader, run)?;
    }
    Ok(runs)
}

/// The run of a workflow that has not ended.
pub(super) fn active(reader: &Reader<'_>, workflow: WorkflowId) -> Result<Option<Run>, Error> {
    Ok(reader.find(ACTIVE, &workflow)?)
}

/// What a run that ends now consists of.
pub(super) fn kept(reader: &Reader<'_>, run: RunId) -> Result<Kept, Error> {
    let nodes = reader.count(&Query::<RunNode>::all().prefix(&run))? as u64;
    let last = reader.first(Query::<LogLine>::all().prefix(&run).reverse())?;
    Ok(Kept { nodes, first_line: 0, end_line: last.map_or(0, |line| line.number + 1) })
}

fn fill(reader: &Reader<'_>, run: &mut Run) -> Result<(), Error> {
    let nodes = reader.list(&Query::<RunNode>::all().prefix(&run.id))?;
    run.nodes = nodes.into_iter().map(|node| (node.node, node.state)).collect();
    let lines = reader.list(&Query::<LogLine>::all().prefix(&run.id))?;
    run.logs = lines.into_iter().map(|line| line.text).collect();
    Ok(())
}
