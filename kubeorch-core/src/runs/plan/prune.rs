//! What is removed: what the inventory or the label says is the workflow's and the graph no longer holds.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::model::{Action, PlannedOperation, Removal};
use super::planner::{PARALLEL, Planner};
use super::shape::KEEP_ANNOTATION;
use super::sight::{Family, Place, Sight, family, place};
use crate::id::WorkflowId;
use crate::kube::{Cluster, Scope};
use crate::manifest::{Key, Kind, Object};
use crate::plugin::NodeTypes;
use crate::runs::Error;
use crate::runs::inventory::Tracked;
use crate::runs::prepare::{NODE_LABEL, Prepared, WORKFLOW_LABEL};

/// Kinds that hold data or other objects: removed only when they are named.
const PROTECTED: [(&str, &str); 6] = [
    ("", "PersistentVolumeClaim"),
    ("", "PersistentVolume"),
    ("", "Secret"),
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("storage.k8s.io", "StorageClass"),
];

/// Why an object is not removed by itself.
pub(super) fn protected(kind: &Kind) -> bool {
    PROTECTED.contains(&(kind.group(), kind.kind.as_str()))
}

/// What a plan removes.
#[derive(Default)]
pub(super) struct Pruning {
    pub(super) operations: Vec<PlannedOperation>,
    pub(super) removals: Vec<Removal>,
    pub(super) forgotten: Vec<Key>,
}

impl Planner<'_> {
    /// Last applied first.
    pub(super) async fn prune(&self, prepared: &Prepared, sight: &Sight) -> Result<Pruning, Error> {
        let desired: HashSet<Place> = prepared
            .nodes
            .iter()
            .flat_map(|node| node.objects.iter())
            .map(|object| place(&object.key()))
            .collect();
        let left: Vec<&Tracked> =
            self.inventory.iter().filter(|tracked| !desired.contains(&place(&tracked.key))).collect();
        let records: HashMap<Place, &Tracked> =
            left.iter().map(|tracked| (place(&tracked.key), *tracked)).collect();
        let mut out = Pruning::default();
        let ranks = ranks(self.types);
        let mut found: Vec<(i32, Option<&Tracked>, Object)> = Vec::new();
        for at in sight.labelled.iter().filter(|at| !desired.contains(*at)) {
            let Some(object) = sight.whole(at) else { continue };
            let record = records.get(at).copied();
            if self.removable(object, record) {
                let rank = ranks.get(&(at.0.clone(), at.1.clone())).map_or(0, |(rank, _)| *rank);
                found.push((record.map_or(rank, |record| record.rank), record, object.clone()));
            }
        }
        let seen: HashSet<&Place> = sight.labelled.iter().collect();
        let own = self.workflow.to_string();
        // Gone, or its label is.
        let lost = left.iter().filter(|tracked| !seen.contains(&place(&tracked.key)));
        let reads = lost
            .map(|tracked| async move { Ok::<_, Error>((*tracked, self.cluster.get(&tracked.key).await?)) });
        // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
        let reads: Vec<_> = stream::iter(reads.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await?;
        for (tracked, object) in reads {
            match object {
                // Listing was refused, or no node type renders its kind any more.
                Some(object)
                    if object.label(WORKFLOW_LABEL) == Some(&own)
                        && self.removable(&object, Some(tracked)) =>
                {
                    found.push((tracked.rank, Some(tracked), object));
                }
                Some(object) if object.uid() == Some(&tracked.uid) => {
                    let mut planned =
                        PlannedOperation::new(Some(&tracked.node), tracked.key.clone(), Action::Unchanged);
                    planned.note =
                        Some("no longer in the graph; left alone because its label says that it is not this workflow's".into());
                    out.operations.push(planned);
                    out.forgotten.push(tracked.key.clone());
                }
                _ => out.forgotten.push(tracked.key.clone()),
            }
        }
        found.sort_by(|a, b| {
            let order = |(rank, record, object): &(i32, Option<&Tracked>, Object)| {
                (std::cmp::Reverse(*rank), std::cmp::Reverse(record.map(|record| record.at)), object.key())
            };
            order(a).cmp(&order(b))
        });
        for (_, record, object) in found {
            self.remove(&ranks, record, &object, &mut out);
        }
        Ok(out)
    }

    /// An object that a controller owns is its matter, and a successor that somebody else made is theirs.
    fn removable(&self, object: &Object, record: Option<&Tracked>) -> bool {
        let same = record.is_some_and(|record| object.uid() == Some(&record.uid));
        !controlled(object) && (same || self.made_by_us(object))
    }

    fn remove(
        &self,
        ranks: &BTreeMap<Family, (i32, bool)>,
        record: Option<&Tracked>,
        object: &Object,
        out: &mut Pruning,
    ) {
        let key = object.key();
        let node = record.map(|record| record.node.clone());
        let node = node.or_else(|| object.label(NODE_LABEL).map(str::to_owned));
        let mut planned = PlannedOperation::new(node.as_deref(), key.clone(), Action::Delete);
        let named = self.options.prune_protected.iter().any(|kind| kind.eq_ignore_ascii_case(&key.kind.kind));
        let holds = protected(&key.kind) || ranks.get(&family(&key.kind)).is_some_and(|(_, retain)| *retain);
        let keep = record.is_some_and(|record| record.retain) || keeps(object);
        if keep {
            planned.note = Some("no longer in the graph; kept because its node said so".into());
        } else if holds && !named {
            planned.note = Some("no longer in the graph; kept because it holds data".into());
        }
        if planned.note.is_some() {
            planned.action = Action::Unchanged;
        } else {
            out.removals.push(Removal { key, uid: object.uid().map(str::to_owned), node });
        }
        out.operations.push(planned);
    }
}

