//! Workflows: draw, save, publish, clone, version, restore.
//!
//! Boundary: running one is the matter of `runs`. May use: `versions`, `projects`, `clusters` (to check a name).

mod drift;
mod edit;
mod error;
mod model;
mod records;
mod service;
pub(crate) mod table;
mod versions;

pub use drift::Drifted;
pub(crate) use drift::{Drift, MAX_DRIFTED};
pub use error::Error;
pub(crate) use error::summary;
pub(crate) use model::NodeStatus;
pub use model::{Change, Full, New, Save, Status, Updated, Workflow};
pub(crate) use records::records;
pub(crate) use service::stream;
pub use service::{Service, Undeploy};
