//! Server-side apply: which manager owns which field, and merging what they want.
//!
//! [`shape`](Shape) says how the parts of an object merge, [`Fields`] is a set of owned paths
//! (`fieldsV1`), [`managed`] keeps the entries of `metadata.managedFields`, [`merge`] does the work.

mod fields;
pub(crate) mod managed;
mod merge;
mod shape;
pub(crate) mod shapes;

pub(crate) use fields::{Fields, printed_path};
pub(crate) use managed::{Entry, Operation};
pub(crate) use merge::apply;
pub(crate) use shape::Shape;
