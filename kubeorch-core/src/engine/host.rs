//! What every domain stands on: the store, the clock, randomness, ids and the clusters of the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::Ids;
use crate::kube::Cluster;
use crate::store::Db;
use crate::time::{Clock, Entropy};

/// Shared by all domains. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) ids: Arc<Ids>,
    /// Clusters that come with the server, by name.
    pub(crate) clusters: Arc<BTreeMap<String, Arc<dyn Cluster>>>,
}
