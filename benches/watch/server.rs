//! An API server that holds nothing: each pod is made when it is sent, so that what a process grows by is what
//! its client holds.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};

type Answer = http_body_util::combinators::UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Pods of one Deployment.
const REPLICAS: usize = 100;
const VERSION: &str = "9000000";

/// A client of a server with so many pods.
pub(crate) fn client(pods: usize) -> kube::Client {
    let service = tower::service_fn(move |request: Request<Body>| async move {
        Ok::<_, std::io::Error>(Response::new(answer(&request, pods)))
    });
    kube::Client::new(service, "default")
}

fn answer(request: &Request<Body>, pods: usize) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let chunks: BoxStream<'static, Value> = match (request.uri().path(), parameter("watch")) {
        ("/api/v1", _) => {
            let pods = json!({ "name": "pods", "kind": "Pod", "namespaced": true });
            stream::iter([json!({ "kind": "APIResourceList", "resources": [pods] })]).boxed()
        }
        (_, None) => {
            let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
            let first = number("continue").unwrap_or_default();
            let end = pods.min(first + number("limit").unwrap_or(pods));
            let next = if end < pods { end.to_string() } else { String::new() };
            let items: Vec<_> = (first..end).map(pod).collect();
            let metadata = json!({ "resourceVersion": VERSION, "continue": next });
            let list = json!({ "kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items });
            stream::iter([list]).boxed()
        }
        (_, Some(_)) => {
            let initial = if parameter("sendInitialEvents").is_some() { pods } else { 0 };
            let added = stream::iter(0..initial).map(|at| json!({ "type": "ADDED", "object": pod(at) }));
            let metadata =
                json!({ "resourceVersion": VERSION, "annotations": { "k8s.io/initial-events-end": "true" } });
            let mark = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": metadata });
            let mark = stream::iter([json!({ "type": "BOOKMARK", "object": mark })]);
            let mark = mark.take(usize::from(initial > 0));
            added.chain(mark).chain(stream::pending()).boxed()
        }
    };
    let frames = chunks.flat_map(|chunk| BodyStream::new(Full::new(Bytes::from(format!("{chunk}\n")))));
    StreamBody::new(frames).boxed_unsync()
}

/// Letters that differ from pod to pod, as in uids and hashes.
fn letters(seed: usize, count: usize) -> String {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(count);
    while text.len() < count {
        // xorshift64 (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.extend(
            state
                .to_be_bytes()
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
    }
    text.truncate(count);
    text
}

