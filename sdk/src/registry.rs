//! A plugin as a list of independent node types: one file each, found by name.

use crate::{
    Catalog, Descriptor, Facts, Failure, Finding, Findings, Node, NodeTypes, PluginInfo, RenderRequest,
    Rendered, Status, StatusRequest,
};

/// One node type. Implemented by a unit struct; knows no other node type, so it can be deleted alone.
pub trait NodeType: Sync {
    /// What `node.type` holds: lower case, one word or hyphens.
    fn name(&self) -> &'static str;

    /// Everything static about the type.
    fn descriptor(&self) -> Descriptor;

    /// What neighbours may know about the node; depends on the node alone.
    fn facts(&self, node: &Node) -> Facts;

    /// The objects of the node. What is wrong with the node goes into `findings`; a bad field is left out and the rest
    /// rendered, so that a preview shows as much as possible.
    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered;

    /// How the node fares, told from its live objects.
    fn status(&self, request: &StatusRequest) -> Status;
}

/// A plugin that is a list of [`NodeType`]s.
pub trait Collection {
    /// Who the plugin is.
    const PLUGIN: PluginInfo;
    /// Its node types, in the order a user sees; made with [`registry!`](crate::registry).
    const NODE_TYPES: &'static [&'static dyn NodeType];
}

/// A list of node types for [`Collection::NODE_TYPES`].
#[macro_export]
macro_rules! registry {
    ($($node_type:expr),* $(,)?) => { &[$(&$node_type as &dyn $crate::NodeType),*] };
}

fn find<C: Collection>(name: &str) -> Result<&'static dyn NodeType, Failure> {
    C::NODE_TYPES
        .iter()
        .find(|node_type| node_type.name() == name)
        .copied()
        .ok_or_else(|| Failure::unknown_node_type(name))
}

fn rendered<C: Collection>(request: &RenderRequest) -> Result<Rendered, Failure> {
    let node_type = find::<C>(&request.node.kind)?;
    let findings = Findings::new(node_type.name());
    let mut rendered = node_type.render(request, &findings);
    rendered.findings = findings.into_vec();
    Ok(rendered)
}

impl<C: Collection> NodeTypes for C {
    fn catalog() -> Catalog {
        Catalog {
            plugin: C::PLUGIN.into(),
            node_types: C::NODE_TYPES.iter().map(|node_type| node_type.descriptor()).collect(),
            entries: Vec::new(),
        }
    }

    fn facts(node: &Node) -> Result<Facts, Failure> {
        Ok(find::<C>(&node.kind)?.facts(node))
    }

    /// Rendering reads every field once and reports what is wrong with it, so validating is rendering for the report:
    /// the two cannot disagree.
    fn validate(request: &RenderRequest) -> Result<Vec<Finding>, Failure> {
        Ok(rendered::<C>(request)?.findings)
    }

    fn render(request: &RenderRequest) -> Result<Rendered, Failure> {
        rendered::<C>(request)
    }

    fn status(request: &StatusRequest) -> Result<Status, Failure> {
        Ok(find::<C>(&request.node.kind)?.status(request))
    }
}
