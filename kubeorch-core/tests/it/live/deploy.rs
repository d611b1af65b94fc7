//! Plans and runs against controllers and pods.

use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::manifest::{Key, Kind, Object};
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::runs::{Action, NodePhase, Options, Run, Status, Values, WORKFLOW_LABEL};
use kubeorch_core::secret::Secret;
use kubeorch_core::workflows::{Full, New, Save, Status as WorkflowStatus};
use serde_json::{Value, json};

use super::target::{PATIENCE, Target};
use crate::support::{account, graph};

const DEPLOYMENT: (&str, &str) = ("apps/v1", "Deployment");
const CONFIG: (&str, &str) = ("v1", "ConfigMap");

/// Nodes `(id, type, data)`.
type Nodes<'a> = [(&'a str, &'a str, Value)];

/// An engine of made-up node types on the target.
struct Lab {
    engine: Engine,
    target: Target,
    ana: Actor,
}

impl Lab {
    async fn new() -> Self {
        let target = Target::get().await;
        let engine = Engine::builder()
            .plugins(Arc::new(Types::toys()))
            .encryption_key(Secret::new("a key of this test"))
            .cluster("lab", Arc::clone(&target.cluster))
            .build()
            .await
            .unwrap();
        let ana = account(&engine, "ana@acme.test", None).await;
        Self { engine, target, ana }
    }

    /// A published workflow; its nodes go into the namespace of the test.
    async fn workflow(&self, who: &Actor, nodes: &Nodes<'_>, edges: &[(&str, &str)]) -> Full {
        let new = New { name: "shop".into(), description: String::new(), cluster: "lab".into() };
        let made = self.engine.workflows().create(who, new).await.unwrap();
        let id = made.workflow.id;
        self.save(who, &made, nodes, edges).await;
        self.engine.workflows().set_status(who, id, WorkflowStatus::Published).await.unwrap();
        self.engine.workflows().get(who, id).await.unwrap()
    }

    async fn save(&self, who: &Actor, full: &Full, nodes: &Nodes<'_>, edges: &[(&str, &str)]) {
        let placed: Vec<_> = nodes
            .iter()
            .map(|(id, kind, data)| {
                let mut data = data.clone();
                if data.get("namespace").is_none() {
                    data["namespace"] = json!(self.target.namespace);
                }
                (*id, *kind, data)
            })
            .collect();
        let graph = graph(&placed, edges);
        let save = Save { nodes: graph.nodes, edges: graph.edges, ..Save::default() };
        self.engine.workflows().save(who, full.workflow.id, save).await.unwrap();
    }

    async fn run(&self, full: &Full, values: Values, options: Options) -> Run {
        let runs = self.engine.runs();
        let run = runs.start(&self.ana, full.workflow.id, values, options).await.unwrap();
        runs.wait(&self.ana, run.id, PATIENCE).await.unwrap()
    }

    async fn completed(&self, full: &Full, values: Values, options: Options) -> Run {
        let run = self.run(full, values, options).await;
        assert_eq!((run.status, &run.error), (Status::Completed, &None), "{:#?}", run.logs);
        run
    }

    /// The codes of the findings that keep a run from starting.
    async fn refused(&self, full: &Full, options: Options) -> Vec<String> {
        let runs = self.engine.runs();
        let error = runs.start(&self.ana, full.workflow.id, Values::default(), options).await.unwrap_err();
        error.findings().iter().map(|finding| finding.code.clone()).collect()
    }

    async fn there(&self, kind: (&str, &str), name: &str) -> bool {
        self.target.object(kind, name).await.is_some()
    }
}

fn widget(name: &str, image: &str) -> Value {
    json!({ "name": name, "image": image, "replicas": 2, "port": 8080 })
}

fn gadget(name: &str) -> Value {
    json!({ "name": name, "settings": { "a": "1" } })
}

fn values(node: &str, key: &str, text: &str) -> Values {
    serde_json::from_value(json!({ "secrets": { node: { key: text } } })).unwrap()
}

