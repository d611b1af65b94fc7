//! What of a node is content and what is state: the rule, and the clean-ups that follow it.

use serde_json::{Map, Value};

use super::{Graph, Node};

/// Editor state without the underscore (contract 4.1).
const EDITOR_STATE: [&str; 2] = ["parameters", "hasValidationError"];

/// Texts that people paste with blanks around them (contract 2.3, save).
const TRIMMED: [&str; 3] = ["name", "namespace", "image"];

/// Whether a top-level member of data is content: kept in versions, part of the hash.
///
/// Members that begin with `_` are runtime or editor state. Those that begin with `_linked` are not: they
/// say which node a name was copied from, which is what makes a rename safe.
pub(super) fn is_content(member: &str) -> bool {
    member.starts_with("_linked") || is_compared(member)
}

/// Whether a top-level member of data can make a node count as modified (contract 6.5): link hints
/// repeat what an edge or a name says already and would only show the same change twice.
pub(super) fn is_compared(member: &str) -> bool {
    !member.starts_with('_') && !EDITOR_STATE.contains(&member)
}

impl Graph {
    /// The graph without runtime and editor state, ready to be kept as a version.
    ///
    /// Only top-level members of data are looked at: a nested `_JAVA_OPTIONS` is the user's own.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self { nodes: self.nodes.iter().map(Node::snapshot).collect(), edges: self.edges.clone() }
    }

    /// Removes leading and trailing white space of `data.name`, `data.namespace` and `data.image`.
    pub fn trim(&mut self) {
        for node in &mut self.nodes {
            for member in TRIMMED {
                if let Some(Value::String(text)) = node.data.get_mut(member)
                    && text.trim().len() != text.len()
                {
                    *text = text.trim().to_owned();
                }
            }
        }
    }
}

impl Node {
    /// The node without runtime and editor state.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let data: Map<_, _> = self.content().map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { id: self.id.clone(), kind: self.kind.clone(), position: self.position, data }
    }

    /// The members of data that are no runtime and editor state, in their order.
    pub fn content(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.data.iter().filter(|(name, _)| is_content(name))
    }
}
