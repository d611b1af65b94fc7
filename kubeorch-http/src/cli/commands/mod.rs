//! One module per verb.

mod about;

pub(super) use about::{completion, version};
