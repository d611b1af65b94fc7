//! Looks at the cluster and puts a plan together; everything that is wrong comes at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::model::{Action, Plan, Planned, PlannedOperation, Step};
use super::object::Subject;
use super::shape::Scaled;
use super::sight::{Family, Place, Sight, family, place};
use crate::error::Finding;
use crate::graph::Hash;
use crate::id::WorkflowId;
use crate::kube::Cluster;
use crate::manifest::{Key, Kind, Object};
use crate::plugin::NodeTypes;
use crate::runs::Error;
use crate::runs::inventory::Tracked;
use crate::runs::model::{Options, Values};
use crate::runs::policy::Policy;
use crate::runs::prepare::{Prepared, PreparedNode};
use crate::time::Entropy;

/// How many objects are looked at side by side at most; the client bounds what reaches the server.
pub(super) const PARALLEL: usize = 256;

/// Everything a plan is made from.
pub(in crate::runs) struct Planner<'a> {
    pub(in crate::runs) cluster: &'a dyn Cluster,
    pub(in crate::runs) cluster_name: &'a str,
    pub(in crate::runs) types: &'a dyn NodeTypes,
    pub(in crate::runs) workflow: WorkflowId,
    pub(in crate::runs) values: &'a Values,
    pub(in crate::runs) options: &'a Options,
    pub(in crate::runs) entropy: &'a dyn Entropy,
    /// Whether a workflow id is that of a workflow of another account of this server.
    pub(in crate::runs) stranger: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// What earlier runs left.
    pub(in crate::runs) inventory: &'a [Tracked],
}

/// What is known before the first object is planned.
pub(super) struct Picture<'a> {
    pub(super) sight: Sight,
    /// The inventory, by place.
    pub(super) tracked: HashMap<Place, &'a Tracked>,
    pub(super) scaled: Scaled,
    missing: BTreeSet<String>,
    definitions: HashSet<Family>,
}

impl Picture<'_> {
    /// Whether an object's namespace is not there yet.
    pub(super) fn absent(&self, key: &Key) -> bool {
        key.namespace.as_ref().is_some_and(|namespace| self.missing.contains(namespace))
    }

    /// Whether the graph itself brings a kind.
    pub(super) fn defined(&self, kind: &Kind) -> bool {
        self.definitions.contains(&family(kind))
    }
}

/// What is planned for one node.
pub(super) struct NodePlan {
    pub(super) operations: Vec<PlannedOperation>,
    pub(super) findings: Vec<Finding>,
    pub(super) steps: Option<Vec<Step>>,
}

