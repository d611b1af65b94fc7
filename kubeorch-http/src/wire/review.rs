//! What is said to a run on its way.

use kubeorch_core::graph::Hash;
use kubeorch_core::runs as core;
use serde::Deserialize;

use super::runs::{Start, TriggerData};
use crate::extract::Input;

/// Values for a run that goes on; everything may be absent.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[schema(as = RunResume)]
pub(crate) struct Resume {
    #[serde(default)]
    trigger_data: TriggerData,
}

impl Input for Resume {}

impl Resume {
    /// What the engine takes.
    pub(crate) fn into_values(self) -> core::Values {
        self.trigger_data.into()
    }
}

/// A yes.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = RunApprove)]
pub(crate) struct Approve {
    /// The hash of the plan that was looked at: `pause.plan` of the run.
    #[schema(value_type = String)]
    pub(crate) plan: Hash,
    /// At most 500 characters are kept.
    pub(crate) comment: Option<String>,
}

impl Input for Approve {}

/// A no; the comment may be absent.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[schema(as = RunReject)]
pub(crate) struct Reject {
    /// At most 500 characters are kept.
    pub(crate) comment: Option<String>,
}

impl Input for Reject {}

/// Which version, and how to run it.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = RunRollback)]
pub(crate) struct Rollback {
    /// The version's number.
    version: u64,
    #[serde(flatten)]
    start: Start,
}

impl Input for Rollback {}

impl Rollback {
    /// What the engine takes.
    pub(crate) fn into_parts(self) -> (u64, core::Values, core::Options) {
        let (values, options) = self.start.into_parts();
        (self.version, values, options)
    }
}
