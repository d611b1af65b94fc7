//! A store that lost a row is no sound store, whichever row it was.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kubeorch_core::actor::Actor;
use kubeorch_core::clusters::{self, CredentialsInput};
use kubeorch_core::graph::Hash;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::kube::{self, Cluster, Connector, Endpoint};
use kubeorch_core::plugin::fake::{Sandbox, Types};
use kubeorch_core::plugins::{Policy, Trust};
use kubeorch_core::retention;
use kubeorch_core::runs::{Options, Status, Values};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::import::Error;
use kubeorch_core::store::{Db, Memory};
use kubeorch_core::time::SystemClock;
use kubeorch_core::versions::Label;
use kubeorch_core::workflows::{Change, New};
use kubeorch_core::{Engine, schema};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::plugins::package;
use crate::support::{Lab, account, save, workflow};

/// Tables of which a row may be missing, and why nothing can tell.
const OPEN: [(&str, &str); 7] = [
    ("node_status", "what a cluster says is asked again"),
    ("plugin_choices", "what was never chosen reads the same"),
    ("plugin_entries", "the next start dates the entry anew"),
    ("run_inventory", "an object is known by its label too, and asked about once more"),
    ("run_plans", "a stored plan is for looking at; a run that goes on plans anew"),
    ("workflow_drift", "what drifted is noticed again"),
    ("_leases", "what nobody has held reads the same"),
];

struct Fakes;

#[async_trait]
impl Connector for Fakes {
    async fn connect(&self, _: &Endpoint) -> Result<Arc<dyn Cluster>, kube::Error> {
        Ok(Arc::new(Fake::new()))
    }
}

async fn engine() -> Lab {
    let cluster = Arc::new(Fake::new());
    cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "default" } }));
    let sandbox = Arc::new(Sandbox::new(Types::toys()));
    let engine = Engine::builder()
        .plugins(sandbox.clone())
        .sandbox(sandbox)
        .plugin_policy(Policy {
            trust: Trust { allow_unsigned: true, ..Trust::default() },
            ..Policy::default()
        })
        .encryption_key(Secret::new("a key of this test"))
        .cluster("lab", cluster.clone())
        .connector(Arc::new(Fakes))
        .retention(retention::Policy { versions: 3, runs: 2, ..retention::Policy::forever() })
        .build()
        .await
        .unwrap();
    let ana = account(&engine, "ana@acme.test", None).await;
    Lab { engine, cluster, ana }
}

async fn run(lab: &Lab, id: kubeorch_core::id::WorkflowId) {
    let runs = lab.engine.runs();
    let run = runs.start(&lab.ana, id, Values::default(), Options::default()).await.unwrap();
    let run = runs.wait(&lab.ana, run.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(run.status, Status::Completed, "{run:?}");
}

/// A bit of everything, after a sweep.
async fn full() -> Lab {
    let lab = engine().await;
    let Lab { engine, ana, .. } = &lab;
    let invite = engine.settings().invite_code(ana).await.unwrap();
    let ben = account(engine, "ben@acme.test", Some(&invite)).await;
    for name in ["prod", "gone"] {
        let credentials = CredentialsInput { token: Some(Secret::new("t")), ..CredentialsInput::default() };
        let (server, auth_type) = ("https://k8s.acme.test".to_owned(), "token".to_owned());
        let new =
            clusters::New { name: name.into(), server, auth_type, credentials, ..clusters::New::default() };
        engine.clusters().create(&ben, new).await.unwrap();
    }
    engine.clusters().remove(&ben, "gone").await.unwrap();
    engine.plugins().install(ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    engine.plugins().enable_entry(&ben, "mq").await.unwrap();

    let gadget = |name: &str| json!({ "name": name });
    let shop =
        workflow(&lab, &[("a", "gadget", gadget("a")), ("b", "gadget", gadget("b"))], &[("a", "b")]).await;
    let id = shop.workflow.id;
    let label = Label { tag: Some("kept".into()), ..Label::default() };
    engine.workflows().create_version(ana, id, label).await.unwrap();
    for count in 2..6 {
        let names: Vec<String> = (0..count * 3).map(|at| format!("n{at}")).collect();
        let nodes: Vec<_> = names.iter().map(|name| (name.as_str(), "gadget", gadget(name))).collect();
        let edges: Vec<_> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        save(&lab, &shop, &nodes, &edges).await;
        run(&lab, id).await;
    }
    workflow(&lab, &[], &[]).await;
    let gone = workflow(&lab, &[("a", "gadget", gadget("x"))], &[]).await;
    run(&lab, gone.workflow.id).await;
    engine.workflows().delete(ana, gone.workflow.id).await.unwrap();
    let new = New { name: "local".into(), cluster: "lab".into(), ..New::default() };
    let local = engine.workflows().create(&Actor::System, new).await.unwrap();
    let change = Change { name: Some("ours".into()), ..Change::default() };
    engine.workflows().update(&Actor::System, local.workflow.id, change).await.unwrap();
    engine.store().lease("scheduler", "a", Duration::from_secs(9)).await.unwrap().unwrap();
    let swept = engine.retention().sweep(ana).await.unwrap();
    assert!(swept.versions > 0 && swept.runs > 0, "{swept:?}");
    lab
}

/// The lines without one of them, with an end that fits.
fn without(lines: &[&str], gone: usize) -> String {
    let kept = lines.iter().enumerate().filter(|(at, _)| *at != gone);
    let mut text: String = kept.map(|(_, line)| format!("{line}\n")).collect();
    let end = text[..text.len() - 1].rfind('\n').unwrap() + 1;
    let mut last: Value = serde_json::from_str(&text[end..]).unwrap();
    text.truncate(end);
    last["rows"] = json!(last["rows"].as_u64().unwrap() - 1);
    last["sha256"] = json!(Hash::from(<[u8; 32]>::from(Sha256::digest(text.as_bytes()))).to_string());
    format!("{text}{last}\n")
}

#[tokio::test]
async fn an_export_that_lacks_any_row_is_refused() {
    let lab = full().await;
    lab.engine.shutdown().await;
    let mut text = Vec::new();
    lab.engine.store().export(&schema(), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut tables = std::collections::BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        let row: Value = serde_json::from_str(line).unwrap();
        let (Some(table), Some(_)) = (row["table"].as_str(), row.get("schema")) else { continue };
        tables.insert(table.to_owned());
        let db = Db::new(Arc::new(Memory::new(Arc::new(SystemClock))), Arc::new(SystemClock));
        let done = db.import(&schema(), without(&lines, at).as_bytes()).await;
        let open = OPEN.iter().any(|(it, _)| *it == table)
            // Of the log of a cluster only what made and ended it is counted on.
            || (table == "cluster_logs" && row["value"]["action"] == "connection_test");
        match done {
            Ok(_) => assert!(open, "nobody misses {line}"),
            Err(Error::Unsound(_)) => assert!(!open, "{table} is not open: {line}"),
            Err(other) => panic!("{other}: {line}"),
        }
    }
    // Indexes follow from records; the typed layer's own are for one store alone, or numbers that only rise.
    let own = |name: &str| name.starts_with('_') || name.contains("_by_") || name.starts_with("runs_");
    let open = |name: &str| OPEN.iter().any(|(it, _)| *it == name);
    let all = schema().tables().into_iter().map(|it| it.0);
    let untried: Vec<_> = all.filter(|it| !tables.contains(*it) && !own(it) && !open(it)).collect();
    assert_eq!(untried, [""; 0], "the example lacks rows of a table");
}
