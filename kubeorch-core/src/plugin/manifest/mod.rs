//! What a component says of itself before it is run: the custom section `kubeorch:plugin`.
//!
//! The section is part of the bytes that are signed, so a manifest is worth as much as its component. It is read
//! without running anything; all that is wrong with it comes at once.

mod model;
mod read;
#[cfg(test)]
mod tests;

pub use model::{HostRange, Manifest};
pub(crate) use read::is_id;
pub use read::{CAPABILITIES, MAX_BYTES, SECTION, WORLDS};
