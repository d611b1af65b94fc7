//! Our half, in a process of its own: its memory is that of an engine, and nothing else of the bench is in it.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_benches::flags;
use kubeorch_benches::measure::Failure;
use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::id::{Raw, WorkflowId};
use kubeorch_core::kube::Connect;
use kubeorch_core::plugin::Registry;
use kubeorch_core::runs::{Options, Status, Values};
use kubeorch_core::store::Redb;
use kubeorch_core::store::redb;
use kubeorch_core::time::SystemClock;
use kubeorch_core::workflows::New;
use serde::{Deserialize, Serialize};

use crate::fleet::graph;
use crate::server::endpoint;

/// What one engine tells of its deploys.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    /// Until everything is ready.
    pub(crate) deploy: Duration,
    /// The same workflow once more.
    pub(crate) again: Duration,
    /// Bytes of the process at its largest.
    peak: u64,
}

impl Report {
    /// The same in MB.
    pub(crate) fn peak_mb(&self) -> f64 {
        f64::from(u32::try_from(self.peak / 1_000).unwrap_or(u32::MAX)) / 1e3
    }

    /// Deploys to the server in a new process.
    pub(crate) fn of(url: &str, objects: usize) -> Result<Self, Failure> {
        let output = Command::new(std::env::current_exe()?)
            .args(["--part", "ours", "--objects", &objects.to_string(), "--url", url])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("the engine's process ended with {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// The process itself.
pub(crate) fn run() -> Result<(), Failure> {
    let objects: usize = flags::value("--objects")?.ok_or("--objects is needed")?;
    let url: String = flags::value("--url")?.ok_or("--url is needed")?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let core = kubeorch_plugins::all().first().map_or(&[][..], |plugin| plugin.component);
        let plugins = Registry::builder().plugin("core", core).try_build().await?;
        let cluster = Connect::default().client(&endpoint(&url)).await?;
        let clock = Arc::new(SystemClock);
        let store = Redb::open(folder.path().join("store.redb"), redb::Options::default(), clock)?;
        let engine = Engine::builder()
            .store(Arc::new(store))
            .plugins(Arc::new(plugins))
            .cluster("server", Arc::new(cluster))
            .build()
            .await?;
        let id: WorkflowId = Raw::derived(&["fleet"]).into();
        let new = New { name: "fleet".into(), cluster: "server".into(), ..New::default() };
        engine.workflows().put(&Actor::System, id, new, graph(objects)).await?;
        let (deploy, again) = (deploy(&engine, id).await?, deploy(&engine, id).await?);
        engine.shutdown().await;
        println!("{}", serde_json::to_string(&Report { deploy, again, peak: peak()? })?);
        Ok(())
    })
}

async fn deploy(engine: &Engine, id: WorkflowId) -> Result<Duration, Failure> {
    let begin = Instant::now();
    let run = engine.runs().start(&Actor::System, id, Values::default(), Options::default()).await?;
    let run = engine.runs().wait(&Actor::System, run.id, Duration::from_mins(5)).await?;
    let took = begin.elapsed();
    match run.status {
        Status::Completed => Ok(took),
        other => Err(format!("the run is {}: {:?}", other.as_str(), run.error).into()),
    }
}

/// Bytes of memory that this process had in use at most. Fails where there is no procfs.
fn peak() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).ok_or("procfs tells no size")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse::<u64>()? * 1024)
}
