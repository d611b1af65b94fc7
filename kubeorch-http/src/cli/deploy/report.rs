//! The answer of `up`: what runs where, or why it does not.

use std::fmt::Write as _;

use kubeorch_core::kube::Operation;
use kubeorch_core::runs::{AppliedObject, Status};
use serde::Serialize;

use super::job::Job;
use super::watch::End;
use crate::cli::output::{Format, Row, Table, document, seconds};

/// Which workflow.
#[derive(Serialize)]
pub(super) struct Workflow<'a> {
    id: String,
    name: &'a str,
}

impl<'a> Workflow<'a> {
    pub(super) fn of(job: &'a Job) -> Self {
        Self { id: job.id().to_string(), name: &job.file.name }
    }
}

/// The document of `up`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    workflow: Workflow<'a>,
    cluster: &'a str,
    run: String,
    status: Status,
    ready: bool,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    nodes: Vec<Node<'a>>,
}

/// A node with its objects.
#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    state: String,
    message: String,
    objects: &'a [AppliedObject],
}

/// Everything that the answer is made of.
pub(super) struct Report<'a> {
    job: &'a Job,
    end: &'a End,
    nodes: Vec<Node<'a>>,
}

impl<'a> Report<'a> {
    /// In the order of the file.
    pub(super) fn new(job: &'a Job, end: &'a End) -> Self {
        let nodes = job.file.graph.nodes.iter().map(|node| {
            let Row { state, message, .. } = end.states.row(node.id.clone());
            let objects = end.run.nodes.get(&node.id).map_or(&[][..], |state| &state.applied);
            Node { id: &node.id, kind: &node.kind, state, message, objects }
        });
        Self { job, end, nodes: nodes.collect() }
    }

    /// For people or for programs.
    pub(super) fn text(&self, format: Format) -> String {
        document(format, &self.answer()).unwrap_or_else(|| self.table())
    }

    fn answer(&'a self) -> Answer<'a> {
        let run = &self.end.run;
        let nodes = self.nodes.iter().map(|node| Node {
            state: node.state.clone(),
            message: node.message.clone(),
            ..*node
        });
        Answer {
            workflow: Workflow::of(self.job),
            cluster: &self.job.target.name,
            run: run.id.to_string(),
            status: run.status,
            ready: run.status == Status::Completed,
            duration_ms: u64::try_from(self.end.took.as_millis()).unwrap_or(u64::MAX),
            error: run.error.as_deref(),
            nodes: nodes.collect(),
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["NODE", "TYPE", "OBJECT", "NAMESPACE", "STATE", "MESSAGE"]).toned(4);
        for node in &self.nodes {
            let (object, namespace) = main_object(node.objects);
            let cells = [node.id, node.kind, &object, &namespace, &node.state, &node.message];
            table.row(cells.map(str::to_owned));
        }
        let mut text = table.render();
        if self.end.run.status == Status::Completed {
            let _ = writeln!(text, "\n{}", self.sum());
        }
        text
    }

    /// `Ready in 4.2 s: 9 nodes, 11 objects on simulator (11 created)`
    fn sum(&self) -> String {
        let objects: Vec<_> = self.present().collect();
        let count =
            |operation: Operation| objects.iter().filter(|object| object.operation == operation).count();
        let parts = [
            (count(Operation::Created), "created"),
            (count(Operation::Updated), "changed"),
            (count(Operation::Unchanged), "unchanged"),
        ];
        let parts =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let what = parts.collect::<Vec<_>>().join(", ");
        let (time, nodes) = (seconds(self.end.took), plural(self.nodes.len(), "node"));
        let total = plural(objects.len(), "object");
        let details = if what.is_empty() { String::new() } else { format!(" ({what})") };
        format!("Ready in {time}: {nodes}, {total} on {}{details}", self.job.target.name)
    }

    /// The node that failed and why, as one sentence: `backend: Pod/backend-x: ImagePullBackOff`.
    pub(super) fn failure(&self) -> String {
        if let Some(error) = &self.end.run.error {
            return error.clone();
        }
        let failed = self.nodes.iter().find(|node| node.state == "failed");
        failed.map_or_else(|| "the run failed".to_owned(), |node| format!("{}: {}", node.id, node.message))
    }

    /// Whether the time was over before a node failed.
    pub(super) fn timed_out(&self) -> bool {
        !self.nodes.iter().any(|node| node.state == "failed")
            && self.nodes.iter().any(|node| node.state == "waiting")
            && self
                .end
                .run
                .completed_at
                .is_some_and(|at| at.since(self.end.run.started_at) >= self.job.options.ready_timeout)
    }

    /// What an interrupted run leaves in the cluster.
    pub(super) fn stays(&self) -> Vec<String> {
        self.present()
            .map(|object| match &object.namespace {
                Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
                None => format!("{} {}", object.kind, object.name),
            })
            .collect()
    }

    fn present(&self) -> impl Iterator<Item = &AppliedObject> {
        let all = self.nodes.iter().flat_map(|node| node.objects);
        all.filter(|object| object.operation != Operation::Deleted)
    }
}

/// A node's main object comes last: what it needs is applied before it.
fn main_object(objects: &[AppliedObject]) -> (String, String) {
    let Some(main) = objects.last() else { return Default::default() };
    let more = if objects.len() > 1 { format!(" +{}", objects.len() - 1) } else { String::new() };
    (format!("{}/{}{more}", main.kind, main.name), main.namespace.clone().unwrap_or_default())
}

/// `1 node`, `2 nodes`.
fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
