//! What goes over the wire, request by request, as goldens: every ordinary row once, and its usual refusals.

use std::fmt::Write;

use kubeorch_core::plugin::fake::component;
use serde_json::{Value, json};

use crate::support::{Answer, App, GRAPH, golden, request};

struct Transcript {
    app: App,
    token: String,
    text: String,
}

impl Transcript {
    async fn new() -> Self {
        let app = App::new().await;
        let token = app.account("ana").await;
        Self { app, token, text: String::new() }
    }

    async fn say(&mut self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.app.call(method, path, &self.token, body).await;
        self.note(method, path, body, &answer)
    }

    /// Sends a component, which is shown by its name.
    async fn send(&mut self, path: &str, name: &str, component: Vec<u8>, headers: &[(&str, &str)]) -> Value {
        let mut request = request("POST", path, &self.token, "");
        for (name, value) in [("content-type", "application/wasm")].iter().chain(headers) {
            let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        *request.body_mut() = component.into();
        let answer = self.app.send(request).await;
        self.note("POST", path, &format!("<{name}>"), &answer)
    }

    fn note(&mut self, method: &str, path: &str, body: &str, answer: &Answer) -> Value {
        let mut json = answer.json();
        let whole = json.clone();
        mask(&mut json);
        let body: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = serde_json::to_string_pretty(&json).unwrap();
        writeln!(self.text, "> {method} {path} {body}\n< {}\n{shown}\n", answer.status.as_u16()).unwrap();
        whole
    }
}

/// Members that change from run to run.
fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if matches!(name.as_str(), "token" | "requestId") {
                    *value = format!("<{name}>").into();
                }
                mask(value);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        _ => {}
    }
}

