//! Clusters: credentials sealed, connections made on demand, addressed by name on the wire and by id inside.
//!
//! Boundary: talking to a cluster goes through the `kube` edge. Sharing and the health monitor are not built
//! yet. May use: `users` (the default is a property of the account).

mod check;
mod error;
mod links;
mod model;
mod records;
mod service;
pub(crate) mod table;

pub use error::Error;
pub(crate) use links::{Link, Links};
pub use model::{Change, CredentialsInput, LogEntry, New, Status, View};
pub(crate) use records::records;
pub use service::Service;
