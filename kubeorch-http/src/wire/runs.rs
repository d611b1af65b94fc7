//! Runs (contract 2.3, 3.6).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kubeorch_core::graph::Hash;
use kubeorch_core::id::UserId;
use kubeorch_core::kube::Operation;
use kubeorch_core::runs as core;
use kubeorch_core::secret::Secret;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::extract::{Input, Json};
use crate::problem::Problem;

/// Values and options of a run; everything may be absent.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[schema(as = RunStart)]
pub(crate) struct Start {
    #[serde(default)]
    trigger_data: TriggerData,
    #[serde(default)]
    options: Options,
}

impl Input for Start {}

/// Values that are used and never stored.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TriggerData {
    /// By node id, then key.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    secrets: BTreeMap<String, BTreeMap<String, Secret>>,
    /// By node id, then name.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    env_vars: BTreeMap<String, BTreeMap<String, Secret>>,
}

/// How to run.
// Four independent switches of the wire, not a state.
#[allow(clippy::struct_excessive_bools)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = RunOptions)]
pub(crate) struct Options {
    /// Take fields over from other managers.
    force: bool,
    /// Take over objects of another workflow or tool.
    adopt: bool,
    /// Make missing namespaces.
    create_namespaces: bool,
    /// Remove objects that the graph no longer holds.
    prune: bool,
    /// Kinds that are removed only when they are named here: those that hold data or other objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prune_protected: Vec<String>,
    /// The hash of the plan that was looked at; the run is refused when it would do anything else.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<Hash>,
    /// How many must approve the plan before anything is applied.
    #[serde(skip_serializing_if = "is_zero")]
    approvals: u32,
    /// Who may approve, besides the owner: ids of accounts.
    #[schema(value_type = Vec<String>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approvers: Vec<UserId>,
    /// Whoever starts the run doesn't approve it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    four_eyes: bool,
    /// When the run fails, bring back the version of the last one that completed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rollback_on_failure: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Default for Options {
    fn default() -> Self {
        let core::Options { force, adopt, create_namespaces, prune, .. } = core::Options::default();
        Self {
            force,
            adopt,
            create_namespaces,
            prune,
            prune_protected: Vec::new(),
            expect: None,
            approvals: 0,
            approvers: Vec::new(),
            four_eyes: false,
            rollback_on_failure: false,
        }
    }
}

impl Start {
    /// What the engine takes.
    pub(crate) fn into_parts(self) -> (core::Values, core::Options) {
        (self.trigger_data.into(), self.options.into())
    }
}

impl From<TriggerData> for core::Values {
    fn from(data: TriggerData) -> Self {
        Self { secrets: data.secrets, env_vars: data.env_vars }
    }
}

impl From<Options> for core::Options {
    fn from(options: Options) -> Self {
        Self {
            force: options.force,
            adopt: options.adopt,
            create_namespaces: options.create_namespaces,
            prune: options.prune,
            prune_protected: options.prune_protected,
            expect: options.expect,
            approvals: options.approvals,
            approvers: options.approvers,
            four_eyes: options.four_eyes,
            rollback_on_failure: options.rollback_on_failure,
            ..Self::default()
        }
    }
}

/// One execution of a version.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Run {
    id: String,
    workflow_id: String,
    version: u64,
    /// `running`, `paused`, `completed`, `failed` or `cancelled`.
    status: &'static str,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    /// Milliseconds; 0 while it is running.
    duration: u64,
    /// By node id.
    node_states: BTreeMap<String, NodeState>,
    /// By node id.
    output: BTreeMap<String, ApplyResult>,
    /// `[HH:MM:SS] text`, UTC.
    logs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// `manual`, `schedule`, `webhook`, `rollback` or `drift`.
    triggered_by: &'static str,
    trigger_data: Trigger,
    /// Why it holds still, while it is `paused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    /// Who said yes to its plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approvals: Vec<Approval>,
}

