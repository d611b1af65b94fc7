//! Node types without a plugin: closures, for tests of the engine and of embedders.
//!
//! [`Types`] holds to the same rules as the host: catalogs are checked the same way, findings are addressed
//! to their node, a call is counted. [`Types::toys`] is a small catalogue of made-up types with every ability
//! that the engine knows: link rules by name and by trait, references, run-time values, several ranks,
//! `retain`, `ifAbsent`, `observe`, findings and all phases.
//!
//! [`Sandbox`] takes components that come and go, made by [`component`] of a catalog alone. [`Downloads`] gives what it
//! was told to give.

mod downloads;
mod sandbox;
mod toys;
mod types;

pub use downloads::Downloads;
pub use sandbox::{Sandbox, component};
pub use types::{Type, Types};