#[tokio::test]
async fn a_run_ends_when_the_pods_are_ready_and_leaves_everything_as_planned() {
    let lab = Lab::new().await;
    let nodes = [
        ("w", "widget", widget("web", "web:1")),
        ("g", "gadget", gadget("conf")),
        ("d", "doorbell", json!({ "name": "web", "port": 80 })),
    ];
    let full = lab.workflow(&lab.ana, &nodes, &[("g", "w"), ("d", "w")]).await;
    let runs = lab.engine.runs();
    let plan = runs.plan(&lab.ana, full.workflow.id, &Values::default(), &Options::default()).await.unwrap();
    assert!(plan.operations.iter().all(|operation| operation.action == Action::Create), "{plan:#?}");
    assert!(!lab.there(DEPLOYMENT, "web").await, "a plan changes nothing");

    let run = lab.completed(&full, Values::default(), Options::default()).await;
    assert!(run.nodes.values().all(|node| node.status == NodePhase::Completed), "{:?}", run.nodes);
    let web = lab.target.object(DEPLOYMENT, "web").await.unwrap();
    assert_eq!(web.pointer("/status/readyReplicas"), Some(&json!(2)));
    assert_eq!(web.label(WORKFLOW_LABEL), Some(full.workflow.id.to_string().as_str()));
    let service = lab.target.object(("v1", "Service"), "web").await.unwrap();
    assert_eq!(service.pointer("/spec/selector/app"), Some(&json!("web")));

    let again = runs.plan(&lab.ana, full.workflow.id, &Values::default(), &Options::default()).await.unwrap();
    assert!(again.is_empty(), "the server's defaults are no change: {:#?}", again.operations);
    // A new image is one change, and pods that have it take the place of the old ones.
    lab.save(
        &lab.ana,
        &full,
        &[("w", "widget", widget("web", "web:2")), nodes[1].clone(), nodes[2].clone()],
        &[("g", "w"), ("d", "w")],
    )
    .await;
    lab.completed(&full, Values::default(), Options::default()).await;
    let new = |pod: &Object| pod.pointer("/spec/containers/0/image") == Some(&json!("web:2"));
    lab.target.until(("v1", "Pod"), |pods| pods.len() == 2 && pods.iter().all(new)).await;
    lab.target.end().await;
}

#[tokio::test]
async fn what_left_the_graph_is_pruned_and_what_holds_data_is_kept() {
    let lab = Lab::new().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K", "generate": 24 }] });
    let nodes = [
        ("a", "gadget", gadget("a")),
        ("b", "gadget", gadget("b")),
        ("l", "locket", locket),
        ("d", "doorbell", json!({ "name": "bell", "port": 80 })),
    ];
    let full = lab.workflow(&lab.ana, &nodes, &[]).await;
    lab.completed(&full, Values::default(), Options::default()).await;
    lab.save(&lab.ana, &full, &[("a", "gadget", gadget("renamed"))], &[]).await;
    lab.completed(&full, Values::default(), Options::default()).await;
    assert!(lab.there(CONFIG, "renamed").await);
    for (kind, name) in [(CONFIG, "a"), (CONFIG, "b"), (("v1", "Service"), "bell")] {
        assert!(!lab.there(kind, name).await, "{name}");
    }
    assert!(lab.there(("v1", "Secret"), "keys").await, "a secret is kept");
    lab.target.end().await;
}

#[tokio::test]
async fn values_reach_the_cluster_and_nothing_else() {
    let lab = Lab::new().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K" }] });
    let nodes = [("l", "locket", locket), ("w", "widget", widget("web", "web:1"))];
    let full = lab.workflow(&lab.ana, &nodes, &[("l", "w")]).await;
    assert_eq!(lab.refused(&full, Options::default()).await, ["secret.value_missing"]);
    let run = lab.completed(&full, values("l", "K", "canary-value"), Options::default()).await;
    let secret = lab.target.object(("v1", "Secret"), "keys").await.unwrap();
    assert_eq!(secret.pointer("/data/K"), Some(&json!("Y2FuYXJ5LXZhbHVl")));
    let told = format!("{run:?}");
    assert!(!told.contains("canary-value") && !told.contains("Y2FuYXJ5"), "{told}");
    lab.target.end().await;
}

