//! Plugins: which are installed, whose may be, and what a user sees of them.
//!
//! An install goes this way, and ends at the first step that refuses: fetch → digest and signature → outline and
//! manifest → load in the sandbox → store → serve. What was served before goes on until the last step, and for calls
//! that are under way beyond it. A step that fails leaves no trace but the reason.
//!
//! Components stand in the store under their digest, so a backup holds them and a start needs no network. A plugin that
//! no longer loads is listed with its error and stops nothing else.
//!
//! Boundary: running components is the [sandbox](crate::plugin::Sandbox)'s affair, fetching them that of
//! [`Download`](crate::plugin::Download).

mod adopt;
mod bytes;
mod catalogue;
mod change;
mod directory;
mod error;
pub(crate) mod field;
mod model;
mod ready;
mod records;
mod service;
mod source;
mod start;
mod trust;
mod uses;
mod views;

pub use catalogue::{Listed, ListedType};
pub use error::Error;
pub use field::Field;
pub use model::{Failure, Installed, KEPT, MAX_INSTALLED, Origin, Release, State, Use, View};
pub(crate) use records::records;
pub(crate) use service::Parts;
pub use service::{Policy, Service};
pub use source::{Package, Source};
pub use trust::{Key, Trust};
