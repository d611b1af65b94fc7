//! How to run, and with what.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::graph::Hash;
use crate::id::UserId;
use crate::secret::Secret;

/// Values that are given with a run and never stored, logged or put into events.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Values {
    /// By node id, then key.
    pub secrets: BTreeMap<String, BTreeMap<String, Secret>>,
    /// By node id, then name.
    pub env_vars: BTreeMap<String, BTreeMap<String, Secret>>,
}

impl Values {
    /// Both; where both say something the others win.
    pub(crate) fn and(mut self, others: Self) -> Self {
        for (node, values) in others.secrets {
            self.secrets.entry(node).or_default().extend(values);
        }
        for (node, values) in others.env_vars {
            self.env_vars.entry(node).or_default().extend(values);
        }
        self
    }

    /// The nodes that there is a value for.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let given = |values: &BTreeMap<String, BTreeMap<String, Secret>>| {
            values
                .iter()
                .filter(|(_, values)| !values.is_empty())
                .map(|(node, _)| node.clone())
                .collect::<Vec<_>>()
        };
        let mut nodes = [given(&self.secrets), given(&self.env_vars)].concat();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// How to run.
#[expect(clippy::struct_excessive_bools, reason = "independent permissions, each a flag on the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Take fields over from other managers.
    pub force: bool,
    /// Take over objects that carry no label of this workflow, with all their fields; never those of another account.
    pub adopt: bool,
    /// Make missing namespaces.
    pub create_namespaces: bool,
    /// Remove objects of the workflow that the graph no longer holds.
    pub prune: bool,
    /// Kinds that are removed only when they are named here: those that hold data or other objects.
    pub prune_protected: Vec<String>,
    /// How long to wait for everything to get ready. A node's own limit goes first.
    #[serde(with = "millis")]
    pub ready_timeout: Duration,
    /// A node that says it cannot get ready must say so for this long before the run fails: a crash loop
    /// often ends when a database comes up.
    #[serde(with = "millis")]
    pub failure_grace: Duration,
    /// How often a call that may succeed later is repeated for a node that does not say so itself.
    pub retries: u32,
    /// The plan that was reviewed: the run is refused when it would do anything else.
    pub expect: Option<Hash>,
    /// How many must approve the plan before anything is applied; at most 16.
    pub approvals: u32,
    /// Who may approve, besides the workflow's owner; at most 64.
    pub approvers: Vec<UserId>,
    /// Whoever started the run does not approve it.
    pub four_eyes: bool,
    /// A run that is not approved so long ends.
    #[serde(with = "millis")]
    pub approval_expiry: Duration,
    /// When the run fails, bring back the version of the last one that completed.
    pub rollback_on_failure: bool,
    /// Only these nodes, by id; empty for all. Such a run removes nothing: [`prune`](Self::prune) must be off.
    pub only: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            force: false,
            adopt: false,
            create_namespaces: true,
            prune: true,
            prune_protected: Vec::new(),
            ready_timeout: Duration::from_mins(10),
            failure_grace: Duration::from_secs(20),
            retries: 8,
            expect: None,
            approvals: 0,
            approvers: Vec::new(),
            four_eyes: false,
            approval_expiry: Duration::from_hours(24),
            rollback_on_failure: false,
            only: Vec::new(),
        }
    }
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
