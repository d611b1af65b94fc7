//! One node: what it looks at, and what that means.

use std::sync::Arc;

use super::Generations;
use super::generation;
use super::places::{Places, Plan};
use super::stalls::{Stalls, Target};
use super::view::Stall;
use crate::kube::{Scope, State};
use crate::manifest::Object;
use crate::plugin::{NodeInput, Observe, Phase as Told, Status, StatusRequest};
use crate::runs::prepare::{PreparedNode, WORKFLOW_LABEL};
use crate::runs::ready::{self, Expression, Phase, Readiness};

/// A node and where its objects are watched.
pub(super) struct Watched {
    pub(super) input: NodeInput,
    desired: Vec<Object>,
    /// Places, parallel to `desired`.
    own: Vec<usize>,
    /// Places.
    observed: Vec<usize>,
    /// Stands for the rule of the first object.
    expression: Option<Expression>,
}

/// How its watches are.
pub(super) enum Sight {
    /// Not everything has been seen once.
    Syncing,
    Whole,
    /// A watch was lost; `true` when it does not come back.
    Lost(String, bool),
}

impl Watched {
    pub(super) fn new(at: usize, node: &PreparedNode, workflow: &str, plan: &mut Plan) -> Self {
        let labels = format!("{WORKFLOW_LABEL}={workflow}");
        let own = |object: &Object| Scope {
            kind: object.kind(),
            namespace: object.namespace().map(str::to_owned),
            labels: labels.clone(),
        };
        // A wrong one is a finding of the plan; without a plan, the rule of the kind stands.
        let text = node.input.data.get("deploy").and_then(|deploy| deploy.get("ready")?.as_str());
        Self {
            own: node.objects.iter().map(|object| plan.own(own(object), object.key(), at)).collect(),
            observed: node.observe.iter().map(|observe| plan.observed(scope(observe), at)).collect(),
            input: NodeInput::clone(&node.input),
            desired: node.objects.to_vec(),
            expression: text.and_then(|text| Expression::new(text).ok()),
        }
    }

    pub(super) fn sight(&self, places: &Places) -> Sight {
        let mut sight = Sight::Whole;
        let own = self.own.iter().map(|place| (*place, true));
        for (place, own) in own.chain(self.observed.iter().map(|place| (*place, false))) {
            match (places.all[place].subscription.state(), own) {
                (State::Lost(error), true) => return Sight::Lost(error.to_string(), false),
                (State::Ended(error), true) => return Sight::Lost(error.to_string(), true),
                (State::Syncing, _) => sight = Sight::Syncing,
                // Pods that cannot be seen explain less; what the own objects say still counts.
                _ => {}
            }
        }
        sight
    }

    /// The own objects as they are there, parallel to what is desired. Copies references.
    fn live(&self, places: &Places) -> Vec<Option<Arc<Object>>> {
        let own = self.desired.iter().zip(&self.own);
        own.map(|(desired, place)| places.all[*place].subscription.get(&desired.key())).collect()
    }

    /// Whether what is there is what was applied last, or later.
    pub(super) fn current(&self, places: &Places, applied: &Generations) -> bool {
        let Some(wanted) = applied.generations.get(&self.input.id) else { return false };
        let live = self.live(places);
        wanted.iter().all(|(key, applied)| {
            live.iter().flatten().any(|object| object.key() == *key && generation(object) >= *applied)
        })
    }

    /// Judges it: each object by its rule, then what the plugin says of the node. The plugin decides on kinds that no
    /// rule knows; on others it may only say that the node will not get ready.
    pub(super) fn judge(
        &self,
        places: &Places,
        stalls: &Stalls,
        told: Option<&Status>,
    ) -> (Readiness, Option<Stall>) {
        let live = self.live(places);
        let mut all = Readiness::new(Phase::Ready, "", "");
        let mut firm = !self.desired.is_empty();
        for (at, (desired, live)) in self.desired.iter().zip(&live).enumerate() {
            let expression = self.expression.as_ref().filter(|_| at == 0);
            firm &= expression.is_some() || ready::known(&desired.kind());
            let one = match live {
                None => Some(Readiness::new(
                    Phase::Progressing,
                    "NotFound",
                    format!("{} is not there", desired.key()),
                )),
                Some(live) => match expression {
                    Some(expression) => Some(expression.assess(live)),
                    None => ready::assess(live, desired).map(|one| claim(one, live, stalls)),
                },
            };
            all = match one {
                Some(one) if at == 0 && one.phase == all.phase => one,
                Some(one) => all.and(one),
                None => all,
            };
        }
        let phase = all.phase;
        let answer = match told {
            Some(status) if phase == Phase::Progressing && status.phase == Told::Failed => said(status),
            Some(status) if phase == Phase::Ready && !firm => said(status),
            None if phase == Phase::Ready && !firm => Readiness::new(Phase::Progressing, "", ""),
            _ => all,
        };
        let stall = (answer.phase != Phase::Ready)
            .then(|| stalls.of(live.iter().flatten().map(|object| &**object), self.pods(places)).cloned());
        (answer, stall.flatten())
    }

    /// The pods that it sees and that are not ready.
    fn pods<'a>(&'a self, places: &'a Places) -> impl Iterator<Item = Target> + 'a {
        let places = self.observed.iter().map(|place| &places.all[*place]);
        places.filter(|place| place.scope.kind.kind == "Pod").flat_map(|place| {
            let pods = place.subscription.snapshot().into_values();
            let waiting =
                pods.filter(|pod| ready::assess(pod, pod).is_none_or(|it| it.phase != Phase::Ready));
            waiting.map(|pod| ("Pod".to_owned(), pod.namespace().map(str::to_owned), pod.name().to_owned()))
        })
    }

    /// What the plugin is asked. It gets values, so this copies, one node at a time.
    pub(super) fn request(&self, places: &Places) -> StatusRequest {
        let observed =
            self.observed.iter().flat_map(|place| places.all[*place].subscription.snapshot().into_values());
        StatusRequest {
            node: self.input.clone(),
            objects: self.live(places).into_iter().flatten().map(Arc::unwrap_or_clone).collect(),
            observed: observed.map(Arc::unwrap_or_clone).collect(),
            desired: self.desired.clone(),
        }
    }
}

/// A claim that waits for a pod waits on purpose.
fn claim(readiness: Readiness, live: &Object, stalls: &Stalls) -> Readiness {
    let claim = readiness.phase == Phase::Progressing && live.kind().kind == "PersistentVolumeClaim";
    if claim && stalls.waits_for_consumer(live) {
        return Readiness::new(Phase::Ready, "", "waits for a first pod to mount it");
    }
    readiness
}

/// What a plugin says, as readiness.
fn said(status: &Status) -> Readiness {
    let phase = match status.phase {
        Told::Ready => Phase::Ready,
        Told::Pending | Told::Progressing => Phase::Progressing,
        Told::Failed => Phase::Failed,
    };
    Readiness::new(phase, status.reason.as_deref().unwrap_or_default(), status.message())
}

fn scope(observe: &Observe) -> Scope {
    Scope {
        kind: observe.kind.clone(),
        namespace: observe.namespace.clone(),
        labels: observe.label_selector.clone(),
    }
}
