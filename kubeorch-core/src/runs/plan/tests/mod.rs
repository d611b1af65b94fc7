//! Plans on the fake cluster: what is asked of it, and what comes of the answers.

mod calls;
mod decisions;
mod pruning;

use std::sync::Arc;

use serde_json::{Value, json};

use super::model::{Planned, PlannedOperation};
use super::planner::Planner;
use crate::graph::Graph;
use crate::id::{RunId, WorkflowId};
use crate::kube::fake::{Fake, Verb};
use crate::kube::{ApplyOptions, Cluster};
use crate::manifest::{Kind, Object};
use crate::plugin::fake::{Type, Types};
use crate::plugin::{KindInfo, NodeType, Out, Rendered};
use crate::runs::Error;
use crate::runs::inventory::{Tracked, substance};
use crate::runs::model::{Options, Values};
use crate::runs::prepare::Cache;
use crate::time::{SeededEntropy, Time};

/// A cluster with the namespace `shop`, a workflow and what its runs left.
struct Bench {
    cluster: Arc<Fake>,
    workflow: WorkflowId,
    inventory: Vec<Tracked>,
    options: Options,
    values: Values,
    /// The id of a workflow of another account.
    stranger: String,
}

/// A node type that renders the objects in its data.
fn types() -> Types {
    let kinds = [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "PersistentVolumeClaim"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ];
    let kinds = kinds.map(|(version, kind)| KindInfo { kind: Kind::new(version, kind), namespaced: true });
    let node_type = NodeType { name: "raw".into(), kinds: kinds.to_vec(), ..NodeType::default() };
    let raw = Type::new(node_type).render(|request| {
        let objects = request.node.data["objects"].as_array().cloned().unwrap_or_default();
        let out = |object| Out { object: Object::new(object).unwrap(), if_absent: false };
        Ok(Rendered { objects: objects.into_iter().map(out).collect(), ..Rendered::default() })
    });
    Types::new([raw]).unwrap()
}

fn object(kind: (&str, &str), name: &str, body: Value) -> Value {
    let mut object =
        json!({ "apiVersion": kind.0, "kind": kind.1, "metadata": { "name": name, "namespace": "shop" } });
    object.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    object
}

fn config(name: &str) -> Value {
    object(("v1", "ConfigMap"), name, json!({ "data": { "a": "1" } }))
}

fn deployment(replicas: Option<u32>) -> Value {
    let spec = replicas.map_or_else(|| json!({}), |replicas| json!({ "replicas": replicas }));
    object(("apps/v1", "Deployment"), "web", json!({ "spec": spec }))
}

/// A node with what it says of its deployment.
fn node(objects: impl IntoIterator<Item = Value>, deploy: Value) -> Value {
    json!({ "objects": objects.into_iter().collect::<Vec<_>>(), "deploy": deploy })
}

impl Bench {
    fn new() -> Self {
        let cluster = Arc::new(Fake::new());
        cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }));
        Self {
            cluster,
            workflow: "a00000000000000000000001".parse().unwrap(),
            inventory: Vec::new(),
            options: Options::default(),
            values: Values::default(),
            stranger: "a00000000000000000000009".to_owned(),
        }
    }

    /// A live object, with this workflow's label or that of another.
    fn put(&self, mut object: Value, workflow: Option<&str>) -> Object {
        if let Some(id) = workflow {
            object["metadata"]["labels"]["kubeorch.io/workflow-id"] = id.into();
        }
        self.cluster.put(object)
    }

    fn own(&self) -> String {
        self.workflow.to_string()
    }

    /// Plans nodes named `n0`, `n1`, …
    async fn plan(&self, nodes: &[Value]) -> Result<Planned, Error> {
        let nodes: Vec<_> = nodes
            .iter()
            .enumerate()
            .map(|(at, data)| json!({ "id": format!("n{at}"), "type": "raw", "data": data }))
            .collect();
        let graph: Graph = serde_json::from_value(json!({ "nodes": nodes, "edges": [] })).unwrap();
        let types = types();
        let prepared = Cache::default().prepare(&types, &graph, self.workflow).await.unwrap();
        let stranger = |id: &str| id == self.stranger;
        let planner = Planner {
            cluster: &*self.cluster,
            cluster_name: "lab",
            types: &types,
            workflow: self.workflow,
            values: &self.values,
            options: &self.options,
            entropy: &SeededEntropy::new(1),
            stranger: &stranger,
            inventory: &self.inventory,
        };
        planner.plan(&prepared).await
    }

    /// Plans one node with one object.
    async fn one(&self, object: Value, deploy: Value) -> Planned {
        self.plan(&[node([object], deploy)]).await.unwrap()
    }

    /// Applies what was planned, and tracks it as a run does.
    async fn deploy(&mut self, nodes: &[Value]) {
        let planned = self.plan(nodes).await.unwrap();
        for (at, steps) in planned.steps.iter().enumerate() {
            for step in steps.iter().flatten() {
                let options = ApplyOptions { known: step.known.for_apply(), ..ApplyOptions::default() };
                let answer = self.cluster.apply(&step.object, &options).await.unwrap().object;
                self.track(&answer, &format!("n{at}"), |tracked| {
                    tracked.content = step.content;
                    tracked.substance = substance(&answer, &step.object);
                });
            }
        }
    }

    fn track(&mut self, live: &Object, node: &str, change: impl FnOnce(&mut Tracked)) {
        let mut tracked = Tracked {
            workflow: self.workflow,
            cluster: "lab".into(),
            key: live.key(),
            uid: live.uid().unwrap().to_owned(),
            node: node.to_owned(),
            rank: 50,
            content: crate::graph::Hash::of(&Value::Null),
            substance: crate::graph::Hash::of(&Value::Null),
            run: "a00000000000000000000005".parse::<RunId>().unwrap(),
            at: "2026-01-01T00:00:00Z".parse::<Time>().unwrap(),
            retain: false,
        };
        change(&mut tracked);
        self.inventory.retain(|other| !other.key.same(&tracked.key));
        self.inventory.push(tracked);
    }

    /// How many calls of each kind were made since the last time.
    fn counts(&self, before: usize) -> Vec<(Verb, usize)> {
        let calls = self.cluster.calls();
        let verbs = [Verb::Get, Verb::List, Verb::Heads, Verb::DryRun, Verb::Apply, Verb::Delete];
        let count = |verb| calls[before..].iter().filter(|call| call.verb == verb).count();
        verbs.into_iter().map(|verb| (verb, count(verb))).filter(|(_, count)| *count > 0).collect()
    }
}

/// Action, key and note of every operation.
fn told(planned: &Planned) -> Vec<(&'static str, String, String)> {
    let told = |operation: &PlannedOperation| {
        (operation.action.as_str(), operation.key.to_string(), operation.note.clone().unwrap_or_default())
    };
    planned.plan.operations.iter().map(told).collect()
}

/// Code, field and hint of every finding.
fn findings(planned: &Planned) -> Vec<(&str, &str, &str)> {
    let findings = planned.plan.findings.iter();
    findings
        .map(|finding| (finding.code.as_str(), finding.field.as_str(), finding.message.as_str()))
        .collect()
}
