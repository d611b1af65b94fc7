//! Which members a file may have, and a reader that names the others.

use kubeorch_core::error::Finding;
use serde_json::{Map, Value};

/// Members of a workflow answer (contract 3.4) that a file may carry and that are not used.
pub(super) const WORKFLOW_UNUSED: &[&str] = &[
    "id",
    "cluster_id",
    "status",
    "tags",
    "versions",
    "current_version",
    "owner_id",
    "team_id",
    "created_at",
    "updated_at",
    "deleted_at",
    "last_run_at",
    "run_count",
    "success_count",
    "failure_count",
    "revision",
    "metadata",
];

/// Members that the canvas of a UI puts on nodes (contract 3.2).
pub(super) const NODE_UNUSED: &[&str] = &[
    "selected",
    "dragging",
    "width",
    "height",
    "measured",
    "style",
    "className",
    "zIndex",
    "positionAbsolute",
    "draggable",
    "selectable",
    "deletable",
    "hidden",
    "sourcePosition",
    "targetPosition",
    "parentId",
    "extent",
];

/// Members that the canvas of a UI puts on edges.
pub(super) const EDGE_UNUSED: &[&str] = &[
    "selected",
    "animated",
    "style",
    "markerEnd",
    "markerStart",
    "label",
    "className",
    "zIndex",
    "selectable",
    "deletable",
    "hidden",
    "interactionWidth",
];

/// Takes members out of a map and notes what is wrong with them.
pub(super) struct Reader<'a> {
    map: &'a Map<String, Value>,
    /// What the map is, for messages: `a node`.
    what: &'static str,
    /// Puts node or edge on a finding.
    address: Box<dyn Fn(Finding) -> Finding + 'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        map: &'a Map<String, Value>,
        what: &'static str,
        address: impl Fn(Finding) -> Finding + 'a,
    ) -> Self {
        Self { map, what, address: Box::new(address) }
    }

    /// A text; absent and null are the same.
    pub(super) fn text(&self, name: &str, findings: &mut Vec<Finding>) -> Option<String> {
        match self.map.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                self.report(
                    findings,
                    name,
                    "file.not_text",
                    format!("must be text, not {}", kind(other)),
                    "Put it in quotes.",
                );
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn required(&self, name: &str, findings: &mut Vec<Finding>) -> Option<String> {
        let before = findings.len();
        let text = self.text(name, findings).filter(|text| !text.trim().is_empty());
        if text.is_none() && findings.len() == before {
            self.report(findings, name, "file.missing", format!("{} needs `{name}`", self.what), "");
        }
        text
    }

    /// A map; absent and null are an empty one.
    pub(super) fn object(&self, name: &str, findings: &mut Vec<Finding>) -> Option<Map<String, Value>> {
        match self.map.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map.clone()),
            Some(other) => {
                let message = format!("must be a map, not {}", kind(other));
                self.report(findings, name, "file.not_a_map", message, "");
                None
            }
        }
    }

    /// A list; `None` when it is absent or something else.
    pub(super) fn list(&self, name: &str, findings: &mut Vec<Finding>) -> Option<&'a [Value]> {
        match self.map.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Array(items)) => Some(items),
            Some(other) => {
                let message = format!("must be a list, not {}", kind(other));
                self.report(findings, name, "file.not_a_list", message, "");
                None
            }
        }
    }

    /// Reports every member that is in none of the lists.
    pub(super) fn refuse_others(
        &self,
        used: &[&str],
        unused: &[&str],
        findings: &mut Vec<Finding>,
        hint: &str,
    ) {
        for name in self.map.keys() {
            let name = name.as_str();
            if !(used.contains(&name) || unused.contains(&name) || name.starts_with("x-")) {
                let message = format!("{} has no member `{name}`", self.what);
                self.report(findings, name, "file.unknown_member", message, hint);
            }
        }
    }

    pub(super) fn report(
        &self,
        findings: &mut Vec<Finding>,
        field: &str,
        code: &str,
        message: String,
        hint: &str,
    ) {
        findings.push((self.address)(Finding::error(code, message).at(field).hint(hint)));
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
