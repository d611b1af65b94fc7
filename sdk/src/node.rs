//! A node of the graph as the plugin sees it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Findings, Reader, read_text};

/// The namespace of a node that names none.
const DEFAULT_NAMESPACE: &str = "default";

/// A node: its id, its type and what the user filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the graph.
    pub id: String,
    /// The name of the node type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the user filled in, free-form. Members that begin with `_` are runtime state of the UI.
    #[serde(default)]
    pub data: Map<String, Value>,
}

impl Node {
    /// The object's name: `data.name`, else the id.
    pub fn name(&self) -> &str {
        read_text(&self.data, "name").unwrap_or(&self.id)
    }

    /// `data.namespace`, when there is one.
    pub fn own_namespace(&self) -> Option<&str> {
        read_text(&self.data, "namespace")
    }

    /// `data.namespace`, else `default`.
    pub fn namespace(&self) -> &str {
        self.own_namespace().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Reads `data` and reports into `findings` what is wrong with it.
    pub fn read<'a>(&'a self, findings: &'a Findings) -> Reader<'a> {
        Reader::new(self, findings)
    }

    /// The ids of other nodes that `data` points at: members `_linked…` (text or list), and `nodeId` or `_linked…` inside
    /// lists of objects. In order of appearance, each once.
    pub fn references(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (key, value) in &self.data {
            match value {
                _ if key.starts_with("_linked") => collect(value, &mut ids),
                Value::Array(items) if !key.starts_with('_') => {
                    for member in items.iter().filter_map(Value::as_object).flatten() {
                        if member.0 == "nodeId" || member.0.starts_with("_linked") {
                            collect(member.1, &mut ids);
                        }
                    }
                }
                _ => {}
            }
        }
        ids
    }
}

fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(id) if !id.is_empty() && !ids.contains(id) => ids.push(id.clone()),
        Value::Array(items) => {
            items.iter().filter(|item| item.is_string()).for_each(|item| collect(item, ids));
        }
        _ => {}
    }
}
