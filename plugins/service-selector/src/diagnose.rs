//! Which pods a service would have to select, and whether it does.

use kubeorch_plugin_sdk::{
    Severity,
    fix::{Facts, Finding, Neighbour, Subject},
    kubernetes::{Tree, at},
};
use serde_json::{Map, Value, json};

use crate::NO_PODS;

/// Kinds that make pods from a template in `spec.template`.
const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Job"];

/// A linked workload.
pub(crate) struct Workload<'a> {
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    /// The labels that it selects its pods by.
    pub(crate) selector: &'a Map<String, Value>,
    /// The labels of the pods that its template makes.
    template: &'a Map<String, Value>,
    /// The labels of its pods in the cluster.
    pods: Vec<&'a Map<String, Value>>,
}

impl Workload<'_> {
    /// Of pods, or of pods to come: while a workload rolls out, both are there.
    fn is_selected(&self, selector: &Map<String, Value>) -> bool {
        self.pods.iter().chain([&self.template]).any(|labels| matches(selector, labels))
    }
}

pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let Some(service) = service(facts) else { return Vec::new() };
    // Without a selector somebody else makes the endpoints, and an external name has none.
    let Some(selector) = labels(service, &["spec", "selector"]) else { return Vec::new() };
    let workloads = workloads(facts);
    if workloads.is_empty() || workloads.iter().any(|it| it.is_selected(selector)) {
        return Vec::new();
    }
    let names: Vec<_> = workloads.iter().map(|it| format!("{} {}", it.kind, it.name)).collect();
    let seen = workloads.iter().any(|it| !it.pods.is_empty());
    let evidence = Tree::new()
        .set("selector", selector.clone())
        .set("workloads", workloads.iter().map(|it| evidence(it, selector)).collect::<Vec<_>>());
    let Value::Object(evidence) = evidence.into() else { return Vec::new() };
    vec![Finding {
        code: NO_PODS.to_owned(),
        message: format!("the selector {} matches no pod of {}", text(selector), names.join(" or ")),
        hint: "select the labels of the workload's pods".to_owned(),
        severity: Severity::Error,
        subject: Subject::of(service),
        // Without a pod it is told from the template alone.
        confidence: if seen { 95 } else { 80 },
        evidence,
    }]
}

/// The service in the cluster, else the one that is rendered.
pub(crate) fn service(facts: &Facts) -> Option<&Value> {
    facts.live("Service").next().or_else(|| facts.rendered("Service").next())
}

/// The workloads that the service is linked to, in their order.
pub(crate) fn workloads(facts: &Facts) -> Vec<Workload<'_>> {
    facts.neighbours.iter().filter_map(workload).collect()
}

fn workload(neighbour: &Neighbour) -> Option<Workload<'_>> {
    let (kind, live, rendered) = WORKLOADS.into_iter().find_map(|kind| {
        let (live, rendered) = (neighbour.live(kind).next(), neighbour.rendered(kind).next());
        (live.is_some() || rendered.is_some()).then_some((kind, live, rendered))
    })?;
    let object = live.or(rendered)?;
    let template = labels(object, &["spec", "template", "metadata", "labels"])?;
    let pods = neighbour.live("Pod").filter_map(|pod| labels(pod, &["metadata", "labels"])).collect();
    let name = at(object, &["metadata", "name"])?.as_str()?;
    // The controller of a job makes a selector of its own; the labels of the template are what it means.
    let selector = labels(object, &["spec", "selector", "matchLabels"]).unwrap_or(template);
    Some(Workload { kind, name, selector, template, pods })
}

/// What tells the selector from the pods, label by label.
fn evidence(workload: &Workload<'_>, selector: &Map<String, Value>) -> Value {
    let pod = workload.pods.first().copied().unwrap_or(workload.template);
    let differing = selector.iter().filter_map(|(key, wanted)| {
        let has = pod.get(key);
        (has != Some(wanted)).then(|| (key.clone(), json!({ "selector": wanted, "pods": has })))
    });
    Tree::new()
        .set("kind", workload.kind)
        .set("name", workload.name)
        .set("pods", workload.pods.len())
        .set("differs", differing.collect::<Map<_, _>>())
        .into()
}

/// The labels at a path; absent when there is none.
fn labels<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Map<String, Value>> {
    at(object, path)?.as_object().filter(|labels| !labels.is_empty())
}

fn matches(selector: &Map<String, Value>, labels: &Map<String, Value>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// `app=web,tier=front`, as kubectl writes it.
pub(crate) fn text(labels: &Map<String, Value>) -> String {
    let pairs = labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}
