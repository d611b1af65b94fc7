//! What a plan says, and what an execution needs of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Finding;
use crate::graph::Hash;
use crate::kube;
use crate::manifest::{Key, Object};
use crate::runs::changes::FieldChange;
use crate::runs::policy::Policy;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// There is none yet.
    Create,
    /// It changes.
    Update,
    /// It is there without this workflow's label, and becomes this workflow's.
    Adopt,
    /// It is deleted and made anew, because a field changes that cannot change while it lives.
    Recreate,
    /// It is so already.
    Unchanged,
    /// The graph no longer holds it.
    Delete,
}

impl Action {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Adopt => "adopt",
            Self::Recreate => "recreate",
            Self::Unchanged => "unchanged",
            Self::Delete => "delete",
        }
    }
}

/// One planned operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedOperation {
    /// The node it comes from; `None` for a namespace or a removed node.
    pub node: Option<String>,
    /// The object.
    pub key: Key,
    /// What happens.
    pub action: Action,
    /// Which fields change; secrets are masked.
    pub changes: Vec<FieldChange>,
    /// Fields that other managers own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Which operations come first, by their place in the plan. Removals come after everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    /// A remark.
    pub note: Option<String>,
}

impl PlannedOperation {
    pub(super) fn new(node: Option<&str>, key: Key, action: Action) -> Self {
        Self {
            node: node.map(str::to_owned),
            key,
            action,
            changes: Vec::new(),
            conflicts: Vec::new(),
            after: Vec::new(),
            note: None,
        }
    }
}

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conflict {
    /// Who owns it: `kubectl-edit`, `kube-controller-manager`, …
    pub manager: String,
    /// Its path, as the API server writes it: `.spec.replicas`.
    pub field: String,
    /// What becomes of it.
    pub resolution: Resolution,
}

/// What becomes of a field that another manager owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Nobody said: the plan cannot be applied.
    Refused,
    /// It stays with its manager, and is left out of what is applied.
    Shared,
    /// It becomes ours.
    Taken,
}

impl Resolution {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Shared => "shared",
            Self::Taken => "taken",
        }
    }
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Changes with everything that the plan says, but not with secret values.
    pub hash: Hash,
    /// Changes with the rendered objects, values of the run still open, and with nothing of the cluster: the same
    /// version rendered by the same plugins has the same.
    pub content: Hash,
    /// The cluster's name.
    pub cluster: String,
    /// In apply order, removals last.
    pub operations: Vec<PlannedOperation>,
    /// What was filled in from neighbours.
    pub notes: Vec<String>,
    /// Remarks; with an error among them the plan cannot be applied.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// Whether applying it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.iter().all(|operation| operation.action == Action::Unchanged)
    }

    /// How many objects each thing happens to.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for operation in &self.operations {
            *match operation.action {
                Action::Create => &mut summary.create,
                Action::Update => &mut summary.update,
                Action::Adopt => &mut summary.adopt,
                Action::Recreate => &mut summary.recreate,
                Action::Unchanged => &mut summary.unchanged,
                Action::Delete => &mut summary.delete,
            } += 1;
        }
        summary
    }
}

/// How many objects each thing happens to. Shown, it leaves out adoptions and recreations that there are none of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// New ones.
    pub create: usize,
    /// Changed ones.
    pub update: usize,
    /// Taken over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub adopt: usize,
    /// Deleted and made anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub recreate: usize,
    /// Removed.
    pub delete: usize,
    /// Left as they are.
    pub unchanged: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to create, {} to change, ", self.create, self.update)?;
        for (count, word) in [(self.adopt, "adopt"), (self.recreate, "recreate")] {
            if count > 0 {
                write!(f, "{count} to {word}, ")?;
            }
        }
        write!(f, "{} to remove, {} unchanged", self.delete, self.unchanged)
    }
}

/// What the plan saw of an object before it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runs) enum Known {
    /// There was none.
    Absent,
    /// It had this `resourceVersion`.
    At(String),
    /// It could not be read.
    Unread,
}

impl Known {
    /// What the plan saw, by the object itself.
    pub(super) fn of(live: Option<&Object>) -> Self {
        match live {
            None => Self::Absent,
            Some(live) => {
                live.resource_version().map_or(Self::Unread, |version| Self::At(version.to_owned()))
            }
        }
    }

    /// The same, as an apply takes it.
    pub(in crate::runs) fn for_apply(&self) -> Option<kube::Known> {
        match self {
            Self::Absent => Some(kube::Known::Absent),
            Self::At(version) => Some(kube::Known::At(version.clone())),
            Self::Unread => None,
        }
    }
}

/// An object ready to be applied. Holds run-time values: never stored, logged or serialised.
pub(in crate::runs) struct Step {
    pub(in crate::runs) object: Object,
    pub(in crate::runs) action: Action,
    pub(in crate::runs) known: Known,
    /// Whether fields of other managers are taken over.
    pub(in crate::runs) force: bool,
    /// The uid of what is deleted first.
    pub(in crate::runs) recreate: Option<String>,
    /// What was planned, for the inventory: the object with its run-time leaves open.
    pub(in crate::runs) content: Hash,
    /// The object as the plan saw it, where nothing changes: it need not be applied.
    pub(in crate::runs) live: Option<Object>,
}

/// An object to remove.
pub(in crate::runs) struct Removal {
    pub(in crate::runs) key: Key,
    /// Only this very object, never a successor of the same name.
    pub(in crate::runs) uid: Option<String>,
    /// The node that it came from.
    pub(in crate::runs) node: Option<String>,
}

/// A plan with what the execution needs.
pub(in crate::runs) struct Planned {
    pub(in crate::runs) plan: Plan,
    /// Namespaces to make first.
    pub(in crate::runs) namespaces: Vec<Object>,
    /// By node, in the order of [`Prepared::nodes`](crate::runs::prepare::Prepared); `None`: the node is left out with a warning.
    pub(in crate::runs) steps: Vec<Option<Vec<Step>>>,
    /// By node, in the same order.
    pub(in crate::runs) policies: Vec<Policy>,
    /// Objects to remove, in removal order.
    pub(in crate::runs) removals: Vec<Removal>,
    /// What the inventory holds and what is gone, or somebody else's now.
    pub(in crate::runs) forgotten: Vec<Key>,
}
