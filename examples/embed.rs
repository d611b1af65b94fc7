//! An engine inside a host program: a store in memory, a simulated cluster, one workflow, one run.
//!
//! `cargo run -p kubeorch-examples --bin embed`
#![allow(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::graph::Graph;
use kubeorch_core::id::Raw;
use kubeorch_core::kube::Client;
use kubeorch_core::plugin::Registry;
use kubeorch_core::runs::{Options, Values};
use kubeorch_core::workflows::New;
use kubeorch_simulator::Simulator;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The node types: the plugins that come with KubeOrch; your own are loaded the same way.
    let plugins = kubeorch_plugins::node_types()
        .fold(Registry::builder(), |builder, plugin| builder.plugin(plugin.name, plugin.component));
    // A cluster in this process. For a real one: `kubeorch_core::kube::from_kubeconfig_files`.
    let cluster = Client::simulated(&Simulator::builder().build());
    let engine = Engine::builder()
        .plugins(Arc::new(plugins.try_build().await?))
        .cluster("simulator", Arc::new(cluster))
        .build()
        .await?;

    let graph: Graph = serde_json::from_value(json!({
        "nodes": [
            { "id": "web", "type": "deployment",
              "data": { "name": "web", "namespace": "shop", "image": "nginx:1.29", "replicas": 2, "port": 80 } },
            { "id": "web-service", "type": "service", "data": { "name": "web", "namespace": "shop", "port": 80 } },
        ],
        "edges": [{ "id": "selects", "source": "web-service", "target": "web" }],
    }))?;

    // The host program acts as itself; for people there are accounts: `engine.users()`.
    let actor = Actor::System;
    let id = Raw::derived(&["shop"]).into();
    let new = New { name: "shop".into(), cluster: "simulator".into(), ..New::default() };
    engine.workflows().put(&actor, id, new, graph).await?;

    let plan = engine.runs().plan(&actor, id, &Values::default(), &Options::default()).await?;
    for operation in &plan.operations {
        println!("{:?} {}", operation.action, operation.key);
    }
    let run = engine.runs().start(&actor, id, Values::default(), Options::default()).await?;
    let run = engine.runs().wait(&actor, run.id, Duration::from_mins(1)).await?;
    run.logs.iter().for_each(|line| println!("{line}"));
    println!("{}", run.status.as_str());
    engine.shutdown().await;
    if run.status.as_str() == "completed" { Ok(()) } else { Err("the workflow did not get ready".into()) }
}
