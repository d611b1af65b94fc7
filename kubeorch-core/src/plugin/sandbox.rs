//! Plugins that come and go while the engine runs.
//!
//! A component is [loaded](Sandbox::load) first, which offers it to nobody, and [put](Sandbox::put) among the living
//! ones then. Calls that are under way end with the component that they began with.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Entry, Error, Manifest, NodeType, PluginInfo};

/// Loads components and holds the set that is served. Usually the same object that answers
/// [`NodeTypes`](super::NodeTypes).
#[async_trait]
pub trait Sandbox: Send + Sync + 'static {
    /// Compiles and checks a component and asks it for its catalog. `name` is what an error calls it.
    async fn load(&self, name: &str, bytes: Arc<[u8]>) -> Result<Candidate, Error>;

    /// Serves a loaded component, in the place of the one with its id. Refused where another plugin brings one of its
    /// node types; the old one goes on then.
    fn put(&self, candidate: Candidate) -> Result<(), Error>;

    /// Serves it no longer; whether it was served.
    fn remove(&self, id: &str) -> bool;

    /// What is served.
    fn plugins(&self) -> Vec<About>;

    /// What every served plugin has done since it was loaded.
    fn usage(&self) -> Vec<Usage>;
}

/// What a component says of itself once it runs.
#[derive(Debug, Clone)]
pub struct About {
    /// Who it is.
    pub info: PluginInfo,
    /// SHA-256 of its bytes, in lower-case hex.
    pub digest: String,
    /// What its bytes say, where they do.
    pub manifest: Option<Manifest>,
    /// Its node types, in its own order.
    pub node_types: Vec<Arc<NodeType>>,
    /// The parts that users enable, in its own order.
    pub entries: Vec<Entry>,
}

/// A component that runs and is not served yet.
pub struct Candidate {
    about: About,
    handle: Box<dyn Any + Send + Sync>,
}

impl Candidate {
    /// With whatever the sandbox needs to serve it.
    pub fn new(about: About, handle: impl Any + Send + Sync) -> Self {
        Self { about, handle: Box::new(handle) }
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What the sandbox put in; [`Error::Invalid`] when it comes from another sandbox.
    pub fn into_handle<T: 'static>(self) -> Result<T, Error> {
        self.handle.downcast().map(|handle| *handle).map_err(|_| Error::Invalid {
            plugin: self.about.info.id,
            reason: "it was loaded by another sandbox".into(),
        })
    }
}

/// A plugin's numbers since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Calls into it, failed ones too; answers from the memo are not calls.
    pub calls: u64,
    /// Calls that trapped, passed a limit or broke the contract.
    pub faults: u64,
    /// Failed calls since the last good one.
    pub failing: u64,
    /// Whether it failed so often that calls are refused for a while.
    pub quarantined: bool,
    /// Answers from the memo.
    pub hits: u64,
    /// Time inside calls.
    pub time: Duration,
}
