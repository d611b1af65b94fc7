//! Test a plugin natively, over the same JSON bytes as in the sandbox.
//!
//! A **case** is a folder: `request.json` names the function and what it is called with, `expected.json` is what it
//! answers, and the folder `tree`, for an analyzer, is the source that it sees:
//!
//! ```text
//! cases/web_and_worker/request.json     {"analyze": {…}}
//! cases/web_and_worker/tree/Procfile
//! cases/web_and_worker/expected.json    the answer, or {"failure": {"code", "message"}}
//! ```
//!
//! [`steps`], [`analyzer`], [`fixes`] and [`node_types`] run the cases of their world; the same folders serve hosts that
//! run the component, because both must answer the same. Set `KUBEORCH_BLESS=1` to rewrite what is expected.
//!
//! [`goldens`] does the same for node types with a pair of files for each case.

mod cases;
#[cfg(feature = "node-types")]
mod goldens;
#[cfg(feature = "import-analyzer")]
mod pattern;
mod tree;
#[cfg(any(feature = "node-types", feature = "step", feature = "import-analyzer", feature = "fix-template"))]
mod worlds;

#[cfg(feature = "import-analyzer")]
pub use self::worlds::analyzer;
#[cfg(feature = "fix-template")]
pub use self::worlds::fixes;
#[cfg(feature = "step")]
pub use self::worlds::steps;
pub use self::{
    cases::{Case, cases, compare},
    tree::MemoryTree,
};
#[cfg(feature = "node-types")]
pub use self::{
    goldens::{Call, ask, call, goldens},
    worlds::node_types,
};
