//! What the engine asks of plugins: a trait for each world.

use std::sync::Arc;

use async_trait::async_trait;

use super::analyzer::{self, Analysis, AnalyzeRequest, Detected};
use super::fix::{self, ApplyRequest, DiagnoseRequest, Diagnosis, Proposal, Template, TemplateRequest};
use super::source::SourceTree;
use super::step::{self, Step};
use super::{Error, Facts, NodeInput, NodeType, RenderRequest, Rendered, Status, StatusRequest};
use crate::error::Finding;

/// A set of node types. Every answer is a pure function of the request, so callers may repeat or cache
/// it. Cancelling a call is safe.
#[async_trait]
pub trait NodeTypes: Send + Sync + 'static {
    /// All node types, by plugin and name; a name is there once.
    fn list(&self) -> Vec<Arc<NodeType>>;

    /// One node type.
    fn find(&self, name: &str) -> Option<Arc<NodeType>>;

    /// What neighbours may know of a node; depends on the node alone.
    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error>;

    /// Every remark on a node with its links.
    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error>;

    /// The Kubernetes objects of a node.
    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error>;

    /// What the live objects of a node say about it.
    async fn status(&self, request: &StatusRequest) -> Result<Status, Error>;
}

/// A set of flow steps. A call is a pure function of the request, so a flow may repeat and replay it. Cancelling a call
/// is safe.
#[async_trait]
pub trait Steps: Send + Sync + 'static {
    /// All steps, by plugin and name; a name is there once.
    fn list(&self) -> Vec<Arc<Step>>;

    /// One step.
    fn find(&self, name: &str) -> Option<Arc<Step>>;

    /// Runs a step, or goes on with it. Outputs fit their ports, exits and effects are declared ones.
    async fn run(&self, request: &step::Request) -> Result<step::Response, Error>;
}

/// A set of import analyzers, by the id of their plugin.
#[async_trait]
pub trait Analyzers: Send + Sync + 'static {
    /// What they are, by id.
    fn list(&self) -> Vec<Arc<analyzer::Catalog>>;

    /// Begins an import with one of them. As many at a time as the set allows; the next one is
    /// [`Error::Busy`].
    async fn open(&self, plugin: &str, tree: Arc<dyn SourceTree>) -> Result<Box<dyn ImportJob>, Error>;
}

/// One import with one analyzer. It remembers its tree, so that `analyze` need not read again what `detect` has read.
/// A call that fails, or is cancelled, ends the job: calls after it fail.
#[async_trait]
pub trait ImportJob: Send {
    /// Where in the tree the analyzer has something to say.
    async fn detect(&mut self) -> Result<Arc<Detected>, Error>;

    /// Nodes, edges and findings of one place. Edges name nodes that are there.
    async fn analyze(&mut self, request: &AnalyzeRequest) -> Result<Analysis, Error>;
}

/// A set of diagnoses and fixes, by the id of their plugin. Every answer is a pure function of the request.
#[async_trait]
pub trait Fixes: Send + Sync + 'static {
    /// What they are, by id.
    fn list(&self) -> Vec<Arc<fix::Catalog>>;

    /// What is wrong with a node. Findings are of the plugin's own kinds.
    async fn diagnose(&self, plugin: &str, request: &DiagnoseRequest) -> Result<Arc<Diagnosis>, Error>;

    /// The form of a finding that the plugin made.
    async fn template(&self, plugin: &str, request: &TemplateRequest) -> Result<Arc<Template>, Error>;

    /// The patches. Their targets are objects that the facts show.
    async fn apply(&self, plugin: &str, request: &ApplyRequest) -> Result<Proposal, Error>;
}
