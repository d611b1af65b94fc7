//! Templates: the node types as the palette of a canvas shows them.
//!
//! Boundary: nothing is stored; the plugins' own descriptions are put into the contract's form (2.10).

mod model;
mod service;

pub use model::{Choice, DependsOn, Parameter, Template};
pub use service::Service;
