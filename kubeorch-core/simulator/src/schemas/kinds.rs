//! Which type of the Kubernetes API each resource is.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, coordination::v1 as coordination,
    core::v1 as core, discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy,
    rbac::v1 as rbac, scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use schemars::{JsonSchema, Schema, SchemaGenerator};

type Make = fn(&mut SchemaGenerator) -> Schema;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Resource ids and the schemas of their types.
#[rustfmt::skip]
pub(super) const KINDS: &[(&str, Make)] = &[
    ("configmaps", of::<core::ConfigMap>),
    ("endpoints", of::<core::Endpoints>),
    ("events", of::<core::Event>),
    ("limitranges", of::<core::LimitRange>),
    ("namespaces", of::<core::Namespace>),
    ("nodes", of::<core::Node>),
    ("persistentvolumeclaims", of::<core::PersistentVolumeClaim>),
    ("persistentvolumes", of::<core::PersistentVolume>),
    ("pods", of::<core::Pod>),
    ("replicationcontrollers", of::<core::ReplicationController>),
    ("resourcequotas", of::<core::ResourceQuota>),
    ("secrets", of::<core::Secret>),
    ("serviceaccounts", of::<core::ServiceAccount>),
    ("services", of::<core::Service>),
    ("controllerrevisions.apps", of::<apps::ControllerRevision>),
    ("daemonsets.apps", of::<apps::DaemonSet>),
    ("deployments.apps", of::<apps::Deployment>),
    ("replicasets.apps", of::<apps::ReplicaSet>),
    ("statefulsets.apps", of::<apps::StatefulSet>),
    ("horizontalpodautoscalers.autoscaling", of::<autoscaling::HorizontalPodAutoscaler>),
    ("cronjobs.batch", of::<batch::CronJob>),
    ("jobs.batch", of::<batch::Job>),
    ("leases.coordination.k8s.io", of::<coordination::Lease>),
    ("endpointslices.discovery.k8s.io", of::<discovery::EndpointSlice>),
    ("ingressclasses.networking.k8s.io", of::<networking::IngressClass>),
    ("ingresses.networking.k8s.io", of::<networking::Ingress>),
    ("networkpolicies.networking.k8s.io", of::<networking::NetworkPolicy>),
    ("poddisruptionbudgets.policy", of::<policy::PodDisruptionBudget>),
    ("clusterrolebindings.rbac.authorization.k8s.io", of::<rbac::ClusterRoleBinding>),
    ("clusterroles.rbac.authorization.k8s.io", of::<rbac::ClusterRole>),
    ("rolebindings.rbac.authorization.k8s.io", of::<rbac::RoleBinding>),
    ("roles.rbac.authorization.k8s.io", of::<rbac::Role>),
    ("priorityclasses.scheduling.k8s.io", of::<scheduling::PriorityClass>),
    ("storageclasses.storage.k8s.io", of::<storage::StorageClass>),
    ("customresourcedefinitions.apiextensions.k8s.io", of::<extensions::CustomResourceDefinition>),
];
