//! Sets of plugins without a sandbox: closures, for tests of the engine and of embedders.
//!
//! [`Types`] holds to the same rules as the host: catalogs are checked the same way, findings are addressed
//! to their node, a call is counted. [`Types::toys`] is a small catalogue of made-up types with every ability
//! that the engine knows: link rules by name and by trait, references, run-time values, several ranks,
//! `retain`, `ifAbsent`, `observe`, findings and all phases.
//!
//! [`Steps`], [`Analyzers`] and [`Fixes`] give on what their closures answer. [`Sandbox`] takes components that come and
//! go, made by [`component`] of a catalog alone. [`Downloads`] gives what it was told to give.

mod analyzers;
mod downloads;
mod fixes;
mod sandbox;
mod steps;
mod toys;
mod types;

pub use analyzers::Analyzers;
pub use downloads::Downloads;
pub use fixes::{Fix, Fixes};
pub use sandbox::{Sandbox, component};
pub use steps::Steps;
pub use types::{Type, Types};
