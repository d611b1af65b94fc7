//! Live node states: watches the objects of a graph, asks the plugins what they mean, and notes every change.
//!
//! One observer per workflow, shared by the run that deploys it and everybody who looks. It costs one watch
//! per (kind, namespace, selector), not per node, and nothing polls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::FutureExt;
use futures::stream::{self, FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::Error;
use super::prepare::{Prepared, WORKFLOW_LABEL};
use super::ready::{self, Readiness};
use crate::clusters::Link;
use crate::engine::Host;
use crate::id::WorkflowId;
use crate::kube::{self, Scope, Subscription};
use crate::manifest::{Key, Object};
use crate::plugin::{NodeInput, NodeTypes, Observe, Phase, Status, StatusRequest};
use crate::workflows::{self, NodeStatus};

/// How many status calls are under way at once.
const PARALLEL: usize = 16;

/// A node's state as of now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NodeView {
    pub(super) status: Status,
    /// The state belongs to what was applied last, not to an older generation.
    pub(super) current: bool,
    /// Decides when a run goes on; the status is what clients see.
    pub(super) readiness: Readiness,
}

/// All nodes' states; readers share one copy.
pub(super) type Views = Arc<BTreeMap<String, NodeView>>;

/// What was applied last, by node: objects with their generations.
type Applied = Arc<Mutex<HashMap<String, Vec<(Key, i64)>>>>;

/// Follows one workflow's objects while it lives.
pub(super) struct Observer {
    views: watch::Receiver<Views>,
    applied: Applied,
    nudge: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Observer {
    /// Begins to watch everything that the prepared graph renders.
    pub(super) fn start(
        host: Host,
        types: Arc<dyn NodeTypes>,
        link: &Link,
        workflow: WorkflowId,
        prepared: &Prepared,
    ) -> Result<Self, kube::Error> {
        let (publish, views) = watch::channel(Views::default());
        let applied = Applied::default();
        let nudge = Arc::new(Notify::new());
        let eye = Eye::new(host, types, link, workflow, prepared, publish, Arc::clone(&applied))?;
        let task = tokio::spawn(eye.run(Arc::clone(&nudge)));
        Ok(Self { views, applied, nudge, task })
    }

    /// All states, and a wake-up for each change.
    pub(super) fn views(&self) -> watch::Receiver<Views> {
        self.views.clone()
    }

    /// Tells what was just applied: older states of these objects do not count as current.
    pub(super) fn applied(&self, node: &str, objects: &[Object]) {
        let generations = objects.iter().map(|object| (object.key(), generation(object))).collect();
        self.applied.lock().insert(node.to_owned(), generations);
        self.nudge.notify_one();
    }
}

struct Watched {
    input: NodeInput,
    desired: Vec<Object>,
    /// By index into the subscriptions, parallel to `desired`.
    own: Vec<usize>,
    /// Indexes into the subscriptions.
    observed: Vec<usize>,
}

struct Eye {
    host: Host,
    types: Arc<dyn NodeTypes>,
    workflow: WorkflowId,
    nodes: Vec<Watched>,
    subscriptions: Vec<Subscription>,
    /// Which nodes look at a subscription.
    readers: Vec<Vec<usize>>,
    applied: Applied,
    publish: watch::Sender<Views>,
    known: BTreeMap<String, NodeView>,
}

impl Eye {
    fn new(
        host: Host,
        types: Arc<dyn NodeTypes>,
        link: &Link,
        workflow: WorkflowId,
        prepared: &Prepared,
        publish: watch::Sender<Views>,
        applied: Applied,
    ) -> Result<Self, kube::Error> {
        let mut scopes: Vec<Scope> = Vec::new();
        let mut places: HashMap<Scope, usize> = HashMap::new();
        let mut place = |scope: Scope| {
            *places.entry(scope.clone()).or_insert_with(|| {
                scopes.push(scope);
                scopes.len() - 1
            })
        };
        let labels = format!("{WORKFLOW_LABEL}={workflow}");
        let own = |object: &Object| Scope {
            kind: object.kind(),
            namespace: object.namespace().map(str::to_owned),
            labels: labels.clone(),
        };
        let nodes: Vec<Watched> = prepared
            .nodes
            .iter()
            .map(|node| Watched {
                own: node.objects.iter().map(|object| place(own(object))).collect(),
                observed: node.observe.iter().map(|observe| place(scope(observe))).collect(),
                input: node.input.clone(),
                desired: node.objects.clone(),
            })
            .collect();
        let mut readers = vec![Vec::new(); scopes.len()];
        for (at, node) in nodes.iter().enumerate() {
            for &place in node.own.iter().chain(&node.observed) {
                readers[place].push(at);
            }
        }
        let subscriptions = scopes.iter().map(|scope| link.subscribe(scope)).collect::<Result<_, _>>()?;
        let known = BTreeMap::new();
        Ok(Self { host, types, workflow, nodes, subscriptions, readers, applied, publish, known })
    }

