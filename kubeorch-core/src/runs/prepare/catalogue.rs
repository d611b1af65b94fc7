//! The node types as the graph and its nodes need them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::graph::{Node, Rule, TypeInfo, Types};
use crate::plugin::{NodeType, NodeTypes};
use crate::runs::alias::Aliases;

/// The node types at one time.
pub(super) struct Catalogue {
    list: Vec<Arc<NodeType>>,
    by_name: HashMap<String, Arc<NodeType>>,
    aliases: Aliases,
    pub(super) types: Types,
}

impl Catalogue {
    /// The one of last time where the same node types are there: a plugin that is exchanged brings new ones, whatever
    /// their names.
    pub(super) fn now(types: &dyn NodeTypes, last: Option<&Arc<Self>>) -> Arc<Self> {
        let list = types.list();
        let same = |last: &&Arc<Self>| {
            last.list.len() == list.len() && last.list.iter().zip(&list).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        last.filter(same).cloned().unwrap_or_else(|| Arc::new(Self::new(list)))
    }

    fn new(list: Vec<Arc<NodeType>>) -> Self {
        let by_name = list.iter().map(|info| (info.name.clone(), Arc::clone(info))).collect();
        let types = list.iter().map(info).collect();
        Self { aliases: Aliases::new(&list), by_name, types, list }
    }

    /// The type that a node is of: what it is written as, or what its data names under an alias.
    pub(super) fn kind_of<'n>(&self, node: &'n Node) -> &'n str {
        self.aliases.kind(node).unwrap_or(&node.kind)
    }

    pub(super) fn find(&self, kind: &str) -> Option<&Arc<NodeType>> {
        self.by_name.get(kind)
    }
}

/// What the graph needs to know of a type.
fn info(node_type: &Arc<NodeType>) -> TypeInfo {
    let rules = node_type.links.iter();
    TypeInfo {
        name: node_type.name.clone(),
        traits: node_type.traits.clone(),
        rank: node_type.rank,
        links: rules.map(|rule| Rule { role: rule.role.clone(), peers: rule.peers.clone() }).collect(),
    }
}
