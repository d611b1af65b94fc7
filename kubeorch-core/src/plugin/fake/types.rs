//! A set of node types made of closures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::error::Finding;
use crate::plugin::{
    Catalog, Entry, Error, Facts, NodeInput, NodeType, NodeTypes, Phase, PluginInfo, RenderRequest, Rendered,
    Status, StatusRequest, catalog,
};

/// What the fake calls its plugin where a type names none.
const PLUGIN: &str = "fake";

type Call<Q, A> = Box<dyn Fn(&Q) -> Result<A, Error> + Send + Sync>;

/// One node type. What is not given does the least: facts are the data's `name` and `namespace`, nothing is
/// found, nothing is rendered, the status is ready.
pub struct Type {
    entry: NodeType,
    facts: Call<NodeInput, Facts>,
    validate: Call<RenderRequest, Vec<Finding>>,
    render: Call<RenderRequest, Rendered>,
    status: Call<StatusRequest, Status>,
}

impl Type {
    /// With a catalog entry; an empty `plugin` becomes `fake`, absent `parameters` an open object.
    pub fn new(mut node_type: NodeType) -> Self {
        if node_type.plugin.is_empty() {
            node_type.plugin = PLUGIN.into();
        }
        if node_type.parameters.is_null() {
            node_type.parameters = serde_json::json!({"type": "object"});
        }
        Self {
            entry: node_type,
            facts: Box::new(|node| Ok(plain_facts(node))),
            validate: Box::new(|_| Ok(Vec::new())),
            render: Box::new(|_| Ok(Rendered::default())),
            status: Box::new(|_| Ok(ready())),
        }
    }

    /// What neighbours may know.
    #[must_use]
    pub fn facts(
        mut self,
        facts: impl Fn(&NodeInput) -> Result<Facts, Error> + Send + Sync + 'static,
    ) -> Self {
        self.facts = Box::new(facts);
        self
    }

    /// What is wrong with a node.
    #[must_use]
    pub fn validate(
        mut self,
        validate: impl Fn(&RenderRequest) -> Result<Vec<Finding>, Error> + Send + Sync + 'static,
    ) -> Self {
        self.validate = Box::new(validate);
        self
    }

    /// What a node becomes.
    #[must_use]
    pub fn render(
        mut self,
        render: impl Fn(&RenderRequest) -> Result<Rendered, Error> + Send + Sync + 'static,
    ) -> Self {
        self.render = Box::new(render);
        self
    }

    /// What live objects say.
    #[must_use]
    pub fn status(
        mut self,
        status: impl Fn(&StatusRequest) -> Result<Status, Error> + Send + Sync + 'static,
    ) -> Self {
        self.status = Box::new(status);
        self
    }
}

/// A [`NodeTypes`] without a sandbox and without a memo: every question reaches its closure.
pub struct Types {
    types: BTreeMap<String, (Arc<NodeType>, Type)>,
    calls: AtomicU64,
}

impl Types {
    /// Fails as the host does where a catalog breaks the rules, or a name is there twice.
    pub fn new(types: impl IntoIterator<Item = Type>) -> Result<Self, Error> {
        let types: Vec<Type> = types.into_iter().collect();
        let info = PluginInfo {
            id: PLUGIN.into(),
            name: "Fake".into(),
            version: "0.0.0".into(),
            description: String::new(),
        };
        let node_types: Vec<NodeType> = types.iter().map(|fake| fake.entry.clone()).collect();
        let ids: BTreeSet<&String> = node_types.iter().filter_map(|fake| fake.entry.as_ref()).collect();
        let entries = ids.into_iter().map(|id| Entry { id: id.clone(), ..Entry::default() }).collect();
        let problems = catalog::problems(&Catalog { plugin: info, node_types, entries }, usize::MAX);
        if !problems.is_empty() {
            return Err(Error::Invalid { plugin: PLUGIN.into(), reason: catalog::complaint(&problems) });
        }
        let types = types
            .into_iter()
            .map(|fake| (fake.entry.name.clone(), (Arc::new(fake.entry.clone()), fake)))
            .collect();
        Ok(Self { types, calls: AtomicU64::new(0) })
    }

    /// The made-up types: see the [module](self).
    pub fn toys() -> Self {
        Self::new(super::toys::all()).expect("the catalogue of toys holds to the rules")
    }

    /// Questions asked so far, to prove that an answer was reused or a call saved.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn ask(&self, name: &str) -> Result<&Type, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (_, entry) = self.types.get(name).ok_or_else(|| Error::UnknownType(name.to_owned()))?;
        Ok(entry)
    }
}

#[async_trait]
impl NodeTypes for Types {
    fn list(&self) -> Vec<Arc<NodeType>> {
        let mut all: Vec<_> = self.types.values().map(|(node_type, _)| Arc::clone(node_type)).collect();
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<NodeType>> {
        self.types.get(name).map(|(node_type, _)| Arc::clone(node_type))
    }

    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error> {
        (self.ask(&node.kind)?.facts)(node).map(Arc::new)
    }

    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error> {
        let findings = (self.ask(&request.node.kind)?.validate)(request)?;
        Ok(addressed(findings, &request.node.id))
    }

    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error> {
        let mut rendered = (self.ask(&request.node.kind)?.render)(request)?;
        rendered.findings = addressed(rendered.findings, &request.node.id);
        Ok(Arc::new(rendered))
    }

    async fn status(&self, request: &StatusRequest) -> Result<Status, Error> {
        (self.ask(&request.node.kind)?.status)(request)
    }
}

fn addressed(findings: Vec<Finding>, node: &str) -> Vec<Finding> {
    findings.into_iter().map(|finding| finding.on_node(node)).collect()
}

fn plain_facts(node: &NodeInput) -> Facts {
    let text = |field: &str| node.data.get(field).and_then(Value::as_str).map(str::to_owned);
    Facts {
        name: text("name").unwrap_or_default(),
        namespace: text("namespace").unwrap_or_else(|| "default".into()),
        ..Facts::default()
    }
}

fn ready() -> Status {
    let status = Map::from_iter([
        ("state".to_owned(), Value::from("deployed")),
        ("message".to_owned(), Value::from("there")),
    ]);
    Status { phase: Phase::Ready, reason: None, object: None, status }
}