/// Why a run holds still.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunPause)]
pub(crate) struct Pause {
    /// `requested`: resume it; `values`: resume it with the values of `nodes`; `approval`: approve `plan`.
    reason: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// How many approvals are needed in all.
    #[serde(skip_serializing_if = "is_zero")]
    approvals_needed: u32,
    /// The account that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    since: Timestamp,
    /// When the run ends unless it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// A yes to a run's plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunApproval)]
pub(crate) struct Approval {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    at: Timestamp,
    plan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl From<core::Approval> for Approval {
    fn from(approval: core::Approval) -> Self {
        Self {
            user_id: approval.user.map(|id| id.to_string()),
            at: approval.at.into(),
            plan: approval.plan.to_string(),
            comment: approval.comment,
        }
    }
}

impl Pause {
    fn of(run: &core::Run) -> Option<Self> {
        let pause = run.pause.clone()?;
        let mut wire = Self {
            reason: "requested",
            nodes: Vec::new(),
            plan: None,
            approvals_needed: 0,
            user_id: pause.by.map(|id| id.to_string()),
            since: pause.at.into(),
            expires_at: pause.expires.map(Into::into),
        };
        match pause.reason {
            core::Reason::Values { nodes } => (wire.reason, wire.nodes) = ("values", nodes),
            core::Reason::Approval => {
                wire.reason = "approval";
                wire.plan = run.plan.map(|plan| plan.to_string());
                wire.approvals_needed = run.options.approvals;
            }
            _ => {}
        }
        Some(wire)
    }
}

/// Who started a run; never the values that were given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunTrigger)]
pub(crate) struct Trigger {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

/// How far a node came.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NodeState {
    /// `completed`, `failed` or `warning`; on the way `pending`, `applying`, `waiting`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ApplyResult>,
    /// Unix seconds.
    timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// What was done to a node's objects.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ApplyResult {
    applied_resources: Vec<Applied>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    failed: bool,
}

/// What was done to one object.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Applied {
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// `created`, `updated`, `unchanged` or `deleted`.
    operation: &'static str,
    uid: String,
}

impl From<core::AppliedObject> for Applied {
    fn from(object: core::AppliedObject) -> Self {
        Self {
            kind: object.kind,
            name: object.name,
            namespace: object.namespace,
            operation: match object.operation {
                Operation::Created => "created",
                Operation::Updated => "updated",
                Operation::Unchanged => "unchanged",
                Operation::Deleted => "deleted",
            },
            uid: object.uid,
        }
    }
}

impl From<core::NodeState> for NodeState {
    fn from(state: core::NodeState) -> Self {
        let failed = state.status == core::NodePhase::Failed;
        let result = (failed || !state.applied.is_empty()).then(|| ApplyResult {
            applied_resources: state.applied.into_iter().map(Applied::from).collect(),
            errors: state.error.iter().cloned().collect(),
            failed,
        });
        Self {
            status: match state.status {
                core::NodePhase::Pending => "pending",
                core::NodePhase::Applying => "applying",
                core::NodePhase::Waiting => "waiting",
                core::NodePhase::Completed => "completed",
                core::NodePhase::Failed => "failed",
                core::NodePhase::Warning => "warning",
            },
            result,
            timestamp: state.at.as_secs(),
            error: state.error,
            message: state.message,
        }
    }
}

impl From<core::Run> for Run {
    fn from(run: core::Run) -> Self {
        let millis = run.completed_at.map_or(0, |end| end.as_millis() - run.started_at.as_millis());
        let pause = Pause::of(&run);
        let node_states: BTreeMap<_, _> =
            run.nodes.into_iter().map(|(id, state)| (id, NodeState::from(state))).collect();
        Self {
            id: run.id.to_string(),
            workflow_id: run.workflow.to_string(),
            version: run.version,
            status: run.status.as_str(),
            started_at: run.started_at.into(),
            completed_at: run.completed_at.map(Into::into),
            duration: u64::try_from(millis).unwrap_or_default(),
            output: node_states
                .iter()
                .filter_map(|(id, state)| Some((id.clone(), state.result.clone()?)))
                .collect(),
            node_states,
            logs: run.logs,
            error: run.error,
            triggered_by: run.trigger.as_str(),
            trigger_data: Trigger { user_id: run.user.map(|id| id.to_string()) },
            pause,
            approvals: run.approvals.into_iter().map(Approval::from).collect(),
        }
    }
}

/// A workflow's runs, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunList)]
pub(crate) struct List {
    runs: Vec<Run>,
}

impl From<Vec<core::Run>> for List {
    fn from(runs: Vec<core::Run>) -> Self {
        Self { runs: runs.into_iter().map(Run::from).collect() }
    }
}

/// A run that ended well, or goes on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RunStarted)]
pub(crate) struct Started {
    message: &'static str,
    run_id: String,
    /// `completed`, `running`, `paused` or `cancelled`.
    status: &'static str,
    /// So far.
    logs: Vec<String>,
}

/// What `run` answers: 200, or 500 with the sentence that says why it failed.
pub(crate) struct Outcome(pub(crate) core::Run);

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let Self(run) = self;
        if run.status == core::Status::Failed {
            return failure(run).into_response();
        }
        Json(Started {
            message: "Workflow execution started",
            run_id: run.id.to_string(),
            status: run.status.as_str(),
            logs: run.logs,
        })
        .into_response()
    }
}

