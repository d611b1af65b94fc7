//! The loop of an observer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::json;
use tokio::sync::watch;

use super::node::{Sight, Watched};
use super::places::{Places, Plan};
use super::stalls::{Stalls, Target, parent};
use super::view::{NodeView, Views};
use super::{Applied, Prepared};
use crate::clusters::Link;
use crate::engine::Host;
use crate::id::WorkflowId;
use crate::kube;
use crate::plugin::{NodeTypes, Phase as Told, Status};
use crate::runs::Error;
use crate::runs::ready::{Phase, Readiness};
use crate::workflows::{self, NodeStatus};

/// How many status calls are under way at once.
const PARALLEL: usize = 16;

/// While no more nodes than this are to be asked about, a node is called ready once people can see it, too.
const CALM: usize = 64;

/// An answer of a plugin.
type Call = BoxFuture<'static, (usize, Status)>;

pub(super) struct Eye {
    host: Host,
    types: Arc<dyn NodeTypes>,
    workflow: WorkflowId,
    nodes: Vec<Watched>,
    by_id: BTreeMap<String, usize>,
    places: Places,
    stalls: Stalls,
    applied: Arc<Applied>,
    publish: watch::Sender<Views>,
    known: BTreeMap<String, Arc<NodeView>>,
    /// Something in `known` was not published.
    fresh: bool,
    /// What the plugins said last, by node.
    told: Vec<Option<Status>>,
    /// Nodes that a plugin is to be asked about.
    pending: BTreeSet<usize>,
    asked: BTreeSet<usize>,
}

/// What happened.
enum News {
    Touched(BTreeSet<usize>),
    Events(Vec<Target>),
    Applied,
    Told(usize, Status),
}

