//! The core Kubernetes node types.
//!
//! Every node type is one module that knows no other node type: it learns about its neighbours from their facts. To
//! remove one, delete its file, its `mod` line and its line in the registry; nothing else mentions it.

mod configmap;
mod cronjob;
mod daemonset;
mod deployment;
mod hpa;
mod ingress;
mod job;
mod networkpolicy;
mod persistentvolumeclaim;
mod secret;
mod service;
mod statefulset;
mod workload;

#[cfg(test)]
mod tests;

use kubeorch_plugin_sdk::{Collection, NodeType, PluginInfo, export_plugin, registry};

/// This plugin.
#[derive(Debug)]
pub struct Kubernetes;

impl Collection for Kubernetes {
    const PLUGIN: PluginInfo = PluginInfo {
        id: "kubernetes",
        name: "Kubernetes",
        version: env!("CARGO_PKG_VERSION"),
        description: "The core Kubernetes resources: workloads, networking, configuration and storage.",
    };

    const NODE_TYPES: &'static [&'static dyn NodeType] = registry![
        deployment::Deployment,
        service::Service,
        ingress::Ingress,
        configmap::ConfigMap,
        secret::Secret,
        persistentvolumeclaim::PersistentVolumeClaim,
        statefulset::StatefulSet,
        daemonset::DaemonSet,
        job::Job,
        cronjob::CronJob,
        hpa::HorizontalPodAutoscaler,
        networkpolicy::NetworkPolicy,
    ];
}

export_plugin!(node_types: Kubernetes);
