//! Which records this domain keeps, and what they must say of each other.

use super::model::{NodeStatus, Workflow, WorkingCopy};
use crate::store::Schema;

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Workflow>().with::<WorkingCopy>().with::<NodeStatus>()
}
