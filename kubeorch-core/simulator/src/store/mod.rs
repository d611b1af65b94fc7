//! What the server holds: objects by resource, the history watches replay, and selectors.

mod objects;
mod selector;

pub(crate) use objects::{Change, ChangeKind, Objects, Place, version_of};
pub(crate) use selector::{FieldSelector, LabelSelector, selects};