impl Eye {
    pub(super) fn new(
        host: Host,
        types: Arc<dyn NodeTypes>,
        link: &Link,
        workflow: WorkflowId,
        prepared: &Prepared,
        publish: watch::Sender<Views>,
        applied: Arc<Applied>,
    ) -> Result<Self, kube::Error> {
        let mut plan = Plan::default();
        let label = workflow.to_string();
        let nodes: Vec<_> = prepared
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| Watched::new(at, node, &label, &mut plan))
            .collect();
        let places = plan.subscribe(link)?;
        let stalls = Stalls::start(link, &places.namespaces());
        Ok(Self {
            by_id: nodes.iter().enumerate().map(|(at, node)| (node.input.id.clone(), at)).collect(),
            told: vec![None; nodes.len()],
            pending: BTreeSet::new(),
            asked: BTreeSet::new(),
            known: BTreeMap::new(),
            fresh: false,
            host,
            types,
            workflow,
            nodes,
            places,
            stalls,
            applied,
            publish,
        })
    }

    pub(super) async fn run(mut self) {
        let mut calls: FuturesUnordered<Call> = FuturesUnordered::new();
        // Nodes without objects hear of nothing.
        let mut touched: BTreeSet<usize> = (0..self.nodes.len()).collect();
        loop {
            let news = self.look(&touched);
            self.ask(&mut calls);
            self.note(&news).await;
            touched = match self.next(&mut calls).await {
                News::Touched(touched) => touched,
                News::Events(targets) => self.about(&targets),
                News::Applied => self.freshly_applied(),
                News::Told(at, status) => {
                    let mut told = vec![(at, status)];
                    while let Some(Some(more)) = calls.next().now_or_never() {
                        told.push(more);
                    }
                    self.hear(told).await;
                    BTreeSet::new()
                }
            };
        }
    }

    async fn next(&mut self, calls: &mut FuturesUnordered<Call>) -> News {
        tokio::select! {
            touched = self.places.changed() => News::Touched(touched),
            targets = self.stalls.changed() => News::Events(targets),
            () = self.applied.wake.notified() => News::Applied,
            Some((at, status)) = calls.next() => News::Told(at, status),
        }
    }

    /// Judges the nodes by what is there, publishes it, and remembers to ask their plugins. Answers the states that
    /// no plugin will tell.
    fn look(&mut self, touched: &BTreeSet<usize>) -> Vec<(usize, Status)> {
        let mut news = Vec::new();
        for &at in touched {
            match self.nodes[at].sight(&self.places) {
                Sight::Syncing => {}
                Sight::Whole => {
                    self.pending.insert(at);
                    self.judge(at, false);
                }
                Sight::Lost(error, ended) => {
                    self.pending.remove(&at);
                    news.extend(self.lose(at, &error, ended));
                }
            }
        }
        self.publish();
        news
    }

    /// `heard`: its plugin has spoken about what is there now.
    fn judge(&mut self, at: usize, heard: bool) {
        let node = &self.nodes[at];
        let told = self.told[at].as_ref();
        let (mut readiness, stall) = node.judge(&self.places, &self.stalls, told);
        let unseen = !heard && told.is_none_or(|told| told.phase != Told::Ready);
        if readiness.phase == Phase::Ready && unseen && self.pending.len() + self.asked.len() <= CALM {
            readiness = Readiness::new(Phase::Progressing, "", readiness.message);
        }
        let current = node.current(&self.places, &self.applied.state.lock());
        let status = told.cloned().unwrap_or_else(|| unsaid(&readiness));
        let view = NodeView { status, current, readiness, stall };
        if self.known.get(&node.input.id).is_none_or(|known| **known != view) {
            self.known.insert(node.input.id.clone(), Arc::new(view));
            self.fresh = true;
        }
    }

    /// Its state is not followed any more: says so, and keeps what was seen last.
    fn lose(&mut self, at: usize, error: &str, ended: bool) -> Option<(usize, Status)> {
        let id = self.nodes[at].input.id.clone();
        let message = format!("its state is not followed: {error}");
        let (phase, reason) =
            if ended { (Phase::Failed, "NotWatched") } else { (Phase::Progressing, "WatchLost") };
        let readiness = Readiness::new(phase, reason, &message);
        let mut status = self.told[at].take().unwrap_or_else(|| unsaid(&readiness));
        status.status.insert("message".into(), message.into());
        let view = NodeView { status: status.clone(), current: true, readiness, stall: None };
        let known = self.known.insert(id, Arc::new(view));
        self.fresh = true;
        known.is_none_or(|known| known.status != status).then_some((at, status))
    }

    fn publish(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.publish.send_replace(Arc::new(self.known.clone()));
        }
    }

    fn ask(&mut self, calls: &mut FuturesUnordered<Call>) {
        while calls.len() < PARALLEL {
            // A node that is being asked about is asked again afterwards.
            let Some(&at) = self.pending.iter().find(|at| !self.asked.contains(at)) else { return };
            self.pending.remove(&at);
            self.asked.insert(at);
            let (types, request) = (Arc::clone(&self.types), self.nodes[at].request(&self.places));
            let call = async move {
                let answer = types.status(&request).await;
                (at, answer.unwrap_or_else(|error| broken(&error.to_string())))
            };
            calls.push(call.boxed());
        }
    }

    async fn hear(&mut self, told: Vec<(usize, Status)>) {
        let mut news = Vec::new();
        for (at, status) in told {
            self.asked.remove(&at);
            if !matches!(self.nodes[at].sight(&self.places), Sight::Whole) {
                continue;
            }
            if self.told[at].as_ref() != Some(&status) {
                self.told[at] = Some(status.clone());
                news.push((at, status));
            }
            self.judge(at, !self.pending.contains(&at));
        }
        self.note(&news).await;
        self.publish();
    }

    fn freshly_applied(&self) -> BTreeSet<usize> {
        let news = std::mem::take(&mut self.applied.state.lock().news);
        news.iter().filter_map(|node| self.by_id.get(node).copied()).collect()
    }

    /// The nodes that events are about: directly, or through a replica set of their deployment.
    fn about(&self, targets: &[Target]) -> BTreeSet<usize> {
        let nodes = targets.iter().flat_map(|(kind, namespace, name)| {
            let namespace = namespace.as_deref();
            match (kind.as_str(), parent(name)) {
                ("ReplicaSet", Some(parent)) => self.places.nodes_of("Deployment", namespace, parent),
                _ => self.places.nodes_of(kind, namespace, name),
            }
        });
        nodes.collect()
    }

    /// Stores what is new for people, in one transaction.
    async fn note(&self, news: &[(usize, Status)]) {
        if news.is_empty() {
            return;
        }
        let stream = workflows::stream(self.workflow);
        let written = self.host.db.write(|tx| {
            for (at, status) in news {
                let node = &self.nodes[*at].input;
                let at = tx.now();
                tx.put(&NodeStatus {
                    workflow: self.workflow,
                    node: node.id.clone(),
                    status: status.status.clone(),
                    at,
                })?;
                let payload = json!({ "node_id": node.id, "type": node.kind, "status": status.status });
                tx.event(stream.as_str(), "node_update", &payload)?;
            }
            Ok::<_, Error>(())
        });
        if let Err(error) = written.await {
            tracing::warn!(workflow = %self.workflow, %error, "node states could not be noted");
        }
    }
}

/// What stands for a plugin that was not asked yet.
fn unsaid(readiness: &Readiness) -> Status {
    let phase = match readiness.phase {
        Phase::Ready => Told::Ready,
        Phase::Progressing => Told::Pending,
        Phase::Failed => Told::Failed,
    };
    let mut status = serde_json::Map::new();
    status.insert("message".into(), readiness.message.clone().into());
    Status { phase, reason: None, object: None, status }
}

/// What is shown when a plugin cannot say.
fn broken(reason: &str) -> Status {
    let mut status = serde_json::Map::new();
    status.insert("state".into(), "error".into());
    status.insert("message".into(), reason.into());
    Status { phase: Told::Progressing, reason: Some("PluginFailed".into()), object: None, status }
}
