//! The watch over one deployed workflow. It ends when a run of the workflow begins; the next one sees what that run left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::Options;
use super::compare::{substance, suspicious};
use super::confirm::{Finding, confirm};
use super::guard::Guard;
use super::report::{before, report, same};
use crate::clusters::Link;
use crate::engine::Host;
use crate::error::codes;
use crate::graph::Hash;
use crate::kube::{Scope, State};
use crate::manifest::{Key, Object};
use crate::runs::observe::places::{Place, Places, Plan};
use crate::runs::policy::{Conflicts, Drift, Phase, Policy};
use crate::runs::prepare::{PreparedNode, WORKFLOW_LABEL};
use crate::runs::service::{Deployed, WeakService};
use crate::time::Time;
use crate::workflows::Drifted;

/// How long to wait before something is tried again that may pass by itself.
const RETRY: Duration = Duration::from_secs(30);

/// What all watchers share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) host: Host,
    pub(super) service: WeakService,
    pub(super) options: Options,
    /// Bounds what many workflows ask of plugins and clusters at one time.
    pub(super) turns: Arc<Semaphore>,
}

/// One object that is compared.
struct Target {
    node: String,
    heal: bool,
    conflicts: Conflicts,
    desired: Object,
    key: Key,
    place: usize,
}

pub(super) struct Watcher {
    shared: Shared,
    deployed: Deployed,
    guard: Arc<Mutex<Guard>>,
    link: Link,
    targets: Vec<Target>,
    places: Places,
    /// What was found equal, or drifted, by its substance: a status that moves is no reason to ask again.
    judged: BTreeMap<usize, Option<Hash>>,
    found: BTreeMap<usize, Drifted>,
    due: BTreeSet<usize>,
    /// Everything has been seen once, and what was told of an earlier run is replaced.
    begun: bool,
    heal_at: Option<Time>,
    retry_at: Option<Time>,
}

/// Watches until it is dropped; ends when there is nothing to watch.
pub(super) async fn watch(shared: Shared, deployed: Deployed, guard: Arc<Mutex<Guard>>) {
    loop {
        match Watcher::begin(&shared, &deployed, &guard).await {
            Ok(Some(watcher)) => watcher.run().await,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(workflow = %deployed.workflow.id, %error, "drift is not watched for now");
            }
        }
        // The connection was replaced, or something is not there yet.
        shared.host.clock.sleep(RETRY).await;
    }
}

impl Watcher {
    async fn begin(
        shared: &Shared,
        deployed: &Deployed,
        guard: &Arc<Mutex<Guard>>,
    ) -> Result<Option<Self>, crate::runs::Error> {
        let Some(service) = shared.service.upgrade() else { return Ok(None) };
        let (link, prepared) = {
            let _turn = shared.turns.acquire().await;
            service.render(deployed).await?
        };
        drop(service);
        let (mut plan, mut targets) = (Plan::default(), Vec::new());
        for node in prepared.nodes.iter().filter(|node| deployed.applied(&node.input.id)) {
            targets.extend(of_node(node, &mut plan, targets.len()));
        }
        if targets.is_empty() {
            report(&shared.host, deployed.workflow.id, deployed.run.id, &[]).await?;
            return Ok(None);
        }
        let places = plan.subscribe(&link)?;
        let mut watcher = Self {
            due: (0..targets.len()).collect(),
            shared: shared.clone(),
            deployed: deployed.clone(),
            guard: Arc::clone(guard),
            link,
            targets,
            places,
            judged: BTreeMap::new(),
            found: BTreeMap::new(),
            begun: false,
            heal_at: None,
            retry_at: None,
        };
        for old in before(&shared.host, deployed.workflow.id, deployed.run.id)? {
            let at = watcher.targets.iter().position(|target| same(&target.drifted(None, old.since), &old));
            watcher.found.extend(at.map(|at| (at, old)));
        }
        Ok(Some(watcher))
    }

