//! One module per verb; `up` and `plan` are in [`super::deploy`].

mod about;
mod openapi;
mod serve;
mod simulator;

pub(super) use about::{completion, version};
pub(super) use openapi::openapi;
pub(super) use serve::serve;
pub(super) use simulator::simulator;
