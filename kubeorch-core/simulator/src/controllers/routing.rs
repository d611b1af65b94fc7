//! From a change to the controllers that care.

use serde_json::Value;

use super::{Task, Work, autoscaler};
use crate::core::Core;
use crate::resources::Resource;
use crate::store::{Change, ChangeKind};
use crate::value::{controller_of, list, map, name, namespace, terminating, text, uid};

/// Queues everyone who has to look at a change.
pub(crate) fn route(core: &mut Core, resource: &Resource, change: &Change) {
    let id = resource.id();
    let object = &change.object;
    let (space, own) = (namespace(object).to_owned(), name(object).to_owned());
    let push = |core: &mut Core, task: Task| core.queue.push(Work::new(task, &space, &own));
    match id.as_str() {
        "deployments.apps" => push(core, Task::Deployment),
        "replicasets.apps" => push(core, Task::ReplicaSet),
        "statefulsets.apps" => push(core, Task::StatefulSet),
        "daemonsets.apps" => push(core, Task::DaemonSet),
        "jobs.batch" => push(core, Task::Job),
        "cronjobs.batch" => push(core, Task::CronJob),
        "services" => {
            push(core, Task::Service);
            push(core, Task::Endpoints);
        }
        "ingresses.networking.k8s.io" => push(core, Task::Ingress),
        "namespaces" => push(core, Task::Namespace),
        "poddisruptionbudgets.policy" => push(core, Task::Budget),
        "horizontalpodautoscalers.autoscaling" => push(core, Task::Autoscaler),
        "customresourcedefinitions.apiextensions.k8s.io" => push(core, Task::Definition),
        "pods" => pod(core, change, &space, &own),
        "persistentvolumeclaims" => {
            push(core, Task::Claim);
            waiting_pods(core, &space);
        }
        "configmaps" | "secrets" => waiting_pods(core, &space),
        "storageclasses.storage.k8s.io" | "persistentvolumes" => pending_claims(core),
        "nodes" => nodes(core),
        _ => {}
    }
    if resource.has("scale") {
        autoscaler::look(core, &space, Some((&resource.kind, &own)));
    }
    owners(core, object);
    if change.kind == ChangeKind::Deleted {
        core.queue.push(Work::new(Task::Orphans, "", uid(object)));
        if resource.namespaced() {
            let terminating_space =
                core.get("namespaces", "", &space).is_some_and(|found| terminating(&found));
            if terminating_space {
                core.queue.push(Work::new(Task::Namespace, "", &space));
            }
        }
    } else if terminating(object) {
        core.queue.push(Work::new(Task::Dependents, &format!("{id}/{space}"), &own));
    }
}

/// The owner that controls a changed object looks at it, and whoever waits for it to go.
fn owners(core: &mut Core, object: &Value) {
    let space = namespace(object);
    if let Some(owner) = controller_of(object) {
        let task = match text(owner, "/kind") {
            "Deployment" => Some(Task::Deployment),
            "ReplicaSet" => Some(Task::ReplicaSet),
            "StatefulSet" => Some(Task::StatefulSet),
            "DaemonSet" => Some(Task::DaemonSet),
            "Job" => Some(Task::Job),
            "CronJob" => Some(Task::CronJob),
            _ => None,
        };
        if let Some(task) = task {
            core.queue.push(Work::new(task, space, text(owner, "/name")));
        }
    }
    for owner in list(object, "/metadata/ownerReferences") {
        let Some(resource) = core.registry.kind(text(owner, "/apiVersion"), text(owner, "/kind")) else {
            continue;
        };
        let at = if resource.namespaced() { space } else { "" };
        let held =
            core.get(&resource.id(), at, text(owner, "/name")).is_some_and(|found| terminating(&found));
        if held {
            let place = format!("{}/{at}", resource.id());
            core.queue.push(Work::new(Task::Dependents, &place, text(owner, "/name")));
        }
    }
}

fn pod(core: &mut Core, change: &Change, space: &str, own: &str) {
    core.loads.track(change);
    let object = &change.object;
    if change.kind != ChangeKind::Deleted && text(object, "/spec/nodeName").is_empty() {
        if change.kind == ChangeKind::Added {
            let delay = core.config.timing.schedule;
            core.later(delay, Task::Schedule, space, own);
        }
    } else {
        core.queue.push(Work::new(Task::Pod, space, own));
    }
    if change.kind == ChangeKind::Deleted {
        // Room on a node: pods that found none try again.
        let pending: Vec<_> = core.pods.unscheduled.iter().cloned().collect();
        for (space, own) in pending {
            core.queue.push(Work::new(Task::Schedule, &space, &own));
        }
    }
    let relevant = change.before.as_ref().is_none_or(|before| {
        before.get("status") != object.get("status")
            || before.pointer("/metadata/labels") != object.pointer("/metadata/labels")
            || terminating(before) != terminating(object)
    });
    if !relevant {
        return;
    }
    let before = change.before.clone();
    let services: Vec<_> = core
        .objects
        .list("services", Some(space))
        .filter(|service| {
            chosen(service, object) || before.as_ref().is_some_and(|before| chosen(service, before))
        })
        .map(|service| name(service).to_owned())
        .collect();
    for service in services {
        core.queue.push(Work::new(Task::Endpoints, space, &service));
    }
    autoscaler::look(core, space, None);
    let budgets: Vec<_> = core
        .objects
        .list("poddisruptionbudgets.policy", Some(space))
        .map(|one| name(one).to_owned())
        .collect();
    for budget in budgets {
        core.queue.push(Work::new(Task::Budget, space, &budget));
    }
}

/// Whether a service's selector takes a pod in.
pub(super) fn chosen(service: &Value, pod: &Value) -> bool {
    let Some(selector) = map(service, "/spec/selector").filter(|selector| !selector.is_empty()) else {
        return false;
    };
    let labels = map(pod, "/metadata/labels");
    selector.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

fn waiting_pods(core: &mut Core, space: &str) {
    let waiting: Vec<_> = core.pods.waiting.iter().filter(|(at, _)| at == space).cloned().collect();
    for (space, own) in waiting {
        core.queue.push(Work::new(Task::Pod, &space, &own));
    }
    let pending: Vec<_> = core.pods.unscheduled.iter().filter(|(at, _)| at == space).cloned().collect();
    for (space, own) in pending {
        core.queue.push(Work::new(Task::Schedule, &space, &own));
    }
}

fn pending_claims(core: &mut Core) {
    let pending: Vec<_> = core
        .objects
        .list("persistentvolumeclaims", None)
        .filter(|claim| text(claim, "/status/phase") == "Pending")
        .map(|claim| (namespace(claim).to_owned(), name(claim).to_owned()))
        .collect();
    for (space, own) in pending {
        core.queue.push(Work::new(Task::Claim, &space, &own));
    }
}

fn nodes(core: &mut Core) {
    let pending: Vec<_> = core.pods.unscheduled.iter().cloned().collect();
    for (space, own) in pending {
        core.queue.push(Work::new(Task::Schedule, &space, &own));
    }
    let sets: Vec<_> = core
        .objects
        .list("daemonsets.apps", None)
        .map(|set| (namespace(set).to_owned(), name(set).to_owned()))
        .collect();
    for (space, own) in sets {
        core.queue.push(Work::new(Task::DaemonSet, &space, &own));
    }
}