impl Planner<'_> {
    /// Looks at the cluster and plans; all findings at once.
    pub(in crate::runs) async fn plan(&self, prepared: &Prepared) -> Result<Planned, Error> {
        let mut findings = prepared.findings.clone();
        let policies = policies(prepared, &mut findings);
        let namespaces = self.namespaces(prepared).await?;
        findings.extend(namespaces.findings);
        let sight = self.look(prepared, &namespaces.missing).await?;
        let picture = Picture {
            scaled: self.scaled(prepared, &sight).await?,
            sight,
            tracked: self.inventory.iter().map(|tracked| (place(&tracked.key), tracked)).collect(),
            missing: namespaces.missing,
            definitions: definitions(prepared),
        };
        // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
        let looks: Vec<_> = prepared
            .nodes
            .iter()
            .zip(&policies)
            .map(|(node, policy)| self.node(Subject { node, policy, picture: &picture }))
            .collect();
        let looks: Vec<NodePlan> = stream::iter(looks).buffered(PARALLEL).try_collect().await?;

        let mut operations: Vec<PlannedOperation> = namespaces
            .make
            .iter()
            .map(|namespace| PlannedOperation::new(None, namespace.key(), Action::Create))
            .collect();
        let mut steps = Vec::with_capacity(looks.len());
        let mut spans = Vec::with_capacity(looks.len());
        for look in looks {
            findings.extend(look.findings);
            spans.push(operations.len()..operations.len() + look.operations.len());
            operations.extend(look.operations);
            steps.push(look.steps);
        }
        order(prepared, namespaces.make.len(), &spans, &mut operations);
        let mut pruning = super::prune::Pruning::default();
        if self.options.prune {
            pruning = self.prune(prepared, &picture.sight).await?;
            operations.append(&mut pruning.operations);
        }
        findings.sort_by_key(|finding| finding.severity);
        let content = content(prepared);
        let hash = Hash::of(&json!({
            "workflow": self.workflow, "cluster": self.cluster_name,
            "operations": operations.iter().map(said).collect::<Vec<_>>(),
            // Masked values do not tell changes apart; the objects with their run-time leaves still open do.
            "content": content.to_string(),
        }));
        let plan = Plan {
            hash,
            content,
            cluster: self.cluster_name.to_owned(),
            operations,
            notes: prepared.notes.clone(),
            findings,
        };
        Ok(Planned {
            plan,
            namespaces: [namespaces.make, namespaces.rendered].concat(),
            steps,
            policies,
            removals: pruning.removals,
            forgotten: pruning.forgotten,
        })
    }

    async fn node(&self, subject: Subject<'_>) -> Result<NodePlan, Error> {
        let mut out = NodePlan { operations: Vec::new(), findings: Vec::new(), steps: Some(Vec::new()) };
        for object in subject.node.objects.iter() {
            self.object(&subject, object, &mut out).await?;
        }
        Ok(out)
    }

    /// A secret without a value is an error when something in the graph uses it, else the node is left out.
    pub(super) fn without_value(
        &self,
        node: &PreparedNode,
        key: &Key,
        missing: &[String],
        out: &mut NodePlan,
    ) {
        let text = format!("{key} has no value for {}", missing.join(", "));
        let finding = if node.linked {
            Finding::error("secret.value_missing", text)
        } else {
            out.steps = None;
            Finding::warning("secret.value_missing", text)
        };
        let field = node.info.secret_keys.clone().unwrap_or_default();
        out.findings.push(
            finding
                .on_node(&node.input.id)
                .at(field)
                .hint("Give the value with the run, or let the key be generated."),
        );
    }
}

fn policies(prepared: &Prepared, findings: &mut Vec<Finding>) -> Vec<Policy> {
    let read = |node: &Arc<PreparedNode>| {
        let (policy, wrong) = Policy::of(&node.input.data);
        findings.extend(wrong.into_iter().map(|finding| finding.on_node(&node.input.id)));
        policy
    };
    prepared.nodes.iter().map(read).collect()
}

/// The kinds that the graph itself defines.
fn definitions(prepared: &Prepared) -> HashSet<Family> {
    let objects = prepared.nodes.iter().flat_map(|node| node.objects.iter());
    let definitions = objects.filter(|object| object.kind().kind == "CustomResourceDefinition");
    definitions
        .filter_map(|object| {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            Some((text("/spec/group")?, text("/spec/names/kind")?))
        })
        .collect()
}

/// The hash of the rendered objects, run-time leaves open.
fn content(prepared: &Prepared) -> Hash {
    Hash::of(&prepared.nodes.iter().flat_map(|node| node.objects.iter()).map(Object::to_value).collect())
}

/// Everything that an operation says.
fn said(operation: &PlannedOperation) -> Value {
    json!({
        "node": operation.node, "key": operation.key, "action": operation.action, "changes": operation.changes,
        "conflicts": operation.conflicts, "note": operation.note,
    })
}

/// Writes into each operation which come first: its namespace, the one before it in its node, and the last of each
/// node that its node needs.
fn order(
    prepared: &Prepared,
    namespaces: usize,
    spans: &[std::ops::Range<usize>],
    operations: &mut [PlannedOperation],
) {
    let made: HashMap<String, usize> =
        operations[..namespaces].iter().enumerate().map(|(at, made)| (made.key.name.clone(), at)).collect();
    for (node, span) in prepared.nodes.iter().zip(spans) {
        for at in span.clone() {
            let namespace = operations[at].key.namespace.as_ref().and_then(|name| made.get(name));
            let mut after: Vec<usize> = namespace.copied().into_iter().collect();
            if at > span.start {
                after.push(at - 1);
            } else {
                let needed = node.after.iter().filter_map(|first| spans.get(*first));
                after.extend(needed.filter(|span| !span.is_empty()).map(|span| span.end - 1));
            }
            after.sort_unstable();
            operations[at].after = after;
        }
    }
}
