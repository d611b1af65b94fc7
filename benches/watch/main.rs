//! What watched pods cost in memory: this crate's hub beside a reflector of kube-rs that holds whole pods.
//!
//! `cargo bench -p kubeorch-benches --bench watch [-- FLAGS]`, about a minute by default.
//!
//! | flag | default | |
//! |---|---|---|
//! | `--pods N` | 10000 | watched pods; the targets are for 10,000 |
//! | `--runs N` | 5 | runs of each side, by turns |
//!
//! Each run is a process of its own (`--side NAME`): it watches ten pods, so that code and buffers are there,
//! then all of them, and tells by how much it grew. The server is part of the process and holds nothing.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

mod server;

use std::collections::HashSet;
use std::process::Command;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kubeorch_benches::flags;
use kubeorch_benches::measure::{Failure, Table, at_most_of, median, resident};
use kubeorch_core::kube::{Client, Cluster, Hub, HubOptions, Scope, Subscription};
use kubeorch_core::manifest::Kind;
use kubeorch_core::time::SystemClock;
use tokio::runtime::Builder;

/// Growth for 10,000 pods, in MB, and beside the reflector's.
const TARGETS: (f64, f64) = (10.0, 0.15);
const SIDES: [&str; 2] = ["hub", "reflector"];

fn main() -> Result<(), Failure> {
    let (pods, runs) = if flags::measuring() { (10_000, 5) } else { (300, 1) };
    let pods = flags::value("--pods")?.unwrap_or(pods);
    let runs: usize = flags::value("--runs")?.unwrap_or(runs);
    if let Some(side) = flags::value::<String>("--side")? {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        println!("{}", runtime.block_on(grow(&side, pods))?);
        return Ok(());
    }
    let mut grown = [Vec::new(), Vec::new()];
    for _ in 0..runs {
        for (side, grown) in SIDES.iter().zip(&mut grown) {
            grown.push(run(side, pods)?);
        }
    }
    let json = serde_json::to_string(&server::pod(0))?.len();
    println!("{pods} pods of {json} bytes, median of {runs} runs\n");
    let [hub, twin] = grown.map(median);
    let mut table = Table::new(["", "grown by", "a pod", "", "target", ""]);
    for (side, bytes) in SIDES.iter().zip([hub, twin]) {
        let mut row = vec![(*side).to_owned(), format!("{:.2} MB", bytes / 1e6)];
        row.push(format!("{:.0} B", bytes / f64::from(u32::try_from(pods)?)));
        table.row(row);
    }
    let blank = || [String::new(), String::new(), String::new()];
    table.row(blank().into_iter().chain(at_most_of(hub / 1e6, TARGETS.0, "MB")));
    table.row(blank().into_iter().chain(at_most_of(hub / twin, TARGETS.1, "x reflector")));
    println!("{table}");
    Ok(())
}

/// The bytes that a process of its own grew by.
fn run(side: &str, pods: usize) -> Result<f64, Failure> {
    let pods = pods.to_string();
    let output =
        Command::new(std::env::current_exe()?).args(["--side", side, "--pods", pods.as_str()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim()
        .parse()
        .map_err(|_| format!("{side} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

async fn grow(side: &str, pods: usize) -> Result<u64, Failure> {
    let watch = async |pods: usize| -> Result<Box<dyn std::any::Any>, Failure> {
        match side {
            "hub" => hub(pods).await,
            "reflector" => twin(pods).await,
            _ => Err("no such side".into()),
        }
    };
    drop(watch(10).await?);
    let before = resident()?;
    let held = watch(pods).await?;
    let after = resident()?;
    if let Some((_, reader)) = held.downcast_ref::<(Hub, Subscription)>() {
        check(reader, pods)?;
    }
    Ok(after.saturating_sub(before))
}

/// Every pod can be had back, but for what the hub says it leaves out.
fn check(reader: &Subscription, pods: usize) -> Result<(), Failure> {
    let mut sent: HashSet<String> = HashSet::new();
    for at in 0..pods {
        let mut pod = server::pod(at);
        pod["metadata"].as_object_mut().map(|metadata| metadata.shift_remove("managedFields"));
        sent.insert(pod.to_string());
    }
    let same = reader.objects().filter(|(_, object)| sent.contains(&object.to_value().to_string())).count();
    if same == pods {
        Ok(())
    } else {
        Err(format!("{same} of {pods} pods are held as they were sent").into())
    }
}

/// What has to live for the pods to be held.
async fn hub(pods: usize) -> Result<Box<dyn std::any::Any>, Failure> {
    let cluster: Arc<dyn Cluster> = Arc::new(Client::new(server::client(pods)));
    let hub = Hub::new(Arc::new(SystemClock), HubOptions::default());
    let scope = Scope { kind: Kind::new("v1", "Pod"), namespace: None, labels: String::new() };
    let mut reader = hub.subscribe("bench", &cluster, &scope)?;
    reader.synced().await?;
    Ok(Box::new((hub, reader)))
}

async fn twin(pods: usize) -> Result<Box<dyn std::any::Any>, Failure> {
    let api: Api<Pod> = Api::all(server::client(pods));
    let (reader, writer) = reflector::store();
    let events = reflector(writer, watcher(api, watcher::Config::default())).default_backoff();
    let mut events = Box::pin(events);
    while reader.len() < pods {
        events.next().await.ok_or("the watch ended")??;
    }
    Ok(Box::new((reader, events)))
}
