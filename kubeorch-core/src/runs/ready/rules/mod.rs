//! The table: a rule for each kind.

mod batch;
mod cluster;
mod conditions;
mod network;
mod pods;
mod storage;
#[cfg(test)]
mod tests;
mod view;
mod workloads;

use self::view::View;
use super::Readiness;
use crate::manifest::{Kind, Object};

/// Kinds that are what they are once they are there, by group.
const PLAIN: &[(&str, &[&str])] = &[
    (
        "",
        &["ConfigMap", "Endpoints", "LimitRange", "PodTemplate", "ResourceQuota", "Secret", "ServiceAccount"],
    ),
    ("networking.k8s.io", &["Ingress", "IngressClass", "NetworkPolicy"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    ("storage.k8s.io", &["CSIDriver", "StorageClass"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("admissionregistration.k8s.io", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]),
];

/// A rule: a live object and what was asked for.
type Rule = fn(View<'_>, View<'_>) -> Readiness;

/// What the rule of its kind says of a live object; `desired` is what was asked for. `None` for a kind that no rule
/// knows and whose conditions say nothing.
pub(in crate::runs) fn assess(live: &Object, desired: &Object) -> Option<Readiness> {
    let (live, desired) = (View::of(live), View::of(desired));
    if live.at("/metadata/deletionTimestamp").is_some() {
        return Some(Readiness::progressing("Terminating", "it is being deleted"));
    }
    let kind = live.object.kind();
    match rule(&kind) {
        Some(rule) => Some(rule(live, desired)),
        None if plain(&kind) => Some(Readiness::ready("")),
        None => conditions::generic(live),
    }
}

/// Whether the table knows a kind: then nobody else need be asked about it.
pub(in crate::runs) fn known(kind: &Kind) -> bool {
    rule(kind).is_some() || plain(kind)
}

fn rule(kind: &Kind) -> Option<Rule> {
    Some(match (kind.group(), kind.kind.as_str()) {
        ("apps", "Deployment") => workloads::deployment,
        ("apps", "StatefulSet") => workloads::stateful_set,
        ("apps", "DaemonSet") => workloads::daemon_set,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workloads::replica_set,
        ("", "Pod") => pods::pod,
        ("batch", "Job") => batch::job,
        ("batch", "CronJob") => batch::cron_job,
        ("", "PersistentVolumeClaim") => storage::claim,
        ("", "PersistentVolume") => storage::volume,
        ("policy", "PodDisruptionBudget") => cluster::budget,
        ("", "Service") => network::service,
        ("autoscaling", "HorizontalPodAutoscaler") => cluster::autoscaler,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => cluster::definition,
        ("apiregistration.k8s.io", "APIService") => cluster::api_service,
        ("", "Namespace") => cluster::namespace,
        _ => return None,
    })
}

fn plain(kind: &Kind) -> bool {
    PLAIN.iter().any(|(group, kinds)| *group == kind.group() && kinds.contains(&kind.kind.as_str()))
}
