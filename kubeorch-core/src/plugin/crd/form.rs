//! A definition as a node type.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::shape;
use crate::error::Finding;
use crate::manifest::{Kind, Object};
use crate::plugin::{
    Error, Facts, KindInfo, NodeInput, NodeType, Out, Phase, RenderRequest, Rendered, Status, StatusRequest,
};

/// Bytes of a definition as JSON. The largest of well-known operators are between 1 and 2 MiB; etcd takes no more than
/// 1.5 MiB of anything that is stored compactly.
pub const MAX_DEFINITION: usize = 4 << 20;

/// As the workloads of the built-in types.
const RANK: i32 = 30;

/// Metadata, which data holds under the same names; a spec's own members so named are given in `spec`.
const METADATA: [&str; 2] = ["name", "namespace"];

/// A node type made from a definition. Its name is the definition's, `toys.example.org`.
#[derive(Debug, Clone)]
pub struct CustomType {
    pub(super) info: Arc<NodeType>,
    kind: Kind,
    namespaced: bool,
    /// Schema of the spec, bounded.
    spec: Value,
}

impl CustomType {
    /// Reads a definition of `apiextensions.k8s.io/v1`: the stored version's schema, or the first served one's. `plugin` is
    /// whom the type belongs to. Fails with what is missing.
    pub fn from_definition(definition: &Value, plugin: &str) -> Result<Self, Error> {
        let name = text(definition, "/metadata/name");
        let invalid = |reason: &str| Error::Invalid {
            plugin: plugin.to_owned(),
            reason: format!("the definition {name:?} {reason}"),
        };
        if definition.to_string().len() > MAX_DEFINITION {
            return Err(invalid(&format!("is larger than {} MiB", MAX_DEFINITION >> 20)));
        }
        let (group, kind) = (text(definition, "/spec/group"), text(definition, "/spec/names/kind"));
        if name.is_empty() || group.is_empty() || kind.is_empty() {
            return Err(invalid("lacks its name, group or kind"));
        }
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        let served = versions.into_iter().flatten().filter(|version| version["served"] == true);
        let version = served
            .clone()
            .find(|version| version["storage"] == true)
            .or_else(|| served.clone().next())
            .ok_or_else(|| invalid("serves no version"))?;
        let schema = version.pointer("/schema/openAPIV3Schema/properties/spec").cloned();
        let spec = shape::bounded(schema.unwrap_or_else(|| json!({ "type": "object" })));
        let namespaced = text(definition, "/spec/scope") != "Cluster";
        let kind = Kind::new(format!("{group}/{}", text(version, "/name")), kind);
        let info = Arc::new(describe(name, plugin, &kind, namespaced, &spec));
        Ok(Self { info, kind, namespaced, spec })
    }

    /// What the palette shows of it.
    pub fn info(&self) -> &Arc<NodeType> {
        &self.info
    }

    pub(super) fn facts(&self, node: &NodeInput) -> Facts {
        let other = [("kind", &self.kind.kind), ("apiVersion", &self.kind.api_version)];
        Facts {
            name: name(node).to_owned(),
            namespace: self.namespace(node).unwrap_or_default().to_owned(),
            references: Vec::new(),
            other: other.map(|(key, value)| (key.to_owned(), value.as_str().into())).into_iter().collect(),
        }
    }

    pub(super) fn validate(&self, request: &RenderRequest) -> Vec<Finding> {
        let node = &request.node;
        let mut findings = Vec::new();
        let mut add = |what: &str, field: &str, text: String| {
            let code = format!("{}.{what}", self.info.name);
            findings.push(Finding::error(code, text).on_node(&node.id).at(field));
        };
        for (field, text) in [("name", Some(name(node))), ("namespace", self.namespace(node))] {
            if text.is_some_and(|text| !is_name(text)) {
                add("invalid", field, format!("{field} {:?} is not a DNS name", text.unwrap_or_default()));
            }
        }
        for (path, problem) in shape::problems(&self.spec, &Value::Object(self.spec_of(node))) {
            add("schema", &path, format!("{path} {problem}"));
        }
        findings
    }