fn failure(run: core::Run) -> Problem {
    let nodes = run.nodes.into_iter().filter_map(|(id, state)| Some(format!("{id}: {}", state.error?)));
    let details: Vec<_> = nodes.collect();
    let error = run.error.unwrap_or_else(|| "Failed to execute workflow".to_owned());
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "run.failed", error)
        .hint("Mend what the message names and run again.")
        .with("details", details.join("; "))
        .with("run_id", run.id.to_string())
        .with("logs", run.logs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeorch_core::time::Time;

    fn run(status: core::Status, error: Option<&str>) -> core::Run {
        let node = core::NodeState {
            status: core::NodePhase::Failed,
            applied: Vec::new(),
            error: Some("image not found".into()),
            message: None,
            attempts: 1,
            at: Time::from_millis(1_500),
        };
        core::Run {
            id: "aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
            workflow: "bbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap(),
            version: 2,
            cluster: "lab".into(),
            cluster_id: None,
            status,
            started_at: Time::from_millis(1_000),
            completed_at: Some(Time::from_millis(3_400)),
            nodes: BTreeMap::from([("web".to_owned(), node)]),
            logs: vec!["[00:00:01] web: image not found".into()],
            error: error.map(str::to_owned),
            trigger: core::Trigger::Manual,
            user: None,
            plan: None,
            content: None,
            options: core::Options::default(),
            given: Vec::new(),
            node_count: 1,
            attempt: 0,
            asked: None,
            pause: None,
            approvals: Vec::new(),
            kept: None,
        }
    }

    #[test]
    fn only_a_failed_run_is_an_error_and_it_says_why() {
        for (status, expected) in [
            (core::Status::Completed, 200),
            (core::Status::Running, 200),
            (core::Status::Cancelled, 200),
            (core::Status::Failed, 500),
        ] {
            let response = Outcome(run(status, Some("web: image not found"))).into_response();
            assert_eq!(response.status().as_u16(), expected, "{status:?}");
        }
        for (given, shown) in
            [(Some("web: image not found"), "web: image not found"), (None, "Failed to execute workflow")]
        {
            let problem = failure(run(core::Status::Failed, given));
            let body = serde_json::to_value(problem.body("r", false)).unwrap();
            assert_eq!(body["error"], shown);
            assert_eq!(body["details"], "web: image not found");
            assert_eq!(body["run_id"], "aaaaaaaaaaaaaaaaaaaaaaaa");
        }
    }

    #[test]
    fn a_run_has_the_members_of_the_contract() {
        let shown = serde_json::to_value(Run::from(run(core::Status::Failed, Some("e")))).unwrap();
        assert_eq!(shown["duration"], 2_400);
        let result =
            serde_json::json!({"applied_resources": [], "errors": ["image not found"], "failed": true});
        let state = serde_json::json!({"status": "failed", "result": result, "timestamp": 1, "error": "image not found"});
        assert_eq!(shown["node_states"]["web"], state);
        assert_eq!(shown["output"]["web"], result);
        assert_eq!(shown["trigger_data"], serde_json::json!({}));
    }
}
