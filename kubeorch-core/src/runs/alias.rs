//! Nodes of a shared type, whose data names their node type.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::Node;
use crate::plugin::{Alias, NodeType};

/// How node types can be written besides by their names.
pub(super) struct Aliases {
    /// Every node type with its alias.
    names: BTreeMap<String, Option<Alias>>,
    /// Sorted, each once.
    all: Vec<Alias>,
}

impl Aliases {
    pub(super) fn new(types: &[Arc<NodeType>]) -> Self {
        let names: BTreeMap<_, _> =
            types.iter().map(|info| (info.name.clone(), info.alias.clone())).collect();
        let mut all: Vec<Alias> = names.values().flatten().cloned().collect();
        all.sort_by(|a, b| (&a.kind, &a.member).cmp(&(&b.kind, &b.member)));
        all.dedup();
        Self { names, all }
    }

    /// The node type that the data of a node names, of a node that is written under an alias. A name that no type has
    /// is taken too, so that the finding shows it and the names near to it; a name whose type has no such alias is not.
    pub(super) fn kind<'n>(&self, node: &'n Node) -> Option<&'n str> {
        if self.names.contains_key(&node.kind) {
            return None;
        }
        self.all.iter().find_map(|alias| {
            let name = named(node, alias)?;
            let allowed = self.names.get(name).is_none_or(|own| own.as_ref() == Some(alias));
            allowed.then_some(name)
        })
    }
}

/// What the content of a node says under the alias.
fn named<'n>(node: &'n Node, alias: &Alias) -> Option<&'n str> {
    let mut content = node.content().filter(|_| node.kind == alias.kind);
    let (_, name) = content.find(|(member, _)| **member == alias.member)?;
    Some(name.as_str()?.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn types() -> Vec<Arc<NodeType>> {
        let alias = |member: &str| Some(Alias { kind: "plugin".into(), member: member.into() });
        [("core", None), ("certificate", alias("templateId")), ("own", alias("kind"))]
            .map(|(name, alias)| Arc::new(NodeType { name: name.into(), alias, ..NodeType::default() }))
            .into()
    }

    #[track_caller]
    fn check(kind: &str, data: Value, resolved: &str) {
        let node: Node = serde_json::from_value(json!({"id": "a", "type": kind, "data": data})).unwrap();
        let found = Aliases::new(&types()).kind(&node).unwrap_or(kind).to_owned();
        assert_eq!(found, resolved, "{kind} {data}");
    }

    #[test]
    fn data_names_the_type() {
        check("plugin", json!({"templateId": "certificate"}), "certificate");
        check("plugin", json!({"templateId": " certificate "}), "certificate");
        check("plugin", json!({"kind": "own"}), "own");
        check("plugin", json!({"templateId": "certificat"}), "certificat");
        check("plugin", json!({"templateId": "own"}), "plugin");
        check("plugin", json!({"templateId": "core"}), "plugin");
        check("plugin", json!({"templateId": 1}), "plugin");
        check("plugin", json!({"templateId": ""}), "plugin");
        check("plugin", json!({}), "plugin");
        check("certificate", json!({"templateId": "own"}), "certificate");
        check("thing", json!({"templateId": "certificate"}), "thing");
    }
}
