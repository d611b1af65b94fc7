//! Looks at the cluster and plans.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::model::{Action, Known, Plan, Planned, PlannedOperation, Removal, Step};
use crate::error::Finding;
use crate::graph::Hash;
use crate::id::WorkflowId;
use crate::kube::{self, ApplyOptions, Cluster, Scope};
use crate::manifest::{Key, Kind, Object};
use crate::plugin::NodeTypes;
use crate::runs::changes::changes;
use crate::runs::fill::fill;
use crate::runs::model::{Options, Values};
use crate::runs::policy::Policy;
use crate::runs::prepare::{NODE_LABEL, Prepared, PreparedNode, WORKFLOW_LABEL};
use crate::runs::{Error, MANAGER};
use crate::time::Entropy;

/// How many objects are looked at side by side; the client bounds what reaches the server.
const PARALLEL: usize = 16;

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
}

impl Planner<'_> {
    /// Looks at the cluster and plans; all findings at once.
    pub(in crate::runs) async fn plan(&self, prepared: &Prepared) -> Result<Planned, Error> {
        let mut findings = prepared.findings.clone();
        let mut policies = Vec::with_capacity(prepared.nodes.len());
        for node in &prepared.nodes {
            let (policy, wrong) = Policy::of(&node.input.data);
            findings.extend(wrong.into_iter().map(|finding| finding.on_node(&node.input.id)));
            policies.push(policy);
        }
        let mut operations = Vec::new();
        let namespaces = self.missing_namespaces(prepared, &mut operations, &mut findings).await?;
        let missing: BTreeSet<&str> = namespaces.iter().map(Object::name).collect();
        // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
        let looks: Vec<_> = prepared.nodes.iter().map(|node| self.node(node, &missing)).collect();
        let looks: Vec<NodePlan> = stream::iter(looks).buffered(PARALLEL).try_collect().await?;
        let mut steps = Vec::with_capacity(looks.len());
        for look in looks {
            findings.extend(look.findings);
            operations.extend(look.operations);
            steps.push(look.steps);
        }
        let mut removals = Vec::new();
        if self.options.prune {
            self.removals(prepared, &mut operations, &mut removals).await?;
        }
        findings.sort_by_key(|finding| finding.severity);
        let summary: Vec<_> = operations
            .iter()
            .map(|operation| json!({ "key": operation.key, "action": operation.action, "changes": operation.changes }))
            .collect();
        // Masked values do not tell changes apart; the objects with their run-time leaves still open do.
        let content: Vec<_> =
            prepared.nodes.iter().flat_map(|node| node.objects.iter()).map(Object::to_value).collect();
        let content = serde_json::Value::Array(content);
        let hash = Hash::of(&json!({
            "workflow": self.workflow, "cluster": self.cluster_name, "operations": summary, "content": content,
        }));
        let plan = Plan {
            hash,
            content: Hash::of(&content),
            cluster: self.cluster_name.to_owned(),
            operations,
            notes: prepared.notes.clone(),
            findings,
        };
        Ok(Planned { plan, namespaces, steps, policies, removals })
    }

    async fn missing_namespaces(
        &self,
        prepared: &Prepared,
        operations: &mut Vec<PlannedOperation>,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Object>, Error> {
        let mut wanted: BTreeMap<&str, &PreparedNode> = BTreeMap::new();
        for node in &prepared.nodes {
            for namespace in node.objects.iter().filter_map(Object::namespace) {
                wanted.entry(namespace).or_insert(node);
            }
        }
        let mut missing = Vec::new();
        for (name, node) in wanted {
            let key = Key { kind: Kind::new("v1", "Namespace"), namespace: None, name: name.to_owned() };
            match self.cluster.get(&key).await {
                // A role bound to one namespace often may not read namespaces: the apply will tell.
                Ok(Some(_)) | Err(kube::Error::Denied(_)) => {}
                Ok(None) if self.options.create_namespaces => {
                    let value = json!({ "apiVersion": "v1", "kind": "Namespace",
                        "metadata": { "name": name, "labels": { "managed-by": MANAGER } } });
                    if let Ok(object) = Object::new(value) {
                        operations.push(PlannedOperation::new(None, key, Action::Create));
                        missing.push(object);
                    }
                }
                Ok(None) => findings.push(
                    Finding::error("cluster.namespace_missing", format!("namespace {name} does not exist"))
                        .on_node(&node.input.id)
                        .at("namespace")
                        .hint("Create it, or let the run create namespaces."),
                ),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(missing)
    }

    async fn node(&self, node: &PreparedNode, missing: &BTreeSet<&str>) -> Result<NodePlan, Error> {
        let mut out = NodePlan { operations: Vec::new(), findings: Vec::new(), steps: Some(Vec::new()) };
        for object in node.objects.iter() {
            self.object(node, object, missing, &mut out).await?;
        }
        Ok(out)
    }

    async fn object(
        &self,
        node: &PreparedNode,
        template: &Object,
        missing: &BTreeSet<&str>,
        out: &mut NodePlan,
    ) -> Result<(), Error> {
        let key = template.key();
        let new_namespace = key.namespace.as_deref().is_some_and(|name| missing.contains(name));
        let live = match self.cluster.get(&key).await {
            _ if new_namespace => None,
            Ok(live) => live,
            Err(kube::Error::UnknownKind(kind)) => {
                let text = format!("the cluster does not serve {kind}");
                out.findings.push(
                    Finding::error("cluster.unknown_kind", text)
                        .on_node(&node.input.id)
                        .hint("Install what brings this kind, or use another cluster."),
                );
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(live) = &live
            && let Some(owner) = self.foreign_owner(live)
        {
            let text = format!("{key} belongs to {owner}");
            out.findings.push(
                Finding::error("cluster.object_foreign", text)
                    .on_node(&node.input.id)
                    .at("name")
                    .hint("Rename the node, or run with `adopt` (`--adopt`) to take the object over."),
            );
            return Ok(());
        }
        let filled = fill(template, live.as_ref(), &node.input.id, self.values, self.entropy);
        if !filled.missing.is_empty() {
            self.without_value(node, &key, &filled.missing, out);
            return Ok(());
        }
        let mut planned = PlannedOperation::new(Some(&node.input.id), key.clone(), Action::Create);
        if !new_namespace {
            let options = ApplyOptions {
                manager: MANAGER.into(),
                force: self.force(live.as_ref()),
                dry_run: true,
                ..ApplyOptions::default()
            };
            match self.cluster.apply(&filled.object, &options).await {
                Ok(applied) => {
                    if let Some(live) = &live {
                        planned.changes = changes(live, &applied.object);
                        let same = planned.changes.is_empty();
                        planned.action = if same { Action::Unchanged } else { Action::Update };
                    }
                }
                Err(error) if error.retry() || matches!(error, kube::Error::Denied(_)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    out.findings.push(refused(node, &error));
                    return Ok(());
                }
            }
        }
        if let Some(steps) = &mut out.steps {
            let known = match &live {
                None => Known::Absent,
                Some(live) => {
                    live.resource_version().map_or(Known::Unread, |version| Known::At(version.to_owned()))
                }
            };
            steps.push(Step {
                object: filled.object,
                action: planned.action,
                known,
                force: self.force(live.as_ref()),
                recreate: None,
                content: Hash::of(&template.to_value()),
            });
        }
        out.operations.push(planned);
        Ok(())
    }

    /// Fields of an object that is taken over on request are taken over too.
    pub(in crate::runs) fn force(&self, live: Option<&Object>) -> bool {
        let ours = |object: &Object| object.label(WORKFLOW_LABEL) == Some(&self.workflow.to_string());
        self.options.force || (self.options.adopt && live.is_some_and(|object| !ours(object)))
    }

    /// Who else an object belongs to. Free are this workflow's own and those that the reference server made (label
    /// `managed-by: kubeorch`, no workflow): what is taken over is also removed one day.
    fn foreign_owner(&self, live: &Object) -> Option<String> {
        let owner = live.label(WORKFLOW_LABEL).filter(|id| *id != self.workflow.to_string());
        if owner.is_some_and(self.stranger) {
            // Clusters may be shared; another account's objects are neither taken nor shown, asked or not.
            return Some("another account".to_owned());
        }
        if self.options.adopt {
            return None;
        }
        match live.label(WORKFLOW_LABEL) {
            Some(_) if owner.is_none() => None,
            Some(id) => Some(format!("workflow {id}")),
            None => {
                let by = ["managed-by", "app.kubernetes.io/managed-by"];
                match by.iter().find_map(|label| live.label(label)) {
                    Some(by) if by == MANAGER => None,
                    Some(by) => Some(by.to_owned()),
                    None => Some("somebody else: it has no label of a workflow".to_owned()),
                }
            }
        }
    }

    /// A secret without a value is an error when something in the graph uses it, else the node is left out.
    fn without_value(&self, node: &PreparedNode, key: &Key, missing: &[String], out: &mut NodePlan) {
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

    /// Objects that carry this workflow's label and are not in the graph any more, last applied first.
    async fn removals(
        &self,
        prepared: &Prepared,
        operations: &mut Vec<PlannedOperation>,
        removals: &mut Vec<Removal>,
    ) -> Result<(), Error> {
        let desired: Vec<Key> =
            prepared.nodes.iter().flat_map(|node| node.objects.iter().map(Object::key)).collect();
        for (retain, object) in owned(self.cluster, self.types, self.workflow).await? {
            let key = object.key();
            if desired.iter().any(|wanted| wanted.same(&key)) {
                continue;
            }
            let node = object.label(NODE_LABEL).map(str::to_owned);
            let mut planned = PlannedOperation::new(node.as_deref(), key.clone(), Action::Delete);
            if retain {
                planned.action = Action::Unchanged;
                planned.note = Some("no longer in the graph; kept because it holds data".into());
            } else {
                removals.push(Removal { key, uid: object.uid().map(str::to_owned), node });
            }
            operations.push(planned);
        }
        Ok(())
    }
}

struct NodePlan {
    operations: Vec<PlannedOperation>,
    findings: Vec<Finding>,
    steps: Option<Vec<Step>>,
}

/// Everything in a cluster that carries a workflow's label, last applied first, with whether its type is
/// kept unless asked. Kinds come from the installed node types; objects that a controller owns are its matter.
pub(in crate::runs) async fn owned(
    cluster: &dyn Cluster,
    types: &dyn NodeTypes,
    workflow: WorkflowId,
) -> Result<Vec<(bool, Object)>, Error> {
    let mut kinds: BTreeMap<(String, String), (i32, bool, Kind)> = BTreeMap::new();
    for info in types.list() {
        for kind in &info.kinds {
            let place = (kind.kind.group().to_owned(), kind.kind.kind.clone());
            let entry = kinds.entry(place).or_insert_with(|| (info.rank, false, kind.kind.clone()));
            // A kind that several types render is applied with the last of them, and kept if one of them is.
            entry.0 = entry.0.max(info.rank);
            entry.1 |= info.retain;
        }
    }
    let lists = kinds.into_values().map(|(rank, retain, kind)| async move {
        let labels = format!("{WORKFLOW_LABEL}={workflow}");
        let objects = cluster.list(&Scope { kind, namespace: None, labels }).await?;
        Ok::<_, Error>((rank, retain, objects))
    });
    let mut lists: Vec<_> = stream::iter(lists).buffered(PARALLEL).try_collect().await?;
    lists.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
    let controlled = |object: &Object| object.pointer("/metadata/ownerReferences/0").is_some();
    Ok(lists
        .into_iter()
        .flat_map(|(_, retain, objects)| objects.into_iter().map(move |object| (retain, object)))
        .filter(|(_, object)| !controlled(object))
        .collect())
}

fn refused(node: &PreparedNode, error: &kube::Error) -> Finding {
    let (code, hint) = match error {
        kube::Error::Conflict { .. } => (
            "cluster.conflict",
            "Leave the field out, or run with `force` (`--force-conflicts`) to take it over.",
        ),
        _ => ("cluster.rejected", "Correct the field that the server names."),
    };
    Finding::error(code, error.to_string()).on_node(&node.input.id).hint(hint)
}
