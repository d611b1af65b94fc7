//! Plans and runs: from a version to a cluster that looks like it.
//!
//! validate → version → render → plan → apply → wait → prune → record. Boundary: what a node type means comes
//! from the plugins, what a cluster is from the `kube` edge. May use: `workflows`, `versions`, `clusters`.

mod alias;
mod approval;
mod changes;
mod drift;
mod error;
mod execute;
mod fill;
mod hold;
mod inventory;
mod model;
mod observe;
mod plan;
mod policy;
mod prepare;
mod ready;
mod record;
mod records;
mod resume;
pub(crate) mod retain;
mod rollback;
mod service;
mod stream;
mod table;

pub use changes::FieldChange;
pub use drift::Options as DriftOptions;
pub use error::Error;
pub use model::{
    AppliedObject, Approval, Asked, Kept, MAX_LOG_LINES, NodePhase, NodeState, Options, Pause, Reason, Run,
    Status, Trigger, Values,
};
pub use plan::{Action, Conflict, KEEP_ANNOTATION, Plan, PlannedOperation, Resolution, Summary};
pub use policy::{Conflicts, Drift, Immutable, Phase, Policy};
pub use prepare::{NODE_LABEL, WORKFLOW_LABEL};
pub(crate) use records::records;
pub(crate) use service::Parts;
pub use service::{Service, Source};
pub use stream::{Follow, Followed, StreamEvent};

/// The field manager of every apply (contract 5.2).
pub const MANAGER: &str = "kubeorch";
