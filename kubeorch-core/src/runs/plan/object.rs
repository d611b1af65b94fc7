//! What happens to one object.

use serde_json::json;

use super::model::{Action, Known, PlannedOperation, Step};
use super::owner::Claim;
use super::planner::{NodePlan, Picture, Planner};
use super::refusal;
use super::shape::shape;
use super::sight::{Seen, place};
use super::trial::Tried;
use crate::error::Finding;
use crate::graph::Hash;
use crate::kube;
use crate::manifest::{Key, Object};
use crate::runs::Error;
use crate::runs::changes::{FieldChange, changes};
use crate::runs::fill::{Filled, fill};
use crate::runs::inventory::{Tracked, substance};
use crate::runs::policy::{Conflicts, Policy};
use crate::runs::prepare::PreparedNode;

/// What is planned for which node.
pub(super) struct Subject<'a> {
    pub(super) node: &'a PreparedNode,
    pub(super) policy: &'a Policy,
    pub(super) picture: &'a Picture<'a>,
}

/// What is there already.
#[derive(Default)]
struct There {
    live: Option<Object>,
    /// It becomes this workflow's.
    adopted: Option<Adopted>,
}

/// What an object is taken over from.
struct Adopted {
    from: String,
    /// With the fields of others.
    force: bool,
}

/// An operation on its way into the plan, with the step that will execute it.
struct Draft {
    planned: PlannedOperation,
    step: Step,
}

impl Draft {
    fn new(node: &str, object: Object, live: Option<&Object>, content: Hash, note: Option<String>) -> Self {
        let mut planned = PlannedOperation::new(Some(node), object.key(), Action::Create);
        planned.note = note;
        let step = Step {
            object,
            action: Action::Create,
            known: Known::of(live),
            force: false,
            recreate: None,
            content,
            live: None,
        };
        Self { planned, step }
    }

    fn into(mut self, action: Action, out: &mut NodePlan) {
        self.planned.action = action;
        self.step.action = action;
        if let Some(steps) = &mut out.steps {
            steps.push(self.step);
        }
        out.operations.push(self.planned);
    }
}

