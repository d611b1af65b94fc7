//! What of a rendered object is really applied, given what is live.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::planner::Planner;
use super::sight::{Place, Sight, place};
use crate::kube::{Scope, quantity};
use crate::manifest::{Key, Kind, Object};
use crate::runs::policy::Policy;
use crate::runs::prepare::Prepared;
use crate::runs::{Error, MANAGER};

/// On an object whose node says `keep`: it is never pruned, even by who has lost the store. People may set it themselves.
pub const KEEP_ANNOTATION: &str = "kubeorch.io/keep";

/// Members of a claim's spec that were set when it was made and can only be repeated.
const CLAIM_FIXED: [&str; 4] = ["accessModes", "storageClassName", "volumeMode", "selector"];

/// Workloads whose replicas an autoscaler sees to.
pub(super) type Scaled = HashSet<Place>;

/// An object as it is to be applied.
pub(super) struct Shaped {
    /// What was meant: for the inventory.
    pub(super) meant: Object,
    /// What is sent; run-time leaves still open.
    pub(super) sent: Object,
    pub(super) note: Option<String>,
}

/// Leaves out what is not ours to set.
pub(super) fn shape(template: &Object, live: Option<&Object>, policy: &Policy, scaled: &Scaled) -> Shaped {
    let mut meant = template.clone();
    let mut note = None;
    if policy.keep {
        annotate(&mut meant, KEEP_ANNOTATION, "true");
    }
    let mut kept = None;
    if scaled.contains(&place(&template.key())) && take(&mut meant, "replicas").is_some() {
        note = Some("an autoscaler sees to the replicas".to_owned());
        // A field that is dropped by its only owner falls back to its default: one replica, until the autoscaler comes by.
        kept = live.filter(|live| only_ours(live)).and_then(|live| live.pointer("/spec/replicas")).cloned();
    }
    let mut sent = meant.clone();
    if let (Some(replicas), Some(Value::Object(spec))) = (kept, sent.as_map_mut().get_mut("spec")) {
        spec.insert("replicas".to_owned(), replicas);
    }
    if let Some(live) = live.filter(|_| is_claim(&meant.kind())) {
        note = claim(&mut sent, live).or(note);
    }
    Shaped { meant, sent, note }
}

fn is_claim(kind: &Kind) -> bool {
    kind.group().is_empty() && kind.kind == "PersistentVolumeClaim"
}

fn take(object: &mut Object, member: &str) -> Option<Value> {
    object.as_map_mut().get_mut("spec")?.as_object_mut()?.shift_remove(member)
}

fn annotate(object: &mut Object, name: &str, value: &str) {
    if let Some(Value::Object(metadata)) = object.as_map_mut().get_mut("metadata") {
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Value::Object(annotations) = annotations {
            annotations.insert(name.to_owned(), Value::from(value));
        }
    }
}

/// Whether we own a workload's replicas and nobody else does.
fn only_ours(live: &Object) -> bool {
    let Some(Value::Array(entries)) = live.pointer("/metadata/managedFields") else { return false };
    let owners = entries.iter().filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some());
    let owners: Vec<_> = owners.map(|entry| &entry["manager"]).collect();
    !owners.is_empty() && owners.iter().all(|owner| **owner == MANAGER)
}

/// Of an existing claim only a larger size is sent; everything else repeats what is live. Answers what was ignored.
fn claim(sent: &mut Object, live: &Object) -> Option<String> {
    let empty = Map::new();
    let is = live.as_map().get("spec").and_then(Value::as_object).unwrap_or(&empty);
    let Some(Value::Object(spec)) = sent.as_map_mut().get_mut("spec") else { return None };
    let mut ignored = Vec::new();
    let wanted = std::mem::take(spec);
    for name in CLAIM_FIXED {
        if let (Some(wanted), Some(is)) = (wanted.get(name), is.get(name))
            && wanted != is
        {
            ignored.push(name);
        }
        if let Some(value) = is.get(name) {
            spec.insert(name.to_owned(), value.clone());
        }
    }
    let size = |spec: &Map<String, Value>| spec.get("resources")?.get("requests")?.get("storage").cloned();
    let number = |size: &Value| size.as_str().and_then(quantity::parse);
    let size = match (size(&wanted), size(is)) {
        (Some(wanted), Some(is)) if number(&wanted) < number(&is) => {
            ignored.push("a smaller size");
            Some(is)
        }
        (Some(wanted), Some(is)) if number(&wanted) == number(&is) => Some(is),
        (Some(wanted), _) => Some(wanted),
        (None, is) => is,
    };
    if let Some(size) = size {
        spec.insert("resources".to_owned(), json!({ "requests": { "storage": size } }));
    }
    (!ignored.is_empty()).then(|| format!("a claim can only grow; ignored: {}", ignored.join(", ")))
}

impl Planner<'_> {
    /// The workloads that an autoscaler of the graph or the cluster targets.
    pub(super) async fn scaled(&self, prepared: &Prepared, sight: &Sight) -> Result<Scaled, Error> {
        let objects = || prepared.nodes.iter().flat_map(|node| node.objects.iter());
        let desired: HashSet<Place> = objects().map(|object| place(&object.key())).collect();
        let mut scaled: Scaled = objects().filter_map(target).collect();
        let namespaces: std::collections::BTreeSet<&str> = objects()
            .filter(|object| object.pointer("/spec/replicas").is_some_and(Value::is_number))
            .filter(|object| !scaled.contains(&place(&object.key())))
            .filter_map(Object::namespace)
            .collect();
        let kind = Kind::new("autoscaling/v2", "HorizontalPodAutoscaler");
        for namespace in namespaces {
            let scope =
                Scope { kind: kind.clone(), namespace: Some(namespace.to_owned()), labels: String::new() };
            // Without the permission to see them, an autoscaler's field shows up as a conflict.
            let Ok(found) = self.cluster.list(&scope).await else { continue };
            // Our own that the graph no longer holds is about to be removed.
            let leaving = |object: &Object| {
                self.options.prune
                    && sight.labelled.contains(&place(&object.key()))
                    && !desired.contains(&place(&object.key()))
            };
            scaled.extend(found.iter().filter(|object| !leaving(object)).filter_map(target));
        }
        Ok(scaled)
    }
}

/// What an autoscaler scales.
fn target(object: &Object) -> Option<Place> {
    let kind = object.kind();
    if (kind.group(), kind.kind.as_str()) != ("autoscaling", "HorizontalPodAutoscaler") {
        return None;
    }
    let target = object.pointer("/spec/scaleTargetRef")?;
    let text = |name: &str| target.get(name).and_then(Value::as_str);
    let kind = Kind::new(text("apiVersion").unwrap_or("apps/v1"), text("kind")?);
    let namespace = object.namespace().map(str::to_owned);
    Some(place(&Key { kind, namespace, name: text("name")?.to_owned() }))
}
