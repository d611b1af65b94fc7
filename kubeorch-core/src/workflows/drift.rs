//! What of a deployed workflow is not as it was deployed.

use serde::{Deserialize, Serialize};

use crate::id::{RunId, WorkflowId};
use crate::store::{Record, Table, rule};
use crate::time::Time;

/// The most objects that are told one by one.
pub(crate) const MAX_DRIFTED: usize = 100;

/// An object that differs from what was deployed, in a field that the workflow set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifted {
    /// The node that it belongs to.
    pub node: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// It is gone.
    pub missing: bool,
    /// Which fields differ, as in a plan; without values. Empty for one that is gone.
    pub fields: Vec<String>,
    /// Who set them, as field managers; empty when the cluster does not say.
    pub managers: Vec<String>,
    /// When it was noticed.
    pub since: Time,
    /// It is applied again by itself, unless it is held.
    pub heal: bool,
    /// Why it is not applied again by itself any more.
    pub held: Option<String>,
}

/// The drift of a workflow; there while there is some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drift {
    pub(crate) workflow: WorkflowId,
    /// The run that deployed what it is compared with.
    pub(crate) run: RunId,
    /// At most [`MAX_DRIFTED`].
    pub(crate) objects: Vec<Drifted>,
}

impl Record for Drift {
    const TABLE: Table = Table("workflow_drift");
    type Key = WorkflowId;

    fn key(&self) -> WorkflowId {
        self.workflow
    }

    fn check(&self) -> Result<(), String> {
        rule(!self.objects.is_empty(), "nothing has drifted")?;
        rule(self.objects.len() <= MAX_DRIFTED, "more has drifted than is kept")
    }
}