impl Planner<'_> {
    pub(super) async fn object(
        &self,
        subject: &Subject<'_>,
        template: &Object,
        out: &mut NodePlan,
    ) -> Result<(), Error> {
        let (node, key) = (subject.node, template.key());
        let mut there = There::default();
        if subject.picture.sight.serves(&key.kind) {
            match self.there(subject, &key).await? {
                Ok(found) => there = found,
                Err(finding) => {
                    out.findings.push(finding.on_node(&node.input.id).at("name"));
                    return Ok(());
                }
            }
        } else if !subject.picture.defined(&key.kind) {
            out.findings.push(refusal::unserved(&key.kind).on_node(&node.input.id));
            return Ok(());
        }
        let live = there.live.as_ref();
        let shaped = shape(template, live, subject.policy, &subject.picture.scaled);
        let filled = fill(&shaped.sent, live, &node.input.id, self.values, self.entropy);
        if !filled.missing.is_empty() {
            self.without_value(node, &key, &filled.missing, out);
            return Ok(());
        }
        let content = content(&shaped.meant, subject.policy);
        let tracked = subject.picture.tracked.get(&place(&key));
        let left = live.filter(|live| as_left(tracked, &filled, content, live));
        if let Some(live) = left.filter(|_| there.adopted.is_none()) {
            let mut draft = Draft::new(&node.input.id, filled.object, Some(live), content, shaped.note);
            draft.step.live = there.live;
            draft.into(Action::Unchanged, out);
            return Ok(());
        }
        let draft = Draft::new(&node.input.id, Object::clone(&filled.object), live, content, shaped.note);
        // Nothing can be tried where namespace or kind come with this very run.
        let later = subject.picture.absent(&key) || !subject.picture.sight.serves(&key.kind);
        if later {
            let mut draft = draft;
            draft.step.force = self.options.force;
            draft.into(Action::Create, out);
            return Ok(());
        }
        self.tried(subject, there, filled, draft, out).await
    }

    /// What is there, whole; a finding when it is not to be touched.
    async fn there(&self, subject: &Subject<'_>, key: &Key) -> Result<Result<There, Finding>, Error> {
        let Some(seen) = subject.picture.sight.find(key) else { return Ok(Ok(There::default())) };
        let claim = match seen {
            Seen::Whole(object) => self.claim(&**object, subject.policy),
            Seen::Head(head) => self.claim(head, subject.policy),
        };
        let adopted = match claim {
            Claim::Ours => None,
            Claim::Adopt { from, force } => Some(Adopted { from, force }),
            Claim::Foreign(foreign) => return Ok(Err(refusal::foreign(key, &foreign))),
        };
        let live = match seen {
            Seen::Whole(object) => Some(Object::clone(object)),
            Seen::Head(_) => self.cluster.get(key).await?,
        };
        Ok(Ok(There { adopted: adopted.filter(|_| live.is_some()), live }))
    }

    /// Asks the server, and plans what it says.
    async fn tried(
        &self,
        subject: &Subject<'_>,
        there: There,
        filled: Filled,
        mut draft: Draft,
        out: &mut NodePlan,
    ) -> Result<(), Error> {
        let There { live, adopted } = there;
        let forced = adopted.as_ref().is_some_and(|adopted| adopted.force);
        let tried = self.try_out(subject.policy, filled.object, &draft.step.known, forced).await;
        let Tried { object, force, conflicts, result } = tried;
        (draft.step.object, draft.step.force, draft.planned.conflicts) = (object, force, conflicts);
        if let Some(adopted) = &adopted {
            draft.planned.note = Some(format!("taken over from {}", adopted.from));
        }
        match result {
            Ok(applied) => {
                let Some(live) = live else {
                    draft.into(Action::Create, out);
                    return Ok(());
                };
                draft.planned.changes = changes(&live, &applied.object);
                if adopted.is_some() {
                    draft.into(Action::Adopt, out);
                } else if draft.planned.changes.is_empty() {
                    draft.step.live = Some(live);
                    draft.into(Action::Unchanged, out);
                } else {
                    draft.into(Action::Update, out);
                }
            }
            Err(kube::Error::Rejected { immutable, .. })
                if refusal::recreates(subject.policy, live.as_ref(), &immutable) =>
            {
                let fields = immutable.join(", ");
                draft.planned.note = Some(format!("deleted and made anew: {fields} cannot change"));
                let change = |path| FieldChange { path, old: None, new: None };
                draft.planned.changes = immutable.into_iter().map(change).collect();
                draft.step.recreate = live.as_ref().and_then(Object::uid).map(str::to_owned);
                draft.into(Action::Recreate, out);
            }
            Err(error) if error.retry() => return Err(error.into()),
            Err(error) => {
                let finding = refusal::of(&draft.planned, live.as_ref(), &error);
                out.findings.push(refusal::masked(finding, &filled.values).on_node(&subject.node.input.id));
                // What has to be decided stands beside what would happen.
                if !draft.planned.conflicts.is_empty() {
                    draft.planned.action = Action::Update;
                    out.operations.push(draft.planned);
                }
            }
        }
        Ok(())
    }
}

/// Whether an object is as the last run left it, and would be left so again: then nobody has to be asked.
fn as_left(tracked: Option<&&Tracked>, filled: &Filled, content: Hash, live: &Object) -> bool {
    tracked.is_some_and(|tracked| {
        tracked.content == content
            && !filled.differs
            && live.uid() == Some(&tracked.uid)
            && live.pointer("/metadata/deletionTimestamp").is_none()
            && substance(live, &filled.object) == tracked.substance
    })
}

/// What decides what an apply does, besides the cluster: the object with its run-time leaves open, and whether fields are left out of it.
fn content(meant: &Object, policy: &Policy) -> Hash {
    let share = policy.conflicts == Conflicts::Share;
    Hash::of(&json!({ "object": meant.as_map(), "share": share }))
}
