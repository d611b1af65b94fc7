//! The example application over real sockets, step by step as the contract's clients do it: the built-in
//! plugins in their sandbox, a store on disk, and a simulated API server that is added as a cluster by
//! its kubeconfig.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kubeorch_core::Engine;
use kubeorch_core::plugin::Registry;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::redb;
use kubeorch_core::time::SystemClock;
use kubeorch_http::{Options, Server, server};
use kubeorch_simulator::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Far more than any step takes; a hang fails here instead of in the runner.
const LIMIT: Duration = Duration::from_mins(2);

type Http = Client<HttpConnector, Full<bytes::Bytes>>;

struct Api {
    client: Http,
    base: String,
    token: String,
}

impl Api {
    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> hyper::Response<hyper::body::Incoming> {
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Full::new(bytes::Bytes::from(bytes)))
            .unwrap();
        self.client.request(request).await.unwrap()
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// Runs the workflow and waits for its end.
    async fn run(&self, workflow: &str) -> Value {
        let answer = self.ok("POST", &format!("/workflows/{workflow}/run"), Some(&json!({}))).await;
        assert_eq!(answer["message"], "Workflow execution started");
        let id = answer["run_id"].as_str().unwrap().to_owned();
        assert_eq!(answer["status"], "completed", "{answer}");
        let runs = self.ok("GET", &format!("/workflows/{workflow}/runs"), None).await;
        assert_eq!(runs["runs"][0]["id"], id.as_str());
        runs["runs"][0].clone()
    }
}

/// The file's graph, with the file's namespace where a node has none.
fn guestbook() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guestbook/workflow.yaml");
    let mut file: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let namespace = file["namespace"].clone();
    for node in file["nodes"].as_array_mut().unwrap() {
        let data = node["data"].as_object_mut().unwrap();
        data.entry("namespace").or_insert_with(|| namespace.clone());
    }
    for (at, edge) in file["edges"].as_array_mut().unwrap().iter_mut().enumerate() {
        let edge = edge.as_object_mut().unwrap();
        edge.entry("id").or_insert_with(|| format!("edge-{at}").into());
    }
    file
}

async fn serve(folder: &Path) -> Api {
    let options = redb::Options::default();
    let store = redb::Redb::open(folder.join("kubeorch.redb"), options, Arc::new(SystemClock)).unwrap();
    let mut plugins = Registry::builder();
    for plugin in kubeorch_plugins::node_types() {
        plugins = plugins.plugin(plugin.name, plugin.component);
    }
    let engine = Engine::builder()
        .store(Arc::new(store))
        .encryption_key(Secret::new("a key of this test"))
        .plugins(Arc::new(plugins.try_build().await.unwrap()))
        .build()
        .await
        .unwrap();
    let options = Options { rate: None, auth_rate: None, ..Options::default() };
    let router = kubeorch_http::router(engine, options);
    let server = Server::bind("127.0.0.1:0", server::Limits::default()).await.unwrap();
    let base = format!("http://{}/v1/api", server.address().unwrap());
    tokio::spawn(server.serve(router, CancellationToken::new()));
    let client = Client::builder(TokioExecutor::new()).build_http();
    Api { client, base, token: String::new() }
}

