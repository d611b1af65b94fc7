//! How much CPU and memory simulated containers use.
//!
//! Without more said a container uses a fifth of the CPU and half of the memory it requests. The
//! annotations [`CPU_LOAD`] and [`MEMORY_LOAD`] say more: on a pod, what that pod uses; on the workload
//! that owns it, what all its running pods use together, each an equal part. That is how load behaves
//! that is spread over replicas, and what makes autoscalers scale.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::core::Core;
use crate::kubelet::State;
use crate::validate::quantity_of;
use crate::value::{controller_of, list, map, namespace, terminating, text, uid};

/// The annotation with the CPU that a pod, or all pods of a workload, use.
pub(crate) const CPU_LOAD: &str = "simulator/cpu-load";
/// The annotation with the memory that a pod, or all pods of a workload, use.
pub(crate) const MEMORY_LOAD: &str = "simulator/memory-load";
/// Owners looked at above a pod; a job of a cron job is two.
const DEPTH: usize = 4;
/// What a container without a request uses: 5m of CPU and 16 MiB.
const IDLE: Usage = Usage { cpu: 5, memory: 16 * 1024 * 1024 * 1000 };

/// CPU in thousandths of a core, memory in thousandths of a byte (the unit autoscalers compute in).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
}

impl Usage {
    /// The amount of a named resource; `None` for those nobody measures.
    pub(crate) fn get(self, resource: &str) -> Option<i64> {
        match resource {
            "cpu" => Some(self.cpu),
            "memory" => Some(self.memory),
            _ => None,
        }
    }
}

/// A reading of the meters. It remembers what owners share, so one serves many pods.
pub(crate) struct Meter<'a> {
    core: &'a Core,
    /// By the uid of an owner: how many of its pods run.
    sharers: HashMap<String, i64>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(core: &'a Core) -> Self {
        Self { core, sharers: HashMap::new() }
    }

    /// The running containers of a pod and what they use; empty when nothing runs.
    pub(crate) fn read(&mut self, pod: &Value) -> Vec<(String, Usage)> {
        let running = running(self.core, pod);
        let count = i64::try_from(running.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Vec::new();
        }
        let (cpu, memory) = (self.load(pod, CPU_LOAD), self.load(pod, MEMORY_LOAD));
        let part = |load: Option<i64>, name: &str, resource: &str, tenths: i64, idle: i64| match load {
            Some(load) => load / count,
            None => requested(pod, name, resource).map_or(idle, |asked| asked / 10 * tenths),
        };
        running
            .into_iter()
            .map(|name| {
                let usage = Usage {
                    cpu: part(cpu, &name, "cpu", 2, IDLE.cpu),
                    memory: part(memory, &name, "memory", 5, IDLE.memory),
                };
                (name, usage)
            })
            .collect()
    }

    /// A pod's part of the load its topmost annotated owner says, in thousandths.
    fn load(&mut self, pod: &Value, annotation: &str) -> Option<i64> {
        let mut found = annotated(pod, annotation).map(|load| (load, None));
        let mut above: Option<Arc<Value>> = None;
        for _ in 0..DEPTH {
            let Some(next) = owner(self.core, above.as_deref().unwrap_or(pod)) else { break };
            if let Some(load) = annotated(&next, annotation) {
                found = Some((load, Some(Arc::clone(&next))));
            }
            above = Some(next);
        }
        let (load, shared) = found?;
        let Some(owner) = shared else { return Some(load) };
        let core = self.core;
        let sharers = self
            .sharers
            .entry(uid(&owner).to_owned())
            .or_insert_with(|| pods_below(core, uid(&owner), DEPTH));
        Some(load / (*sharers).max(1))
    }
}

/// What a container of a pod requests, in thousandths.
pub(crate) fn requested(pod: &Value, container: &str, resource: &str) -> Option<i64> {
    let spec = list(pod, "/spec/containers").iter().find(|one| text(one, "/name") == container)?;
    thousandths(spec.pointer(&format!("/resources/requests/{resource}"))?)
}

/// A quantity in thousandths, rounded up as quantities are.
pub(crate) fn thousandths(value: &Value) -> Option<i64> {
    let amount = match value {
        Value::String(raw) => quantity_of(raw)?,
        Value::Number(number) => number.as_f64()?,
        _ => return None,
    };
    // Float noise must not round a whole number up.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, which is as good as any bound here")]
    let whole = (amount * 1000.0 - 1e-6).ceil() as i64;
    Some(whole.max(0))
}

fn annotated(object: &Value, annotation: &str) -> Option<i64> {
    map(object, "/metadata/annotations")?.get(annotation).and_then(thousandths)
}

fn owner(core: &Core, object: &Value) -> Option<Arc<Value>> {
    let owner = controller_of(object)?;
    let resource = core.registry.kind(text(owner, "/apiVersion"), text(owner, "/kind"))?;
    let space = if resource.namespaced() { namespace(object) } else { "" };
    let found = core.get(&resource.id(), space, text(owner, "/name"))?;
    (uid(&found) == text(owner, "/uid")).then_some(found)
}

fn pods_below(core: &Core, owner: &str, depth: usize) -> i64 {
    let mut count = 0;
    for (resource, (space, own)) in core.objects.owned_by(owner) {
        let Some(object) = core.objects.get(&resource, &space, &own) else { continue };
        if resource == "pods" {
            count += i64::from(!terminating(object) && !running(core, object).is_empty());
        } else if depth > 0 {
            count += pods_below(core, uid(object), depth - 1);
        }
    }
    count
}

fn running(core: &Core, pod: &Value) -> Vec<String> {
    let Some(runtime) = core.pods.running.get(uid(pod)) else { return Vec::new() };
    runtime
        .main()
        .iter()
        .filter(|one| matches!(one.state, State::Running { .. }))
        .map(|one| one.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_become_thousandths() {
        for (value, expected) in [
            (json!("100m"), Some(100)),
            (json!("0.1"), Some(100)),
            (json!(2), Some(2000)),
            (json!("1500u"), Some(2)),
            (json!("16Mi"), Some(16_777_216_000)),
            (json!("much"), None),
            (json!(true), None),
        ] {
            assert_eq!(thousandths(&value), expected, "{value}");
        }
    }
}
