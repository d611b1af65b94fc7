//! The built-in resources, one row each.

use serde_json::Value;

use super::kind::{Resource, Scope, VERBS};
use crate::apply::{Shape, shapes};

const NS: Scope = Scope::Namespaced;
const CLUSTER: Scope = Scope::Cluster;

/// `group, version, kind, plural, short names, scope, categories, subresources, shape`.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    Scope,
    &'static [&'static str],
    &'static [&'static str],
    &'static Shape,
);

const ALL: &[&str] = &["all"];
const NONE: &[&str] = &[];
const STATUS: &[&str] = &["status"];
const SCALE: &[&str] = &["status", "scale"];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("", "v1", "ConfigMap", "configmaps", &["cm"], NS, NONE, NONE, &shapes::PLAIN),
    ("", "v1", "Endpoints", "endpoints", &["ep"], NS, NONE, NONE, &shapes::PLAIN),
    ("", "v1", "Event", "events", &["ev"], NS, NONE, NONE, &shapes::EVENT),
    ("", "v1", "LimitRange", "limitranges", &["limits"], NS, NONE, NONE, &shapes::PLAIN),
    ("", "v1", "Namespace", "namespaces", &["ns"], CLUSTER, NONE, &["status", "finalize"], &shapes::STATUS_ONLY),
    ("", "v1", "Node", "nodes", &["no"], CLUSTER, NONE, STATUS, &shapes::NODE),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], NS, NONE, STATUS, &shapes::CLAIM),
    ("", "v1", "PersistentVolume", "persistentvolumes", &["pv"], CLUSTER, NONE, STATUS, &shapes::VOLUME),
    ("", "v1", "Pod", "pods", &["po"], NS, ALL, &["status", "log", "eviction", "binding", "exec", "attach", "portforward"], &shapes::POD),
    ("", "v1", "ReplicationController", "replicationcontrollers", &["rc"], NS, ALL, SCALE, &shapes::WORKLOAD),
    ("", "v1", "ResourceQuota", "resourcequotas", &["quota"], NS, NONE, STATUS, &shapes::STATUS_ONLY),
    ("", "v1", "Secret", "secrets", NONE, NS, NONE, NONE, &shapes::PLAIN),
    ("", "v1", "ServiceAccount", "serviceaccounts", &["sa"], NS, NONE, &["token"], &shapes::ACCOUNT),
    ("", "v1", "Service", "services", &["svc"], NS, ALL, STATUS, &shapes::SERVICE),
    ("apps", "v1", "ControllerRevision", "controllerrevisions", NONE, NS, NONE, NONE, &shapes::PLAIN),
    ("apps", "v1", "DaemonSet", "daemonsets", &["ds"], NS, ALL, STATUS, &shapes::WORKLOAD),
    ("apps", "v1", "Deployment", "deployments", &["deploy"], NS, ALL, SCALE, &shapes::WORKLOAD),
    ("apps", "v1", "ReplicaSet", "replicasets", &["rs"], NS, ALL, SCALE, &shapes::WORKLOAD),
    ("apps", "v1", "StatefulSet", "statefulsets", &["sts"], NS, ALL, SCALE, &shapes::WORKLOAD),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", &["hpa"], NS, ALL, STATUS, &shapes::AUTOSCALER),
    ("batch", "v1", "CronJob", "cronjobs", &["cj"], NS, ALL, STATUS, &shapes::CRON_JOB),
    ("batch", "v1", "Job", "jobs", NONE, NS, ALL, STATUS, &shapes::WORKLOAD),
    ("coordination.k8s.io", "v1", "Lease", "leases", NONE, NS, NONE, NONE, &shapes::PLAIN),
    ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", NONE, NS, NONE, NONE, &shapes::PLAIN),
    ("networking.k8s.io", "v1", "IngressClass", "ingressclasses", NONE, CLUSTER, NONE, NONE, &shapes::PLAIN),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", &["ing"], NS, NONE, STATUS, &shapes::INGRESS),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", &["netpol"], NS, NONE, NONE, &shapes::POLICY),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], NS, NONE, STATUS, &shapes::BUDGET),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", NONE, CLUSTER, NONE, NONE, &shapes::BINDING),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", NONE, CLUSTER, NONE, NONE, &shapes::PLAIN),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", NONE, NS, NONE, NONE, &shapes::BINDING),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", NONE, NS, NONE, NONE, &shapes::PLAIN),
    ("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", &["pc"], CLUSTER, NONE, NONE, &shapes::PLAIN),
    ("storage.k8s.io", "v1", "StorageClass", "storageclasses", &["sc"], CLUSTER, NONE, NONE, &shapes::PLAIN),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", &["crd", "crds"], CLUSTER, &["api-extensions"], STATUS, &shapes::DEFINITION),
];

/// `group, version, kind, plural, scope, verbs`.
type ComputedRow = (&'static str, &'static str, &'static str, &'static str, Scope, &'static [&'static str]);

/// Resources that are answers, not objects.
#[rustfmt::skip]
const COMPUTED: &[ComputedRow] = &[
    ("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", CLUSTER, &["create"]),
    ("authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", NS, &["create"]),
    ("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", CLUSTER, &["create"]),
    ("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", CLUSTER, &["create"]),
    ("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", CLUSTER, &["create"]),
    ("metrics.k8s.io", "v1beta1", "NodeMetrics", "nodes", CLUSTER, &["get", "list"]),
    ("metrics.k8s.io", "v1beta1", "PodMetrics", "pods", NS, &["get", "list"]),
];

fn computed(row: &ComputedRow) -> Resource {
    let (group, version, kind, plural, scope, verbs) = *row;
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        list_kind: format!("{kind}List"),
        plural: plural.to_owned(),
        // As the metrics server, which leaves `pod` to the core group.
        singular: if plural.ends_with("reviews") { kind.to_lowercase() } else { String::new() },
        short: Vec::new(),
        categories: Vec::new(),
        scope,
        subresources: Vec::new(),
        shape: &shapes::PLAIN,
        verbs,
        computed: true,
        custom: false,
        definition: Value::Null,
    }
}

pub(super) fn rows() -> Vec<Resource> {
    ROWS.iter().map(resource).chain(COMPUTED.iter().map(computed)).collect()
}

fn resource(row: &Row) -> Resource {
    let (group, version, kind, plural, short, scope, categories, subresources, shape) = row;
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Resource {
        group: (*group).to_owned(),
        version: (*version).to_owned(),
        kind: (*kind).to_owned(),
        list_kind: format!("{kind}List"),
        plural: (*plural).to_owned(),
        singular: kind.to_lowercase(),
        short: owned(short),
        categories: owned(categories),
        scope: *scope,
        subresources: owned(subresources),
        shape,
        verbs: VERBS,
        computed: false,
        custom: false,
        definition: Value::Null,
    }
}
