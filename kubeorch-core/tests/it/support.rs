//! An engine over fakes, and a signed-in account.

use std::sync::Arc;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::graph::Graph;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::Store;
use kubeorch_core::users::Register;
use kubeorch_core::workflows::{Full, New, Save, Status};
use serde_json::{Value, json};

/// A deployment of widgets on a cluster named `lab`.
pub(crate) struct Lab {
    pub(crate) engine: Engine,
    pub(crate) cluster: Arc<Fake>,
    pub(crate) ana: Actor,
}

/// Whatever a test did, what it leaves is a sound store.
impl Drop for Lab {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.engine.store().verify(&kubeorch_core::schema()).unwrap(), []);
        }
    }
}

/// Starts an engine on the given store, or on memory.
pub(crate) async fn engine(store: Option<Arc<dyn Store>>, cluster: &Arc<Fake>) -> Engine {
    let mut builder = Engine::builder()
        .plugins(Arc::new(Types::toys()))
        .encryption_key(Secret::new("a key of this test"))
        .cluster("lab", cluster.clone());
    if let Some(store) = store {
        builder = builder.store(store);
    }
    builder.build().await.unwrap()
}

pub(crate) async fn lab() -> Lab {
    let cluster = Arc::new(Fake::new());
    let namespace = json!({ "name": "default" });
    cluster.put(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": namespace }));
    let engine = engine(None, &cluster).await;
    let ana = account(&engine, "ana@acme.test", None).await;
    Lab { engine, cluster, ana }
}

/// Registers an account and signs it in.
pub(crate) async fn account(engine: &Engine, email: &str, invite: Option<&str>) -> Actor {
    let session = engine
        .users()
        .register(Register {
            email: email.into(),
            password: Secret::new("password123"),
            name: email.split('@').next().unwrap_or_default().into(),
            invite_code: invite.map(Secret::new),
        })
        .await
        .unwrap();
    engine.users().authenticate(&session.token).await.unwrap()
}

/// Makes a published workflow from nodes `(id, type, data)`.
pub(crate) async fn workflow(lab: &Lab, nodes: &[(&str, &str, Value)], edges: &[(&str, &str)]) -> Full {
    let new = New { name: "shop".into(), description: String::new(), cluster: "lab".into() };
    let made = lab.engine.workflows().create(&lab.ana, new).await.unwrap();
    save(lab, &made, nodes, edges).await;
    let id = made.workflow.id;
    lab.engine.workflows().set_status(&lab.ana, id, Status::Published).await.unwrap();
    lab.engine.workflows().get(&lab.ana, id).await.unwrap()
}

/// Saves another graph.
pub(crate) async fn save(
    lab: &Lab,
    full: &Full,
    nodes: &[(&str, &str, Value)],
    edges: &[(&str, &str)],
) -> Full {
    let graph = graph(nodes, edges);
    let save = Save { nodes: graph.nodes, edges: graph.edges, ..Save::default() };
    lab.engine.workflows().save(&lab.ana, full.workflow.id, save).await.unwrap()
}

/// A graph from nodes `(id, type, data)` and edges `(source, target)`.
pub(crate) fn graph(nodes: &[(&str, &str, Value)], edges: &[(&str, &str)]) -> Graph {
    let nodes: Vec<_> =
        nodes.iter().map(|(id, kind, data)| json!({ "id": id, "type": kind, "data": data })).collect();
    let edges: Vec<_> = edges
        .iter()
        .map(|(source, target)| json!({ "id": format!("{source}-{target}"), "source": source, "target": target }))
        .collect();
    serde_json::from_value(json!({ "nodes": nodes, "edges": edges })).unwrap()
}