fn uid(seed: usize) -> String {
    let text = letters(seed, 32);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

fn stamp(second: usize) -> String {
    format!(
        "2026-0{}-{:02}T{:02}:{:02}:{:02}Z",
        1 + second % 9,
        1 + second % 28,
        second % 24,
        second / 7 % 60,
        second % 60
    )
}

/// A pod as a real server sends it: about 5 KB, of which a third says who owns which field.
pub(crate) fn pod(at: usize) -> Value {
    let app = format!("app-{:03}", at / REPLICAS);
    let set = format!("{app}-{}", letters(at / REPLICAS + 1_000_000, 10));
    let name = format!("{set}-{}", letters(at + 2_000_000, 5));
    let (address, node) =
        (format!("10.{}.{}.{}", at / 65_536, at / 256 % 256, at % 256), format!("node-{:02}", at % 50));
    let access = format!("kube-api-access-{}", letters(at + 3_000_000, 5));
    let host = format!("192.168.0.{}", at % 50);
    let image = format!("registry.example/{app}:1.{}", at / REPLICAS);
    let began = stamp(at * 13);
    let condition = |kind: &str, later: usize| json!({ "type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": stamp(at * 13 + later) });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "generateName": format!("{set}-"), "namespace": format!("team-{}", at / REPLICAS % 10),
            "uid": uid(at), "resourceVersion": (1_000_000 + at).to_string(), "generation": 1,
            "creationTimestamp": began,
            "labels": { "app": app, "app.kubernetes.io/managed-by": "kubeorch", "pod-template-hash": set[8..] },
            "annotations": { "prometheus.io/scrape": "true", "prometheus.io/port": "9090" },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set,
                "uid": uid(at / REPLICAS + 4_000_000), "controller": true, "blockOwnerDeletion": true }],
            "managedFields": managed(&began, &address),
        },
        "spec": {
            "containers": [{
                "name": "app", "image": image, "imagePullPolicy": "IfNotPresent",
                "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }],
                "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "DATABASE_URL", "valueFrom": {
                    "secretKeyRef": { "name": format!("{app}-database"), "key": "url" } } }],
                "resources": { "limits": { "memory": "256Mi" }, "requests": { "cpu": "100m", "memory": "256Mi" } },
                "livenessProbe": { "httpGet": { "path": "/healthz", "port": "http", "scheme": "HTTP" },
                    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 },
                "readinessProbe": { "httpGet": { "path": "/readyz", "port": "http", "scheme": "HTTP" },
                    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 },
                "volumeMounts": [{ "name": access, "readOnly": true,
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" }],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "volumes": [{ "name": access, "projected": { "defaultMode": 420, "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            ] } }],
            "nodeName": node, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
            "serviceAccountName": "default", "serviceAccount": "default", "securityContext": {}, "priority": 0,
            "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority", "terminationGracePeriodSeconds": 30,
            "tolerations": [
                { "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
                { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
            ],
        },
        "status": {
            "phase": "Running", "qosClass": "Burstable", "startTime": began, "podIP": address, "hostIP": host,
            "podIPs": [{ "ip": address }], "hostIPs": [{ "ip": host }],
            "conditions": [condition("PodReadyToStartContainers", 2), condition("Initialized", 0),
                condition("Ready", 9), condition("ContainersReady", 9), condition("PodScheduled", 0)],
            "containerStatuses": [{
                "name": "app", "image": image, "ready": true, "started": true, "restartCount": at % 3, "lastState": {},
                "imageID": format!("registry.example/{app}@sha256:{}", letters(at / REPLICAS + 5_000_000, 64)),
                "containerID": format!("containerd://{}", letters(at + 6_000_000, 64)),
                "state": { "running": { "startedAt": stamp(at * 13 + 2) } },
            }],
        },
    })
}

fn managed(time: &str, address: &str) -> Value {
    let fields = |names: &[&str]| -> Value {
        names.iter().map(|name| (format!("f:{name}"), json!({}))).collect::<serde_json::Map<_, _>>().into()
    };
    let spec = [
        "dnsPolicy",
        "enableServiceLinks",
        "restartPolicy",
        "schedulerName",
        "securityContext",
        "tolerations",
    ];
    let container =
        ["image", "imagePullPolicy", "name", "terminationMessagePath", "terminationMessagePolicy"];
    let probe =
        fields(&["failureThreshold", "httpGet", "periodSeconds", "successThreshold", "timeoutSeconds"]);
    let condition = fields(&["lastProbeTime", "lastTransitionTime", "status", "type"]);
    let address = format!("k:{{\"ip\":\"{address}\"}}");
    json!([
        { "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": time,
          "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": { "f:generateName": {}, "f:labels": fields(&["app", "pod-template-hash"]), "f:ownerReferences": {} },
            "f:spec": { "f:containers": { "k:{\"name\":\"app\"}": { ".": {}, "f:main": fields(&container),
                "f:livenessProbe": probe, "f:readinessProbe": probe, "f:resources": fields(&["limits", "requests"]) } },
                "f:rest": fields(&spec) } } },
        { "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": time, "subresource": "status",
          "fieldsType": "FieldsV1", "fieldsV1": { "f:status": {
            "f:conditions": { "k:{\"type\":\"Ready\"}": condition, "k:{\"type\":\"ContainersReady\"}": condition,
                "k:{\"type\":\"Initialized\"}": condition },
            "f:podIPs": { ".": {}, address: { ".": {}, "f:ip": {} } },
            "f:rest": fields(&["containerStatuses", "hostIP", "hostIPs", "phase", "podIP", "startTime"]) } } },
    ])
}