/// Reads the stream until every workload says healthy; answers the names of the events seen.
async fn until_healthy(api: &Api, workflow: &str, workloads: &[&str]) -> Vec<String> {
    let response = api.send("GET", &format!("/workflows/{workflow}/status/stream"), None).await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let (mut text, mut seen, mut names) = (String::new(), Vec::new(), Vec::new());
    while !workloads.iter().all(|name| seen.iter().any(|node| node == name)) {
        let frame = body.frame().await.expect("the stream stays open").unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        while let Some((block, rest)) = text.split_once("\n\n") {
            let member = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(event), Some(data)) = (member("event:"), member("data:")) {
                let data: Value = serde_json::from_str(data).unwrap();
                names.push(event.to_owned());
                let healthy = |status: &Value| status["state"] == "healthy";
                if event == "metadata" {
                    let nodes = data["nodes"].as_array().unwrap().iter();
                    let done = nodes.filter(|node| healthy(&node["data"]["_status"]));
                    seen.extend(done.map(|node| node["id"].as_str().unwrap().to_owned()));
                } else if event == "node_update" && healthy(&data["data"]["status"]) {
                    assert_eq!(data["stream_key"], format!("workflow:{workflow}"));
                    seen.push(data["data"]["node_id"].as_str().unwrap().to_owned());
                }
            }
            text = rest.to_owned();
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_application_from_registration_to_archive() {
    tokio::time::timeout(LIMIT, story()).await.expect("the story ends in time");
}

async fn story() {
    let simulator = Simulator::builder().build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let kubeconfig = kubeorch_simulator::kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let cluster = simulator.clone();
    tokio::spawn(async move { cluster.serve(listener, std::future::pending()).await });
    let folder = tempfile::tempdir().unwrap();
    let mut api = serve(folder.path()).await;

    // Register, sign in, add the cluster.
    let person = json!({ "email": "user@example.com", "password": "password123", "name": "John Doe" });
    let registered = api.ok("POST", "/auth/register", Some(&person)).await;
    assert_eq!(registered["user"]["role"], "admin");
    api.token = registered["token"].as_str().unwrap().to_owned();
    let added = json!({
        "name": "prod", "server": "https://ignored.invalid", "authType": "kubeconfig",
        "credentials": { "kubeconfig": kubeconfig },
    });
    let cluster = api.ok("POST", "/clusters", Some(&added)).await;
    assert_eq!(cluster["status"], "connected", "{cluster}");
    assert_eq!(api.ok("GET", "/clusters/default", None).await["name"], "prod");
    assert_eq!(api.ok("POST", "/clusters/prod/test", None).await["status"], "connected");

    // Draw, save, publish, run.
    let new = json!({ "name": "guestbook", "cluster_id": "prod" });
    let id = api.ok("POST", "/workflows", Some(&new)).await["id"].as_str().unwrap().to_owned();
    let file = guestbook();
    let graph = json!({ "nodes": file["nodes"], "edges": file["edges"] });
    let saved = api.ok("POST", &format!("/workflows/{id}/save"), Some(&graph)).await;
    assert_eq!(
        saved["workflow"]["nodes"].as_array().unwrap().len(),
        graph["nodes"].as_array().unwrap().len()
    );
    let (status, refused) = api.call("POST", &format!("/workflows/{id}/run"), Some(&json!({}))).await;
    assert_eq!(
        (status, &refused["error"]),
        (StatusCode::BAD_REQUEST, &json!("Workflow must be published to run"))
    );
    api.ok("PUT", &format!("/workflows/{id}/status"), Some(&json!({ "status": "published" }))).await;
    let first = api.run(&id).await;
    assert_eq!((first["status"].as_str(), first["version"].as_u64()), (Some("completed"), Some(2)));
    assert_eq!(first["node_states"]["backend"]["status"], "completed");
    let names = until_healthy(&api, &id, &["frontend", "backend", "database"]).await;
    assert_eq!(names[0], "metadata");

    // Edit: one more replica, one node less; run again.
    let mut edited = graph.clone();
    let nodes = edited["nodes"].as_array_mut().unwrap();
    nodes.retain(|node| node["id"] != "ingress");
    let frontend = nodes.iter_mut().find(|node| node["id"] == "frontend").unwrap();
    frontend["data"]["replicas"] = json!(3);
    edited["edges"]
        .as_array_mut()
        .unwrap()
        .retain(|edge| edge["source"] != "ingress" && edge["target"] != "ingress");
    api.ok("POST", &format!("/workflows/{id}/save"), Some(&edited)).await;
    let plan = api.ok("POST", &format!("/workflows/{id}/plan"), Some(&json!({}))).await;
    let actions: Vec<_> = plan["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|operation| operation["action"] != "unchanged")
        .map(|operation| (operation["kind"].as_str().unwrap(), operation["action"].as_str().unwrap()))
        .collect();
    assert_eq!(actions, [("Deployment", "update"), ("Ingress", "delete")], "{plan:#}");
    let second = api.run(&id).await;
    assert_eq!(second["version"], 3);
    until_healthy(&api, &id, &["frontend"]).await;

    behind_our_back(&api, &simulator, &id).await;

    // Compare, restore, archive.
    let compared = api.ok("GET", &format!("/workflows/{id}/versions/compare?v1=2&v2=3"), None).await;
    assert_eq!(compared["removed_nodes"][0]["node_id"], "ingress");
    assert_eq!(compared["modified_nodes"][0]["old_data"]["replicas"], 2);
    assert_eq!(compared["modified_nodes"][0]["new_data"]["replicas"], 3);
    let restored = api.ok("POST", &format!("/workflows/{id}/versions/2/restore"), None).await;
    assert_eq!(restored["version"]["restored_from"], 2);
    assert_eq!(
        restored["workflow"]["nodes"].as_array().unwrap().len(),
        graph["nodes"].as_array().unwrap().len()
    );
    let archived =
        api.ok("PUT", &format!("/workflows/{id}/status"), Some(&json!({ "status": "archived" }))).await;
    assert!(
        archived["warning"].as_str().unwrap().contains("Secret guestbook/database-password was kept"),
        "{archived}"
    );
    let left = deployments(&simulator).await;
    assert!(left.is_empty(), "{left:?}");
}

/// Somebody edits what was deployed: it is told with the editor's name, and forgotten once it is as it was. Defaults of the
/// server, quantities and what controllers write are nothing to tell.
async fn behind_our_back(api: &Api, simulator: &Simulator, id: &str) {
    let path = format!("/workflows/{id}");
    assert_eq!(api.ok("GET", &path, None).await.get("drift"), None);
    let mut stream = Stream::open(api, id).await;
    edit(simulator, "backend", "replicas", 5).await;
    let told = stream.until("drift").await;
    assert_eq!(told["data"]["node_id"], "backend", "{told}");
    let drift = api.ok("GET", &path, None).await["drift"].take();
    let seen = (&drift[0]["fields"], &drift[0]["managers"], drift.as_array().unwrap().len());
    assert_eq!(seen, (&json!(["spec.replicas"]), &json!(["kubectl-edit"]), 1), "{drift}");
    edit(simulator, "backend", "replicas", 2).await;
    stream.until("drift_resolved").await;
}

/// A workflow's stream, read event by event.
struct Stream {
    body: hyper::body::Incoming,
    text: String,
}

impl Stream {
    async fn open(api: &Api, workflow: &str) -> Self {
        let response = api.send("GET", &format!("/workflows/{workflow}/status/stream"), None).await;
        Self { body: response.into_body(), text: String::new() }
    }

    async fn until(&mut self, wanted: &str) -> Value {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let member =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let data = member("data:").map(|data| serde_json::from_str(data).unwrap());
                let found = data.filter(|_| member("event:") == Some(wanted));
                self.text = rest.to_string();
                if let Some(data) = found {
                    return data;
                }
            }
            let frame = self.body.frame().await.expect("the stream stays open").unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

/// What `kubectl edit` sends.
async fn edit(simulator: &Simulator, deployment: &str, field: &str, value: u64) {
    let path =
        format!("/apis/apps/v1/namespaces/guestbook/deployments/{deployment}?fieldManager=kubectl-edit");
    let patch = json!({ "spec": { field: value } });
    let request = Request::patch(path).header("content-type", "application/merge-patch+json");
    let request = request.body(Body::from(patch.to_string())).unwrap();
    let response = tower::ServiceExt::oneshot(simulator.service(), request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// What the API server itself says is there.
async fn deployments(simulator: &Simulator) -> Vec<String> {
    let request = Request::get("/apis/apps/v1/namespaces/guestbook/deployments").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(simulator.service(), request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    let names = list["items"].as_array().unwrap().iter();
    names.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}