#[tokio::test]
async fn pods_that_cannot_run_end_the_run_with_reason_and_object() {
    for (name, image, reason) in [
        ("lost", "simulator/image-not-found", "ImagePullBackOff"),
        ("broken", "simulator/crash", "CrashLoopBackOff"),
    ] {
        // Each in a namespace of its own, which is part of what a widget is.
        let lab = Lab::new().await;
        let full = lab.workflow(&lab.ana, &[("w", "widget", widget(name, image))], &[]).await;
        let options = Options { failure_grace: Duration::ZERO, ..Options::default() };
        let run = lab.run(&full, Values::default(), options).await;
        assert_eq!(run.status, Status::Failed, "{:#?}", run.logs);
        let error = run.error.unwrap();
        assert!(error.contains(reason) && error.contains(&format!("Pod/{name}-")), "{error}");
        lab.target.end().await;
    }
}

#[tokio::test]
async fn a_run_can_be_cancelled_and_repeated() {
    let lab = Lab::new().await;
    let node = ("w", "widget", widget("web", "simulator/never-ready"));
    let full = lab.workflow(&lab.ana, &[node], &[]).await;
    let runs = lab.engine.runs();
    for _ in 0..2 {
        let run =
            runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap();
        lab.target.until(("v1", "Pod"), |pods| !pods.is_empty()).await;
        let ended = runs.cancel(&lab.ana, run.id).await.unwrap();
        assert_eq!(ended.status, Status::Cancelled, "{:?}", ended.error);
    }
    lab.target.end().await;
}

#[tokio::test]
async fn foreign_objects_are_not_taken_over_unless_asked() {
    let lab = Lab::new().await;
    lab.target.furnish().await;
    let helms = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": { "by": "helm" },
        "metadata": {
            "name": "conf", "namespace": lab.target.namespace,
            "labels": { "app.kubernetes.io/managed-by": "Helm" },
        },
    });
    lab.target.apply("helm", helms).await;
    let full = lab.workflow(&lab.ana, &[("g", "gadget", gadget("conf"))], &[]).await;
    assert_eq!(lab.refused(&full, Options::default()).await, ["cluster.object_foreign"]);
    lab.completed(&full, Values::default(), Options { adopt: true, ..Options::default() }).await;
    let conf = lab.target.object(CONFIG, "conf").await.unwrap();
    assert_eq!(conf.label(WORKFLOW_LABEL), Some(full.workflow.id.to_string().as_str()));
    lab.target.end().await;
}

#[tokio::test]
async fn fields_of_others_are_a_conflict_with_their_names_unless_forced() {
    let lab = Lab::new().await;
    let full = lab.workflow(&lab.ana, &[("w", "widget", widget("web", "web:1"))], &[]).await;
    lab.completed(&full, Values::default(), Options::default()).await;
    lab.target
        .apply(
            "scaler",
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "replicas": 3 },
                "metadata": { "name": "web", "namespace": lab.target.namespace },
            }),
        )
        .await;
    let runs = lab.engine.runs();
    let plan = runs.plan(&lab.ana, full.workflow.id, &Values::default(), &Options::default()).await.unwrap();
    let told = serde_json::to_string(&plan.findings).unwrap();
    assert!(
        told.contains("cluster.conflict") && told.contains("scaler") && told.contains("replicas"),
        "{told}"
    );
    lab.completed(&full, Values::default(), Options { force: true, ..Options::default() }).await;
    let web = lab.target.object(DEPLOYMENT, "web").await.unwrap();
    assert_eq!(web.pointer("/spec/replicas"), Some(&json!(2)));
    lab.target.end().await;
}