    pub(super) fn render(&self, request: &RenderRequest) -> Rendered {
        let node = &request.node;
        let mut metadata = json!({ "name": name(node), "labels": {
            "app.kubernetes.io/managed-by": "kubeorch", "kubeorch.io/plugin": self.info.plugin } });
        if let Some(namespace) = self.namespace(node) {
            metadata["namespace"] = namespace.into();
        }
        let object = json!({ "apiVersion": self.kind.api_version, "kind": self.kind.kind, "metadata": metadata,
            "spec": self.spec_of(node) });
        let objects = Object::new(object).map(|object| Out { object, if_absent: false });
        Rendered { objects: objects.into_iter().collect(), ..Rendered::default() }
    }

    /// By the conditions `Ready` and `Available`. Without them an object that is there is all that can be told: nobody
    /// knows whether its controller ever says more.
    pub(super) fn status(&self, request: &StatusRequest) -> Status {
        let Some(object) = request.objects.first() else {
            return status(Phase::Pending, "pending", "not created yet");
        };
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let told = ["Ready", "Available"]
            .into_iter()
            .find_map(|kind| conditions.into_iter().flatten().find(|condition| condition["type"] == kind));
        let Some(condition) = told else { return status(Phase::Ready, "created", "created") };
        let message = text(condition, "/message");
        match condition["status"].as_str() {
            Some("True") => {
                status(Phase::Ready, "healthy", if message.is_empty() { "ready" } else { message })
            }
            _ => status(
                Phase::Progressing,
                "partial",
                if message.is_empty() { "not ready yet" } else { message },
            ),
        }
    }

    /// The members of the spec that data names, under what `spec` says.
    fn spec_of(&self, node: &NodeInput) -> Map<String, Value> {
        let known = self.spec.get("properties").and_then(Value::as_object);
        let named =
            |key: &String| !METADATA.contains(&key.as_str()) && known.is_some_and(|it| it.contains_key(key));
        let members = node.data.iter().filter(|(key, value)| named(key) && !value.is_null());
        let mut spec: Map<String, Value> = members.map(|(key, value)| (key.clone(), value.clone())).collect();
        spec.extend(node.data.get("spec").and_then(Value::as_object).cloned().unwrap_or_default());
        spec
    }

    fn namespace<'n>(&self, node: &'n NodeInput) -> Option<&'n str> {
        let given = node.data.get("namespace").and_then(Value::as_str).map(str::trim);
        self.namespaced.then(|| given.filter(|text| !text.is_empty()).unwrap_or("default"))
    }
}

fn describe(name: &str, plugin: &str, kind: &Kind, namespaced: bool, spec: &Value) -> NodeType {
    let mut properties = Map::new();
    properties.insert("name".to_owned(), json!({ "type": "string", "title": "Name" }));
    if namespaced {
        properties.insert(
            "namespace".to_owned(),
            json!({ "type": "string", "title": "Namespace", "default": "default" }),
        );
    }
    let members = spec.get("properties").and_then(Value::as_object).into_iter().flatten();
    let own = members.filter(|(key, _)| !METADATA.contains(&key.as_str()) && *key != "spec");
    properties.extend(own.map(|(key, schema)| (key.clone(), schema.clone())));
    properties.insert("spec".to_owned(), json!({ "type": "object", "title": "More of the spec" }));
    NodeType {
        name: name.to_owned(),
        plugin: plugin.to_owned(),
        title: kind.kind.clone(),
        description: text(spec, "/description").chars().take(200).collect(),
        category: "custom".to_owned(),
        icon: "Box".to_owned(),
        tags: vec![kind.group().to_owned()],
        template_id: name.to_owned(),
        rank: RANK,
        kinds: vec![KindInfo { kind: kind.clone(), namespaced }],
        start: [("name".to_owned(), "<n>".into())].into_iter().collect(),
        parameters: json!({ "type": "object", "required": ["name"], "properties": properties }),
        ..NodeType::default()
    }
}

fn name(node: &NodeInput) -> &str {
    let given = node.data.get("name").and_then(Value::as_str).map(str::trim);
    given.filter(|text| !text.is_empty()).unwrap_or(&node.id)
}

/// RFC 1123 subdomain.
fn is_name(text: &str) -> bool {
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(good)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn status(phase: Phase, state: &str, message: &str) -> Status {
    let members = [("state", state), ("message", message)];
    let status = members.map(|(key, value)| (key.to_owned(), value.into())).into_iter().collect();
    Status { phase, reason: None, object: None, status }
}
