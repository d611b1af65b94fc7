//! Import analyzers: the world `import-analyzer`.
//!
//! An analyzer looks at a source tree and says what it would deploy: nodes, edges and findings, each with the place it
//! was read from. It sees the tree through a handle, page by page, so a large repository never enters its memory.
//!
//! ```
//! use kubeorch_plugin_sdk::{
//!     Failure, PluginInfo,
//!     analyzer::{
//!         Analysis, AnalyzeRequest, Analyzer, Catalog, DetectRequest, Detected, NodeDraft, Origin, Place, Tree,
//!     },
//! };
//!
//! struct Dockerfiles;
//!
//! impl Analyzer for Dockerfiles {
//!     fn catalog() -> Catalog {
//!         let plugin = PluginInfo { id: "dockerfiles", name: "Dockerfiles", version: "0.1.0", description: "" };
//!         Catalog { plugin: plugin.into(), files: vec!["**/Dockerfile".to_owned()] }
//!     }
//!     fn detect(tree: &Tree<'_>, _: &DetectRequest) -> Result<Detected, Failure> {
//!         let found = tree.files("**/Dockerfile")?.into_iter();
//!         Ok(Detected { places: found.map(|file| Place::of(&file.path, "dockerfile", 60, "a Dockerfile")).collect() })
//!     }
//!     fn analyze(_: &Tree<'_>, request: &AnalyzeRequest) -> Result<Analysis, Failure> {
//!         let node = NodeDraft::new("web", "deployment", Origin::file(&request.place.path("Dockerfile")));
//!         Ok(Analysis { nodes: vec![node.data("replicas", 1)], ..Analysis::default() })
//!     }
//! }
//!
//! # mod component {
//! # use super::Dockerfiles;
//! kubeorch_plugin_sdk::export_plugin!(analyzer: Dockerfiles);
//! # }
//! # fn main() {}
//! ```

mod analysis;
mod place;
mod tree;

pub use self::{
    analysis::{Analysis, AnalyzeRequest, EdgeDraft, Finding, NodeDraft, Origin},
    place::{Catalog, DetectRequest, Detected, Place},
    tree::{Entry, Page, ReadError, Source, Tree},
};

use crate::Failure;

/// The questions of the `import-analyzer` world, typed.
pub trait Analyzer {
    /// What the plugin is, and which files it cares about.
    fn catalog() -> Catalog;

    /// Where in the tree this analyzer has something to say. Looks at names first.
    fn detect(tree: &Tree<'_>, request: &DetectRequest) -> Result<Detected, Failure>;

    /// What one place would deploy. What is wrong with the source is a finding, not a failure.
    fn analyze(tree: &Tree<'_>, request: &AnalyzeRequest) -> Result<Analysis, Failure>;
}
