//! The API server, in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use kubeorch_benches::flags;
use kubeorch_benches::measure::Failure;
use kubeorch_core::kube::{Cluster, Connect, Credentials, Endpoint, Scope};
use kubeorch_core::manifest::Kind;
use kubeorch_core::secret::Secret;
use kubeorch_simulator::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::fleet::{KINDS, NAMESPACE, PODS};

/// What an answer takes beyond the work for it.
const LATENCY: Duration = Duration::from_millis(2);
/// Pods of a simulated node.
const ROOM: usize = 110;

/// A running API server; it ends with this handle.
pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
    _stdin: ChildStdin,
}

impl Server {
    /// An empty one with room for the pods of so many objects.
    pub(crate) fn start(objects: usize) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--part", "server", "--objects", &objects.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().ok_or("the server has no input")?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            return Err("the server did not start".into());
        }
        Ok(Self { url, child, _stdin: stdin })
    }

    /// What is deployed on it, as somebody would have written it: documents without what the server keeps.
    pub(crate) fn manifests(&self) -> Result<String, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut items = Vec::new();
        runtime.block_on(async {
            let client = Connect::default().client(&endpoint(&self.url)).await?;
            for (version, kind) in KINDS {
                let namespace = Some(NAMESPACE.to_owned());
                let scope = Scope { kind: Kind::new(version, kind), namespace, labels: String::new() };
                items.extend(client.list(&scope).await?.iter().map(|object| written(object.to_value())));
            }
            Ok::<_, Failure>(())
        })?;
        let space = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        items.insert(0, space);
        let documents: Vec<_> = items.iter().map(Value::to_string).collect();
        Ok(documents.join("\n---\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Failing means that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn written(mut object: Value) -> Value {
    let members = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for member in members {
            metadata.remove(member);
        }
    }
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    object
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    let credentials =
        Credentials::Kubeconfig { text: Secret::new(kubeorch_simulator::kubeconfig(url)), context: None };
    Endpoint { server: url.to_owned(), credentials, ca: None, insecure: false }
}

/// The process itself: serves until its input ends.
pub(crate) fn run() -> Result<(), Failure> {
    let objects: usize = flags::value("--objects")?.ok_or("--objects is needed")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let nodes = (objects / PODS).div_ceil(ROOM).max(1) + 1;
        let simulator = Simulator::builder().nodes(nodes).latency(LATENCY).build();
        let end = async {
            let wait = || std::io::stdin().read_to_end(&mut Vec::new());
            // Whatever the input says, its end is meant.
            let _ = tokio::task::spawn_blocking(wait).await;
        };
        simulator.serve(listener, end).await?;
        Ok(())
    })
}