#[tokio::test]
async fn what_the_server_refuses_is_found_by_the_plan_and_nothing_is_applied() {
    let lab = Lab::new().await;
    // In a namespace that is not there nothing can be tried.
    lab.target.furnish().await;
    let nodes =
        [("g", "gadget", gadget("conf")), ("d", "doorbell", json!({ "name": "web", "port": 70_000 }))];
    let full = lab.workflow(&lab.ana, &nodes, &[]).await;
    let runs = lab.engine.runs();
    let error =
        runs.start(&lab.ana, full.workflow.id, Values::default(), Options::default()).await.unwrap_err();
    let told = serde_json::to_string(error.findings()).unwrap();
    assert!(told.contains("65535"), "{told}");
    assert!(!lab.there(CONFIG, "conf").await);
    lab.target.end().await;
}

#[tokio::test]
async fn archiving_removes_the_objects_and_says_what_stays() {
    let lab = Lab::new().await;
    let locket = json!({ "name": "keys", "keys": [{ "name": "K", "generate": 24 }] });
    let nodes =
        [("g", "gadget", gadget("conf")), ("l", "locket", locket), ("w", "widget", widget("web", "web:1"))];
    let full = lab.workflow(&lab.ana, &nodes, &[]).await;
    lab.completed(&full, Values::default(), Options::default()).await;
    let archived = WorkflowStatus::Archived;
    let warning = lab.engine.workflows().set_status(&lab.ana, full.workflow.id, archived).await.unwrap();
    let kept = format!("Secret {}/keys was kept", lab.target.namespace);
    assert!(warning.as_deref().is_some_and(|warning| warning.contains(&kept)), "{warning:?}");
    assert!(!lab.there(CONFIG, "conf").await && !lab.there(DEPLOYMENT, "web").await);
    lab.target.until(("v1", "Pod"), <[_]>::is_empty).await;
    lab.target.end().await;
}

#[tokio::test]
async fn another_accounts_objects_are_neither_taken_nor_shown() {
    let lab = Lab::new().await;
    let locket = || json!({ "name": "keys", "keys": [{ "name": "tls.key" }] });
    let full = lab.workflow(&lab.ana, &[("l", "locket", locket())], &[]).await;
    lab.completed(&full, values("l", "tls.key", "hers"), Options::default()).await;
    let code = lab.engine.settings().invite_code(&lab.ana).await.unwrap();
    let ben = account(&lab.engine, "ben@acme.test", Some(&code)).await;
    let his = lab.workflow(&ben, &[("l", "locket", locket())], &[]).await;
    let grab = Options { adopt: true, force: true, ..Options::default() };
    let runs = lab.engine.runs();
    let plan = runs.plan(&ben, his.workflow.id, &values("l", "tls.key", "his"), &grab).await.unwrap();
    assert_eq!(plan.findings[0].code, "cluster.object_foreign");
    assert!(plan.operations.is_empty(), "{:#?}", plan.operations);
    assert!(runs.start(&ben, his.workflow.id, values("l", "tls.key", "his"), grab).await.is_err());
    lab.target.end().await;
}

#[tokio::test]
async fn a_missing_namespace_is_made_and_many_nodes_get_ready_at_once() {
    let lab = Lab::new().await;
    let space = format!("{}-more", lab.target.namespace);
    let names: Vec<_> = (0..20).map(|at| format!("web-{at}")).collect();
    let nodes: Vec<_> = names
        .iter()
        .map(|name| {
            let mut data = widget(name, "web:1");
            data["namespace"] = json!(space);
            (name.as_str(), "widget", data)
        })
        .collect();
    let mut alone = gadget("conf");
    alone["namespace"] = json!(space);
    let plain = lab.workflow(&lab.ana, &[("g", "gadget", alone)], &[]).await;
    let strict = Options { create_namespaces: false, ..Options::default() };
    let codes = lab.refused(&plain, strict).await;
    assert!(codes.iter().any(|code| code == "cluster.namespace_missing"), "{codes:?}");
    // A widget brings its namespace itself.
    let full = lab.workflow(&lab.ana, &nodes, &[]).await;
    lab.completed(&full, Values::default(), Options::default()).await;
    let key = Key { kind: Kind::new("v1", "Namespace"), namespace: None, name: space };
    assert!(
        lab.target.cluster.delete(&key, &kubeorch_core::kube::DeleteOptions::default()).await.unwrap().found
    );
    lab.target.end().await;
}
