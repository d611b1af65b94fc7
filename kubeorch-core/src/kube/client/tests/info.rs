//! What a connection test learns.

use std::sync::Arc;

use serde_json::{Value, json};

use super::server::{Answer, Pauses};
use crate::kube::{Client, Cluster, Error, ServerInfo};

/// A server that answers by path, whatever the order.
fn client(answer: impl Fn(&str) -> Answer + Clone + Send + 'static) -> Client {
    let service = tower::service_fn(move |request: http::Request<::kube::client::Body>| {
        let Answer(status, _, body) = answer(request.uri().path());
        let body = http_body_util::Full::new(bytes::Bytes::from(body));
        let response = http::Response::builder().status(status).body(body).unwrap();
        async move { Ok::<_, std::io::Error>(response) }
    });
    let raw = ::kube::Client::new(service, "default");
    Client::with(raw, super::server::options(), Arc::new(Pauses::default()))
}

fn named(names: &[&str]) -> Value {
    let items: Vec<_> = names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
    json!({ "items": items })
}

fn node(cpu: &str, memory: &str) -> Value {
    json!({
        "metadata": { "name": "n", "labels": { "topology.kubernetes.io/region": "eu-central-1" } },
        "spec": { "providerID": "aws:///eu-central-1a/i-0" },
        "status": { "capacity": { "cpu": cpu, "memory": memory } },
    })
}

fn full(path: &str) -> Value {
    match path {
        "/version" => json!({ "gitVersion": "v1.33.1", "platform": "linux/amd64" }),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => {
            json!({ "status": { "userInfo": { "username": "ada" } } })
        }
        "/api/v1/nodes" => json!({ "items": [node("4", "16Gi"), node("3500m", "8388608Ki")] }),
        "/api/v1/namespaces" => named(&["default", "shop"]),
        "/apis/storage.k8s.io/v1/storageclasses" => named(&["gp3"]),
        "/apis/networking.k8s.io/v1/ingressclasses" => named(&["nginx"]),
        "/apis" => {
            json!({ "groups": [{ "name": "apps" }, { "name": "metrics.k8s.io" }, { "name": "cert-manager.io" }] })
        }
        other => panic!("nobody asks for {other}"),
    }
}

#[tokio::test]
async fn everything_that_may_be_read_is_told() {
    let info = client(|path| Answer(200, None, full(path).to_string())).info().await.unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected = ServerInfo {
        version: "v1.33.1".into(),
        platform: "linux/amd64".into(),
        provider: "aws".into(),
        region: "eu-central-1".into(),
        node_count: 2,
        cpu_capacity: "7500m".into(),
        memory_capacity: "24Gi".into(),
        storage_classes: texts(&["gp3"]),
        namespaces: texts(&["default", "shop"]),
        capabilities: texts(&["cert-manager", "ingress:nginx", "metrics-server"]),
    };
    assert_eq!(info, expected);
}

#[tokio::test]
async fn what_is_forbidden_stays_empty() {
    let client = client(|path| match path {
        "/version" | "/apis/authentication.k8s.io/v1/selfsubjectreviews" => {
            Answer(200, None, full(path).to_string())
        }
        _ => Answer(403, None, json!({ "message": "forbidden" }).to_string()),
    });
    let info = client.info().await.unwrap();
    assert_eq!(
        info,
        ServerInfo {
            version: info.version.clone(),
            platform: info.platform.clone(),
            ..ServerInfo::default()
        }
    );
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_denied() {
    let anonymous = json!({ "status": { "userInfo": { "username": "system:anonymous" } } });
    for (status, body) in [(401, json!({})), (403, json!({})), (200, anonymous)] {
        let client = client(move |path| match path {
            // Often readable by everybody: it proves nothing.
            "/version" => Answer(200, None, full(path).to_string()),
            _ => Answer(status, None, body.to_string()),
        });
        assert!(matches!(client.info().await, Err(Error::Denied(_))), "{status}");
    }
}