    async fn run(mut self, nudge: Arc<Notify>) {
        let all: BTreeSet<usize> = (0..self.nodes.len()).collect();
        for subscription in &mut self.subscriptions {
            // A kind that cannot be watched leaves its nodes without live state; the others go on.
            if let Err(error) = subscription.synced().await {
                tracing::warn!(workflow = %self.workflow, %error, "a watch did not start");
            }
        }
        let mut touched = all.clone();
        loop {
            if let Err(error) = self.look(&touched).await {
                tracing::warn!(workflow = %self.workflow, %error, "node states could not be noted");
            }
            touched = tokio::select! {
                touched = self.changed() => touched,
                () = nudge.notified() => all.clone(),
            };
        }
    }

    /// Waits for a change and answers whose nodes look at it.
    async fn changed(&mut self) -> BTreeSet<usize> {
        let readers = &self.readers;
        let mut waits: FuturesUnordered<_> = self
            .subscriptions
            .iter_mut()
            .zip(readers)
            .map(|(subscription, readers)| async move {
                subscription.changed().await;
                readers
            })
            .collect();
        match waits.next().await {
            Some(readers) => readers.iter().copied().collect(),
            None => std::future::pending().await,
        }
    }

    /// Asks the plugins about the nodes and notes what is new, in one transaction.
    async fn look(&mut self, touched: &BTreeSet<usize>) -> Result<(), Error> {
        let requests = self.requests(touched);
        let types = &self.types;
        let asked: Vec<_> = requests
            .into_iter()
            .map(|(at, current, request)| async move { (at, current, types.status(&request).await) }.boxed())
            .collect();
        let answers: Vec<_> = stream::iter(asked).buffer_unordered(PARALLEL).collect().await;
        let mut news = Vec::new();
        for (at, current, answer) in answers {
            let node = &self.nodes[at].input;
            let status = answer.unwrap_or_else(|error| broken(&error.to_string()));
            let readiness = told(&status);
            let view = NodeView { status, current, readiness };
            let old = self.known.insert(node.id.clone(), view.clone());
            if old.as_ref().map(|old| &old.status) != Some(&view.status) {
                news.push((node.id.clone(), node.kind.clone(), view.status));
            }
        }
        if !news.is_empty() {
            self.note(&news).await?;
        }
        self.publish.send_replace(Arc::new(self.known.clone()));
        Ok(())
    }

    fn requests(&self, touched: &BTreeSet<usize>) -> Vec<(usize, bool, StatusRequest)> {
        let applied = self.applied.lock();
        let mut sets: HashMap<usize, Vec<Object>> = HashMap::new();
        touched
            .iter()
            .map(|&at| {
                let node = &self.nodes[at];
                let objects: Vec<Object> = node
                    .desired
                    .iter()
                    .zip(&node.own)
                    .filter_map(|(desired, &place)| self.subscriptions[place].get(&desired.key()))
                    .map(|object| Object::clone(&object))
                    .collect();
                let current = applied.get(&node.input.id).is_some_and(|wanted| fresh(wanted, &objects));
                let observed = node.observed.iter().flat_map(|&place| {
                    let subscription = &self.subscriptions[place];
                    let set = sets.entry(place).or_insert_with(|| {
                        subscription.snapshot().values().map(|object| Object::clone(object)).collect()
                    });
                    set.clone()
                });
                let request = StatusRequest {
                    node: node.input.clone(),
                    observed: observed.collect(),
                    desired: node.desired.clone(),
                    objects,
                };
                (at, current, request)
            })
            .collect()
    }

    async fn note(&self, news: &[(String, String, Status)]) -> Result<(), Error> {
        let stream = workflows::stream(self.workflow);
        let written = self.host.db.write(|tx| {
            for (node, kind, status) in news {
                let at = tx.now();
                tx.put(&NodeStatus {
                    workflow: self.workflow,
                    node: node.clone(),
                    status: status.status.clone(),
                    at,
                })?;
                let payload = json!({ "node_id": node, "type": kind, "status": status.status });
                tx.event(stream.as_str(), "node_update", &payload)?;
            }
            Ok::<_, Error>(())
        });
        written.await.map(|_| ())
    }
}

/// Whether every applied object is there in the applied generation or a later one.
fn fresh(wanted: &[(Key, i64)], objects: &[Object]) -> bool {
    wanted.iter().all(|(key, applied)| {
        objects.iter().any(|object| object.key() == *key && generation(object) >= *applied)
    })
}

fn generation(object: &Object) -> i64 {
    object.pointer("/metadata/generation").and_then(serde_json::Value::as_i64).unwrap_or(0)
}

fn scope(observe: &Observe) -> Scope {
    Scope {
        kind: observe.kind.clone(),
        namespace: observe.namespace.clone(),
        labels: observe.label_selector.clone(),
    }
}

/// What a plugin says, as readiness.
fn told(status: &Status) -> Readiness {
    let phase = match status.phase {
        Phase::Ready => ready::Phase::Ready,
        Phase::Pending | Phase::Progressing => ready::Phase::Progressing,
        Phase::Failed => ready::Phase::Failed,
    };
    let reason = status.reason.clone().unwrap_or_default();
    Readiness { phase, reason, message: status.message().to_owned() }
}

/// What is shown when a plugin cannot say.
fn broken(reason: &str) -> Status {
    let mut status = serde_json::Map::new();
    status.insert("state".into(), "error".into());
    status.insert("message".into(), reason.into());
    Status { phase: Phase::Progressing, reason: Some("PluginFailed".into()), object: None, status }
}
