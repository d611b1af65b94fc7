//! Custom types before the node types of the plugins.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;

use super::CustomType;
use crate::error::Finding;
use crate::plugin::{
    Error, Facts, NodeInput, NodeType, NodeTypes, RenderRequest, Rendered, Status, StatusRequest,
};

/// Node types of the plugins and, beside them, custom ones that come and go while calls run.
pub struct WithCustomTypes {
    base: Arc<dyn NodeTypes>,
    own: RwLock<BTreeMap<String, Arc<CustomType>>>,
}

impl WithCustomTypes {
    /// Custom types beside those of `base`; none yet.
    pub fn new(base: Arc<dyn NodeTypes>) -> Self {
        Self { base, own: RwLock::default() }
    }

    /// Adds a type, or replaces the one of its name; a name that a plugin brings is refused.
    pub fn put(&self, custom: CustomType) -> Result<(), Error> {
        let name = custom.info.name.clone();
        if let Some(other) = self.base.find(&name) {
            let reason = format!("node type {name} is brought by {} already", other.plugin);
            return Err(Error::Invalid { plugin: custom.info.plugin.clone(), reason });
        }
        self.own.write().insert(name, Arc::new(custom));
        Ok(())
    }

    /// Takes a type away; false when there is none of that name. Calls under way are finished with it.
    pub fn remove(&self, name: &str) -> bool {
        self.own.write().remove(name).is_some()
    }

    fn own(&self, name: &str) -> Option<Arc<CustomType>> {
        self.own.read().get(name).cloned()
    }
}

#[async_trait]
impl NodeTypes for WithCustomTypes {
    fn list(&self) -> Vec<Arc<NodeType>> {
        let mut all = self.base.list();
        all.extend(self.own.read().values().map(|custom| Arc::clone(custom.info())));
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<NodeType>> {
        self.own(name).map(|custom| Arc::clone(custom.info())).or_else(|| self.base.find(name))
    }

    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error> {
        match self.own(&node.kind) {
            Some(custom) => Ok(Arc::new(custom.facts(node))),
            None => self.base.facts(node).await,
        }
    }

    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error> {
        match self.own(&request.node.kind) {
            Some(custom) => Ok(custom.validate(request)),
            None => self.base.validate(request).await,
        }
    }

    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error> {
        match self.own(&request.node.kind) {
            Some(custom) => Ok(Arc::new(custom.render(request))),
            None => self.base.render(request).await,
        }
    }

    async fn status(&self, request: &StatusRequest) -> Result<Status, Error> {
        match self.own(&request.node.kind) {
            Some(custom) => Ok(custom.status(request)),
            None => self.base.status(request).await,
        }
    }
}
