//! Starts and builds KubeOrch plugins.
//!
//! [`scaffold`] writes a new project from a template, [`build()`] makes a component of one with the compiler on this machine,
//! [`Manifest`] is who the plugin is and what it may use, embedded in the component by [`component`]. The command line
//! `kubeorch plugin` is a thin face of this crate; a host program can offer the same.
//!
//! Not here: running a component. Whether its answers hold to the contract is for the host to say.

#[cfg(feature = "project")]
mod build;
#[cfg(feature = "project")]
pub mod component;
#[cfg(feature = "project")]
mod manifest;
#[cfg(feature = "project")]
mod package;
#[cfg(feature = "project")]
pub mod scaffold;
#[cfg(feature = "project")]
mod source;
pub mod toolchain;
#[cfg(feature = "project")]
mod world;

#[cfg(feature = "project")]
pub use self::{
    build::{Built, Error, Options, build},
    manifest::{CAPABILITIES, Manifest},
    package::Package,
    source::{SOURCE, Source},
    world::World,
};
