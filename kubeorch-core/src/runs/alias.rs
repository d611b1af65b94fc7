//! Nodes of a shared type, whose data names their node type.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::{Graph, Node};
use crate::plugin::{Alias, NodeType, NodeTypes};

/// Gives every node that is written under an alias the node type that its data names. A name that no type has is taken
/// too, so that the finding shows it and the names near to it; a name whose type has no such alias is not.
pub(super) fn resolved(mut graph: Graph, types: &dyn NodeTypes) -> Graph {
    resolve(&mut graph, &types.list());
    graph
}

fn resolve(graph: &mut Graph, types: &[Arc<NodeType>]) {
    let names: BTreeMap<&str, Option<&Alias>> =
        types.iter().map(|info| (info.name.as_str(), info.alias.as_ref())).collect();
    let mut aliases: Vec<&Alias> = names.values().flatten().copied().collect();
    aliases.sort_by_key(|alias| (&alias.kind, &alias.member));
    aliases.dedup();
    for node in graph.nodes.iter_mut().filter(|node| !names.contains_key(node.kind.as_str())) {
        let found = aliases.iter().find_map(|alias| {
            let name = named(node, alias)?;
            let allowed = names.get(name).is_none_or(|own| *own == Some(alias));
            allowed.then(|| name.to_owned())
        });
        if let Some(kind) = found {
            node.kind = kind;
        }
    }
}

/// What the node's data says under the alias.
fn named<'n>(node: &'n Node, alias: &Alias) -> Option<&'n str> {
    let name = node.data.get(&alias.member).filter(|_| node.kind == alias.kind)?.as_str()?.trim();
    Some(name).filter(|name| !name.is_empty())
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
        let node = json!({"id": "a", "type": kind, "data": data});
        let mut graph: Graph = serde_json::from_value(json!({"nodes": [node], "edges": []})).unwrap();
        resolve(&mut graph, &types());
        assert_eq!(graph.nodes[0].kind, resolved, "{kind} {data}");
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
