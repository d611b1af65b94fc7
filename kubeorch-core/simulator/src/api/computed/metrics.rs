//! `metrics.k8s.io`: what pods and nodes use, as a metrics server reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, Status};
use crate::api::Verb;
use crate::api::render::Form;
use crate::core::Core;
use crate::usage::{Meter, Usage};
use crate::value::{name, namespace, text};

/// What a node uses beside its pods: 50m of CPU and 256 MiB.
const SYSTEM: Usage = Usage { cpu: 50, memory: 256 * 1024 * 1024 * 1000 };

pub(super) fn read(core: &Core, call: &Call) -> Result<Answer, Status> {
    let all = if call.resource.namespaced() { pods(core, call)? } else { nodes(core, call)? };
    let form = Form::of(call);
    match call.verb {
        Verb::Get => match all.first() {
            Some(found) => Ok(form.answer(StatusCode::OK, &call.resource, found, core.now())),
            None => Err(Status::not_found(&call.resource, call.own())),
        },
        Verb::List => Ok(form.many(&call.resource, &all, json!({}), core.now())),
        _ => Err(Status::method_not_allowed()),
    }
}

fn wanted(call: &Call, object: &Value) -> Result<bool, Status> {
    Ok(call.name.as_deref().is_none_or(|own| own == name(object))
        && call.labels()?.matches(object)
        && call.fields()?.matches(object))
}

fn pods(core: &Core, call: &Call) -> Result<Vec<Arc<Value>>, Status> {
    let mut meter = Meter::new(core);
    let mut out = Vec::new();
    for pod in core.objects.list("pods", call.namespace.as_deref()) {
        if !wanted(call, pod)? {
            continue;
        }
        let containers: Vec<_> = meter
            .read(pod)
            .into_iter()
            .map(|(name, usage)| json!({ "name": name, "usage": written(usage) }))
            .collect();
        if !containers.is_empty() {
            out.push(Arc::new(reading(core, call, pod, "containers", &json!(containers))));
        }
    }
    Ok(out)
}

fn nodes(core: &Core, call: &Call) -> Result<Vec<Arc<Value>>, Status> {
    let mut meter = Meter::new(core);
    let mut used: BTreeMap<&str, Usage> = BTreeMap::new();
    for pod in core.objects.list("pods", None) {
        let sum = used.entry(text(pod, "/spec/nodeName")).or_insert(SYSTEM);
        for (_, usage) in meter.read(pod) {
            *sum = Usage { cpu: sum.cpu + usage.cpu, memory: sum.memory + usage.memory };
        }
    }
    let mut out = Vec::new();
    for node in core.objects.list("nodes", None) {
        if wanted(call, node)? {
            let usage = used.get(name(node)).copied().unwrap_or(SYSTEM);
            out.push(Arc::new(reading(core, call, node, "usage", &written(usage))));
        }
    }
    Ok(out)
}

fn reading(core: &Core, call: &Call, of: &Value, field: &str, value: &Value) -> Value {
    let mut meta = json!({ "name": name(of), "creationTimestamp": core.stamp() });
    if let Some(labels) = of.pointer("/metadata/labels") {
        meta["labels"] = labels.clone();
    }
    if call.resource.namespaced() {
        meta["namespace"] = json!(namespace(of));
    }
    let mut out = json!({
        "apiVersion": call.resource.api_version(), "kind": call.resource.kind,
        "metadata": meta, "timestamp": core.stamp(), "window": "10s",
    });
    out[field] = value.clone();
    out
}

fn written(usage: Usage) -> Value {
    json!({ "cpu": format!("{}m", usage.cpu), "memory": format!("{}Ki", usage.memory / 1_024_000) })
}
