//! What a connection test learns of a server.
//!
//! Only the version and the caller's identity must be readable; a part that is forbidden or not served stays empty.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::cluster::Client;
use super::failure::{Failure, Stage};
use super::list;
use super::transport::{Call, JSON, Transport};
use crate::kube::quantity;
use crate::kube::{Error, ServerInfo};

pub(super) async fn collect(transport: &Transport) -> Result<ServerInfo, Error> {
    // This is a test of the connection: what was found before does not count.
    transport.guard.revive().await;
    let call = Call::get("/version");
    let (who, version) = futures::join!(whoami(transport), transport.call(&call));
    who?;
    let version = version.map_err(|failure| failure.about("the version"))?.json;
    let text = |member: &str| version[member].as_str().unwrap_or_default().to_owned();
    let mut info =
        ServerInfo { version: text("gitVersion"), platform: text("platform"), ..ServerInfo::default() };

    let nodes = soft(list::items(transport, "/api/v1/nodes", "", JSON));
    let namespaces = soft(list::items(transport, "/api/v1/namespaces", "", list::METADATA));
    let storage = soft(list::items(transport, "/apis/storage.k8s.io/v1/storageclasses", "", list::METADATA));
    let ingress =
        soft(list::items(transport, "/apis/networking.k8s.io/v1/ingressclasses", "", list::METADATA));
    let groups = groups(transport);
    let (nodes, namespaces, storage, ingress, groups) =
        futures::join!(nodes, namespaces, storage, ingress, groups);

    info.namespaces = names(&namespaces);
    info.storage_classes = names(&storage);
    info.capabilities = capabilities(&groups, &names(&ingress));
    extent(&mut info, &nodes);
    Ok(info)
}

impl Client {
    /// `gitVersion` alone, for the connection test.
    pub(in crate::kube) async fn version(&self) -> Result<String, Failure> {
        let json = self.transport.call(&Call::get("/version")).await?.json;
        json["gitVersion"].as_str().map(str::to_owned).ok_or_else(|| Stage::Format.into())
    }
}

/// The caller's name as the server sees it. Fails where the credentials are not accepted.
pub(in crate::kube) async fn whoami(transport: &Transport) -> Result<String, Error> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    match transport.call(&Call::with(Method::POST, path.to_owned(), JSON, &review)).await {
        Ok(answer) => {
            let name = answer.json.pointer("/status/userInfo/username").and_then(Value::as_str);
            match name {
                Some("system:anonymous") => {
                    Err(Error::Denied("the credentials are not accepted; the caller is anonymous".to_owned()))
                }
                name => Ok(name.unwrap_or_default().to_owned()),
            }
        }
        // Served since Kubernetes 1.28; before that only a read can tell.
        Err(failure) if failure.is(404) || failure.is(405) => {
            let call = Call::get("/api/v1/namespaces?limit=1");
            let read = transport.call(&call).await;
            read.map(|_| String::new()).map_err(|failure| failure.about("namespaces"))
        }
        Err(failure) => Err(failure.about("the identity of the caller")),
    }
}

async fn soft(part: impl Future<Output = Result<Vec<Value>, Failure>>) -> Vec<Value> {
    part.await.unwrap_or_else(|failure| {
        tracing::debug!(?failure, "a part of a cluster's description is not readable");
        Vec::new()
    })
}

async fn groups(transport: &Transport) -> BTreeSet<String> {
    let Ok(answer) = transport.call(&Call::get("/apis")).await else { return BTreeSet::new() };
    let groups = answer.json.get("groups").and_then(Value::as_array);
    let names = groups.into_iter().flatten().filter_map(|group| group.get("name")?.as_str());
    names.map(str::to_owned).collect()
}

fn names(items: &[Value]) -> Vec<String> {
    let names = items.iter().filter_map(|item| item.pointer("/metadata/name")?.as_str());
    names.map(str::to_owned).collect()
}

/// API groups by which installed parts are known.
const GROUPS: &[(&str, &str)] = &[
    ("argoproj.io", "argo"),
    ("cert-manager.io", "cert-manager"),
    ("external-secrets.io", "external-secrets"),
    ("gateway.networking.k8s.io", "gateway-api"),
    ("helm.toolkit.fluxcd.io", "flux"),
    ("keda.sh", "keda"),
    ("kyverno.io", "kyverno"),
    ("longhorn.io", "longhorn"),
    ("metallb.io", "metallb"),
    ("metrics.k8s.io", "metrics-server"),
    ("monitoring.coreos.com", "prometheus"),
    ("networking.istio.io", "istio"),
    ("route.openshift.io", "openshift"),
    ("serving.knative.dev", "knative"),
    ("snapshot.storage.k8s.io", "volume-snapshots"),
    ("traefik.io", "traefik"),
];

fn capabilities(groups: &BTreeSet<String>, ingress: &[String]) -> Vec<String> {
    let known = GROUPS.iter().filter(|(group, _)| groups.contains(*group));
    let mut found: Vec<String> = known.map(|(_, name)| (*name).to_owned()).collect();
    found.extend(ingress.iter().map(|class| format!("ingress:{class}")));
    found.sort();
    found
}

fn extent(info: &mut ServerInfo, nodes: &[Value]) {
    let sum = |resource: &str| -> i128 {
        let texts = nodes.iter().filter_map(|node| node["status"]["capacity"][resource].as_str());
        texts.filter_map(quantity::parse).fold(0, i128::saturating_add)
    };
    info.node_count = nodes.len() as u64;
    if !nodes.is_empty() {
        info.cpu_capacity = quantity::cores(sum("cpu"));
        info.memory_capacity = quantity::bytes(sum("memory"));
    }
    info.provider = nodes.iter().find_map(provider).unwrap_or_default();
    info.region = nodes.iter().find_map(region).unwrap_or_default();
}

/// Labels by which a provider is known when nodes carry no provider id.
const LABELS: &[(&str, &str)] = &[
    ("eks.amazonaws.com/nodegroup", "aws"),
    ("cloud.google.com/gke-nodepool", "gce"),
    ("kubernetes.azure.com/cluster", "azure"),
    ("node.openshift.io/os_id", "openshift"),
    ("minikube.k8s.io/name", "minikube"),
    ("microk8s.io/cluster", "microk8s"),
];

fn provider(node: &Value) -> Option<String> {
    // aws:///eu-central-1a/i-0123 and the like: the scheme is the name.
    let id = node.pointer("/spec/providerID").and_then(Value::as_str);
    if let Some((scheme, _)) = id.and_then(|id| id.split_once("://")).filter(|(scheme, _)| !scheme.is_empty())
    {
        return Some(scheme.to_owned());
    }
    let labels = node.pointer("/metadata/labels")?;
    if labels["node.kubernetes.io/instance-type"] == "k3s" {
        return Some("k3s".to_owned());
    }
    LABELS.iter().find(|(label, _)| labels.get(label).is_some()).map(|(_, name)| (*name).to_owned())
}

fn region(node: &Value) -> Option<String> {
    let labels = node.pointer("/metadata/labels")?;
    // The second was the label's name before Kubernetes 1.17.
    ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]
        .iter()
        .find_map(|label| labels.get(label)?.as_str())
        .map(str::to_owned)
}