#[tokio::test]
async fn accounts_and_settings() {
    let mut t = Transcript::new().await;
    t.say("GET", "/v1", "").await;
    t.say("GET", "/v1/api/auth/methods", "").await;
    t.say("POST", "/v1/api/auth/login", r#"{"email":"ana@acme.test","password":"secret1"}"#).await;
    t.say("POST", "/v1/api/auth/refresh", "{}").await;
    t.say("GET", "/v1/api/profile", "").await;
    t.say("PUT", "/v1/api/profile", r#"{"name":"Ana Maria"}"#).await;
    t.say("GET", "/v1/api/settings/invite-code", "").await;
    t.say("POST", "/v1/api/settings/generate-invite-code", "").await;
    t.say("PUT", "/v1/api/settings/regenerate-setting", r#"{"regenerateAfterSignup":true}"#).await;
    t.say("GET", "/v1/api/settings/regenerate-setting", "").await;
    t.say("GET", "/v1/api/templates", "").await;
    golden("accounts.txt", &t.text);
}

#[tokio::test]
async fn workflows_and_versions() {
    let mut t = Transcript::new().await;
    t.say("GET", "/v1/api/workflows", "").await;
    let made =
        t.say("POST", "/v1/api/workflows", r#"{"name":"shop","description":"web","cluster_id":"lab"}"#).await;
    let path = format!("/v1/api/workflows/{}", made["id"].as_str().unwrap());
    t.say("POST", "/v1/api/workflows", r#"{"name":"shop","cluster_id":"nowhere"}"#).await;
    t.say("POST", "/v1/api/workflows", r#"{"name":"shop"}"#).await;
    t.say("POST", &format!("{path}/save"), GRAPH).await;
    t.say("POST", &format!("{path}/save"), r#"{"edges":[]}"#).await;
    t.say(
        "POST",
        &format!("{path}/save"),
        r#"{"nodes":[{"id":"a","type":"x"},{"id":"a","type":"x"}],"edges":[]}"#,
    )
    .await;
    t.say("GET", &path, "").await;
    t.say("PUT", &path, r#"{"name":"store","tags":["eu"]}"#).await;
    t.say("PUT", &path, "{}").await;
    t.say("PUT", &path, r#"{"status":"gone"}"#).await;
    t.say("POST", &format!("{path}/validate"), "").await;
    t.say("GET", &format!("{path}/versions"), "").await;
    t.say("POST", &format!("{path}/versions"), r#"{"name":"spring","tag":"v1"}"#).await;
    t.say("PUT", &format!("{path}/versions/2"), r#"{"tag":""}"#).await;
    t.say("GET", &format!("{path}/versions/2"), "").await;
    t.say("GET", &format!("{path}/versions/9"), "").await;
    t.say("GET", &format!("{path}/versions/compare?v1=1&v2=2"), "").await;
    t.say("POST", &format!("{path}/versions/1/restore"), "").await;
    t.say("GET", &format!("{path}/versions?limit=1&page=2"), "").await;
    t.say("POST", &format!("{path}/clone"), r#"{"name":"copy"}"#).await;
    t.say("PUT", &format!("{path}/status"), r#"{"status":"archived"}"#).await;
    t.say("DELETE", &path, "").await;
    t.say("GET", &path, "").await;
    golden("workflows.txt", &t.text);
}

#[tokio::test]
async fn clusters() {
    let mut t = Transcript::new().await;
    t.say("GET", "/v1/api/clusters", "").await;
    t.say("GET", "/v1/api/clusters/default", "").await;
    t.say(
        "POST",
        "/v1/api/clusters",
        r#"{"name":"Bad Name","server":"x","authType":"magic","credentials":{}}"#,
    )
    .await;
    t.say("POST", "/v1/api/clusters", "{}").await;
    t.say("PUT", "/v1/api/clusters/lab/default", "").await;
    t.say("GET", "/v1/api/clusters/default", "").await;
    t.say("GET", "/v1/api/clusters/lab", "").await;
    t.say("GET", "/v1/api/clusters/lab/status", "").await;
    t.say("POST", "/v1/api/clusters/lab/test", "").await;
    t.say("POST", "/v1/api/clusters/lab/refresh", "").await;
    t.say("GET", "/v1/api/clusters/lab/logs?limit=5", "").await;
    t.say("PUT", "/v1/api/clusters/lab", r#"{"displayName":"Lab"}"#).await;
    t.say("PUT", "/v1/api/clusters/lab/credentials", r#"{"credentials":{"token":"x"}}"#).await;
    t.say("DELETE", "/v1/api/clusters/lab", "").await;
    t.say("POST", "/v1/api/clusters/nowhere/test", "").await;
    t.say("GET", "/v1/api/clusters/nowhere", "").await;
    golden("clusters.txt", &t.text);
}

#[tokio::test]
async fn runs() {
    let mut t = Transcript::new().await;
    let token = t.token.clone();
    let id = t.app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}");
    t.say("PUT", &format!("{path}/status"), r#"{"status":"draft"}"#).await;
    t.say("POST", &format!("{path}/run"), "").await;
    t.say("PUT", &format!("{path}/status"), r#"{"status":"published"}"#).await;
    t.say("POST", &format!("{path}/run"), "{").await;
    t.say("POST", &format!("{path}/plan"), "").await;
    let ran = t.say("POST", &format!("{path}/run"), r#"{"trigger_data":{"secrets":{},"envVars":{}}}"#).await;
    let run = format!("{path}/runs/{}", ran["run_id"].as_str().unwrap());
    t.say("GET", &run, "").await;
    t.say("GET", &format!("{path}/runs?limit=5"), "").await;
    t.say("POST", &format!("{run}/cancel"), "").await;
    t.say("GET", &path, "").await;
    t.say("POST", &format!("{path}/plan"), "").await;
    golden("runs.txt", &t.text);
}

/// A component with two entries of the catalogue.
fn operators(version: &str) -> Vec<u8> {
    let fields = json!({ "type": "object", "required": ["name", "scaleTargetRef"], "properties": {
        "name": { "type": "string", "title": "Name", "x-placeholder": "my-scaler" },
        "scaleTargetRef": { "type": "string", "title": "Target" },
        "minReplicaCount": { "type": "integer", "title": "Min", "default": 0 },
        "mode": { "enum": ["on", "off"], "title": "Mode", "default": "on" },
    } });
    let catalog = json!({
        "plugin": { "id": "operators", "name": "Operators", "version": version, "description": "Two of them." },
        "entries": [
            { "id": "keda", "displayName": "KEDA", "description": "Event driven scaling", "category": "scaling",
              "version": "2.13.0", "crdGroup": "keda.sh", "crdKinds": ["ScaledObject", "ScaledJob"], "icon": "Zap" },
            { "id": "kafka", "displayName": "Strimzi", "description": "Kafka", "category": "messaging",
              "version": "0.39.0", "crdGroup": "kafka.strimzi.io", "crdKinds": ["Kafka"] },
        ],
        "nodeTypes": [
            { "name": "scaled-object", "title": "Scaled Object", "description": "Scale a workload on events",
              "category": "scaling", "entry": "keda", "parameters": fields },
            { "name": "kafka-cluster", "title": "Kafka", "category": "messaging", "entry": "kafka",
              "parameters": { "type": "object" } },
        ],
    });
    component(&catalog, None)
}

#[tokio::test]
async fn plugins() {
    let mut t = Transcript::new().await;
    let path = "/v1/api/admin/plugins";
    t.say("GET", "/v1/api/plugins", "").await;
    t.send(&format!("{path}?name=operators.wasm"), "operators 1.0.0", operators("1.0.0"), &[]).await;
    t.say("GET", "/v1/api/plugins", "").await;
    t.say("GET", "/v1/api/plugins/categories", "").await;
    t.say("POST", "/v1/api/plugins/keda/enable", "").await;
    t.say("POST", "/v1/api/plugins/keda/enable", "").await;
    t.say("GET", "/v1/api/plugins/keda", "").await;
    t.say("GET", "/v1/api/plugins/enabled", "").await;
    let palette = t.app.call("GET", "/v1/api/templates", &t.token.clone(), "").await.json();
    let shown = palette["templates"].as_array().unwrap().iter().find(|it| it["isPlugin"] == true).unwrap();
    let shown = serde_json::to_string_pretty(shown).unwrap();
    t.text.extend(["The template of an entry:\n", &shown, "\n\n"]);
    t.say("POST", "/v1/api/plugins/kafka/disable", "").await;
    t.say("GET", "/v1/api/plugins/operators", "").await;
    t.say("POST", "/v1/api/plugins/operators/enable", "").await;

    t.send(path, "no component", b"text".to_vec(), &[]).await;
    t.send(path, "operators 1.1.0", operators("1.1.0"), &[]).await;
    t.send(path, "70 KiB", vec![0; 70 << 10], &[]).await;
    t.send(path, "operators 1.0.0", operators("1.0.0"), &[("plugin-signature", "not base64")]).await;
    t.send(&format!("{path}?sha256=00"), "operators 1.0.0", operators("1.0.0"), &[]).await;
    t.say("POST", path, r#"{"source":"https://acme.test/mq.wasm"}"#).await;
    t.say("POST", path, r#"{"source":"oci://acme.test/mq:1"}"#).await;
    t.say("POST", path, r#"{"sha256":"00"}"#).await;
    let one = format!("{path}/operators");
    t.send(&format!("{one}/upgrade"), "operators 0.9.0", operators("0.9.0"), &[]).await;
    t.send(&format!("{one}/upgrade?name=new.wasm"), "operators 1.1.0", operators("1.1.0"), &[]).await;
    t.say("POST", &format!("{one}/rollback"), r#"{"version":"0.1.0"}"#).await;
    t.say("POST", &format!("{one}/rollback"), "").await;
    t.say("POST", &format!("{one}/disable"), "").await;
    t.say("GET", path, "").await;
    t.say("POST", &format!("{one}/enable"), "").await;
    let made = t.say("POST", "/v1/api/workflows", r#"{"name":"shop","cluster_id":"lab"}"#).await;
    let save = format!("/v1/api/workflows/{}/save", made["id"].as_str().unwrap());
    t.say("POST", &save, r#"{"nodes":[{"id":"a","type":"scaled-object","data":{}}],"edges":[]}"#).await;
    t.say("GET", &format!("{one}/uses"), "").await;
    t.say("DELETE", &one, "").await;
    t.say("DELETE", &format!("{one}?force=true"), "").await;
    t.say("GET", &one, "").await;
    golden("plugins.txt", &t.text);
}