fn keeps(object: &Object) -> bool {
    object
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(KEEP_ANNOTATION))
        .is_some_and(|value| value == "true")
}

fn controlled(object: &Object) -> bool {
    object.pointer("/metadata/ownerReferences/0").is_some()
}

/// Place in the apply order, and whether it is kept, by kind. A kind that several types render is applied with the last of
/// them, and kept if one of them is.
fn ranks(types: &dyn NodeTypes) -> BTreeMap<Family, (i32, bool)> {
    let mut ranks: BTreeMap<Family, (i32, bool)> = BTreeMap::new();
    for info in types.list() {
        for kind in &info.kinds {
            let entry = ranks.entry(family(&kind.kind)).or_insert((info.rank, false));
            entry.0 = entry.0.max(info.rank);
            entry.1 |= info.retain;
        }
    }
    ranks
}

/// Everything in a cluster that carries a workflow's label, last applied first, with whether it is
/// kept unless asked. Kinds come from the installed node types; objects that a controller owns are its matter.
pub(in crate::runs) async fn owned(
    cluster: &dyn Cluster,
    types: &dyn NodeTypes,
    workflow: WorkflowId,
) -> Result<Vec<(bool, Object)>, Error> {
    let ranks = ranks(types);
    let mut kinds: BTreeMap<Family, Kind> = BTreeMap::new();
    for info in types.list() {
        for kind in &info.kinds {
            kinds.entry(family(&kind.kind)).or_insert_with(|| kind.kind.clone());
        }
    }
    let lists = kinds.into_iter().map(|(family, kind)| {
        let (rank, retain) = ranks.get(&family).copied().unwrap_or_default();
        let retain = retain || protected(&kind);
        async move {
            let labels = format!("{WORKFLOW_LABEL}={workflow}");
            let objects = cluster.list(&Scope { kind, namespace: None, labels }).await?;
            Ok::<_, Error>((rank, retain, objects))
        }
    });
    // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
    let mut lists: Vec<_> = stream::iter(lists.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await?;
    lists.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
    Ok(lists
        .into_iter()
        .flat_map(|(_, retain, objects)| objects.into_iter().map(move |object| (retain, object)))
        .filter(|(_, object)| !controlled(object))
        .map(|(retain, object)| (retain || keeps(&object), object))
        .collect())
}
