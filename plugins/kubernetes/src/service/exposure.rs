//! Who can reach the service, and how.

use kubeorch_plugin_sdk::{Reader, check, kubernetes::Tree};

use super::TYPES;

/// Type, addresses and affinity.
pub(super) struct Exposure {
    pub(super) kind: &'static str,
    spec: Tree,
}

impl Exposure {
    pub(super) fn read(reader: &Reader<'_>, headless: bool) -> Self {
        // The editor writes `serviceType`; the older name counts only without it.
        let kind = reader
            .choice("serviceType", &TYPES)
            .or_else(|| reader.choice("type", &TYPES))
            .unwrap_or("ClusterIP");
        let mut spec = Tree::new().set("type", kind);
        if headless && kind == "ClusterIP" {
            spec = spec.set("clusterIP", "None");
        } else if headless {
            let message =
                format_args!("a linked stateful set names its pods by this service, but it is a {kind}");
            reader.warning(
                "serviceType",
                "not_headless",
                message,
                "use ClusterIP and another service for traffic from outside",
            );
        }
        let spec = affinity(reader, spec);
        Self { kind, spec: outside(reader, kind, spec) }
    }

    pub(super) fn spec(&self) -> Tree {
        self.spec.clone()
    }
}

fn affinity(reader: &Reader<'_>, spec: Tree) -> Tree {
    let affinity = reader.choice("sessionAffinity", &["None", "ClientIP"]);
    // A day at most, says the API.
    let timeout =
        reader.integer("sessionAffinityTimeout", 1..=86400).filter(|_| affinity == Some("ClientIP"));
    let config =
        timeout.map(|seconds| Tree::new().set("clientIP", Tree::new().set("timeoutSeconds", seconds)));
    spec.set_some("sessionAffinity", affinity).set_some("sessionAffinityConfig", config)
}

/// Members that the API takes only for some types. An editor keeps them when the type is changed, so they are left out
/// with a word about it.
fn outside(reader: &Reader<'_>, kind: &str, spec: Tree) -> Tree {
    let balanced = kind == "LoadBalancer";
    let ignored = |key: &str| {
        let message = format_args!("{key} has no effect on a {kind}");
        reader.warning(key, "ignored", message, "remove it, or change the type");
    };
    let address = reader.checked("loadBalancerIP", check::ip_address);
    let sources = reader.checked_texts("loadBalancerSourceRanges", check::cidr);
    let policy = reader.choice("externalTrafficPolicy", &["Cluster", "Local"]);
    if !balanced && address.is_some() {
        ignored("loadBalancerIP");
    }
    if !balanced && !sources.is_empty() {
        ignored("loadBalancerSourceRanges");
    }
    if kind == "ClusterIP" && policy == Some("Local") {
        ignored("externalTrafficPolicy");
    }
    let spec = spec.set_some("externalTrafficPolicy", policy.filter(|_| kind != "ClusterIP"));
    if !balanced {
        return spec;
    }
    spec.set_some("loadBalancerIP", address).set_filled("loadBalancerSourceRanges", sources)
}