    async fn run(mut self) {
        loop {
            if let Err(error) = self.check().await {
                tracing::warn!(workflow = %self.deployed.workflow.id, %error, "drift could not be noted");
            }
            if self.ended() {
                return;
            }
            let clock = Arc::clone(&self.shared.host.clock);
            let now = clock.now();
            let next = self.heal_at.into_iter().chain(self.retry_at).min();
            let timer = async {
                match next {
                    Some(next) => clock.sleep(next.since(now).max(Duration::from_millis(1))).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                touched = self.places.changed() => self.due.extend(touched),
                () = timer => self.wake(clock.now()).await,
            }
        }
    }

    /// A watch that will not come back needs a new connection.
    fn ended(&self) -> bool {
        self.places.all.iter().any(|place| matches!(place.subscription.state(), State::Ended(_)))
    }

    async fn wake(&mut self, now: Time) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.due.extend(self.found.keys().copied());
            self.due.extend(self.judged.iter().filter(|(_, judged)| judged.is_none()).map(|(at, _)| *at));
            self.heal_at = self.heal_at.or(Some(now));
        }
        if self.heal_at.is_some_and(|at| at <= now) {
            self.heal_at = None;
            self.heal(now).await;
        }
    }

    /// Looks at what was touched, and tells what is new.
    async fn check(&mut self) -> Result<(), crate::runs::Error> {
        let mut news = false;
        for at in std::mem::take(&mut self.due) {
            let target = &self.targets[at];
            let subscription = &self.places.all[target.place].subscription;
            // What cannot be seen may be as it should; the end of the interruption comes as a change.
            if !matches!(subscription.state(), State::Live) {
                continue;
            }
            let live = subscription.get(&target.key);
            let equal = live.as_ref().is_some_and(|live| !suspicious(&target.desired, live));
            let seen = live.as_deref().map(substance);
            if equal {
                self.judged.insert(at, seen);
                news |= self.found.remove(&at).is_some();
            } else if seen.is_none() || self.judged.get(&at) != Some(&seen) {
                news |= self.ask(at, seen).await;
            }
        }
        let live = |place: &Place| matches!(place.subscription.state(), State::Live);
        if !self.begun && self.places.all.iter().all(live) {
            self.begun = true;
            news = true;
        }
        if news {
            let objects: Vec<_> = self.found.values().cloned().collect();
            report(&self.shared.host, self.deployed.workflow.id, self.deployed.run.id, &objects).await?;
        }
        Ok(())
    }

    /// Asks the server, and answers whether something is new.
    async fn ask(&mut self, at: usize, seen: Option<Hash>) -> bool {
        let target = &self.targets[at];
        if seen.is_none() && !target.comes_back() {
            return self.found.remove(&at).is_some();
        }
        let found = {
            let _turn = self.shared.turns.acquire().await;
            let (cluster, entropy) = (&*self.link.cluster, &*self.shared.host.entropy);
            confirm(cluster, entropy, &target.node, &target.desired, target.conflicts).await
        };
        let now = self.shared.host.clock.now();
        match found {
            Ok(None) => {
                self.judged.insert(at, seen);
                self.found.remove(&at).is_some()
            }
            Ok(Some(finding)) => {
                self.judged.insert(at, seen);
                let old = self.found.get(&at);
                let mut new = target.drifted(Some(&finding), old.map_or(now, |old| old.since));
                new.held = new.held.or_else(|| old.and_then(|old| old.held.clone()));
                if new.heal && new.held.is_none() {
                    self.heal_at = self.heal_at.or(Some(now.plus(self.shared.options.settle)));
                }
                let news = old != Some(&new);
                self.found.insert(at, new);
                news
            }
            Err(error) => {
                tracing::debug!(object = %target.key, %error, "drift could not be confirmed");
                if error.retry() {
                    self.judged.insert(at, None);
                    self.retry_at = self.retry_at.or(Some(now.plus(RETRY)));
                }
                false
            }
        }
    }

    /// Applies what drifted again, in a run of its own; the run ends this watch.
    async fn heal(&mut self, now: Time) {
        let mut nodes = BTreeSet::new();
        let wanted = |it: &Drifted| it.heal && it.held.is_none();
        // A node that leaves fields to others must not take them now; its turn comes after that of the rest.
        let shares = |at: &usize| self.targets[*at].conflicts == Conflicts::Share;
        let force = self.found.iter().any(|(at, it)| wanted(it) && !shares(at));
        for (at, drifted) in self.found.iter_mut().filter(|(at, it)| wanted(it) && shares(at) != force) {
            let allowed =
                self.guard.lock().heal(&self.targets[*at].key, &drifted.managers, now, &self.shared.options);
            match allowed {
                Ok(()) => {
                    nodes.insert(drifted.node.clone());
                }
                Err(why) => drifted.held = Some(why),
            }
        }
        let begun = match self.shared.service.upgrade() {
            Some(service) if !nodes.is_empty() => {
                service.heal(&self.deployed, &nodes, force).await.map(|_| ())
            }
            _ => Ok(()),
        };
        if let Err(error) = begun {
            if error.retry() {
                self.retry_at = Some(now.plus(RETRY));
            } else if error.code() != codes::RUN_ACTIVE {
                // Somebody's own run was faster; it ends this watch.
                for drifted in self.found.values_mut().filter(|it| nodes.contains(&it.node)) {
                    drifted.held =
                        drifted.held.take().or_else(|| Some(format!("cannot be applied again: {error}")));
                }
            }
        }
        let objects: Vec<_> = self.found.values().cloned().collect();
        let told = report(&self.shared.host, self.deployed.workflow.id, self.deployed.run.id, &objects);
        if let Err(error) = told.await {
            tracing::warn!(workflow = %self.deployed.workflow.id, %error, "drift could not be noted");
        }
    }
}

/// The objects of a node that are compared. Hooks had their turn; what is ignored is not watched.
fn of_node(node: &PreparedNode, plan: &mut Plan, first: usize) -> Vec<Target> {
    let policy = Policy::of(&node.input.data).0;
    if policy.drift == Drift::Ignore || policy.phase != Phase::Main {
        return Vec::new();
    }
    let target = |(at, desired): (usize, &Object)| {
        // The label of any workflow: all workflows of a cluster share the watch.
        let scope = Scope {
            kind: desired.kind(),
            namespace: desired.namespace().map(str::to_owned),
            labels: WORKFLOW_LABEL.to_owned(),
        };
        Target {
            node: node.input.id.clone(),
            heal: policy.drift == Drift::Heal,
            conflicts: policy.conflicts,
            key: desired.key(),
            place: plan.own(scope, desired.key(), first + at),
            desired: desired.clone(),
        }
    };
    node.objects.iter().enumerate().map(target).collect()
}

impl Target {
    /// A job that is gone was taken away after its end; made again, it would run again.
    fn comes_back(&self) -> bool {
        self.key.kind.kind != "Job"
    }

    fn drifted(&self, finding: Option<&Finding>, since: Time) -> Drifted {
        Drifted {
            node: self.node.clone(),
            kind: self.key.kind.kind.clone(),
            namespace: self.key.namespace.clone(),
            name: self.key.name.clone(),
            missing: finding.is_some_and(|finding| finding.missing),
            fields: finding.map(|finding| finding.fields.clone()).unwrap_or_default(),
            managers: finding.map(|finding| finding.managers.clone()).unwrap_or_default(),
            since,
            heal: self.heal,
            held: finding.and_then(|finding| finding.refused.clone()),
        }
    }
}
