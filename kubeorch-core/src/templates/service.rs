//! From node types to templates.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::model::{Choice, DependsOn, Parameter, Template};
use crate::actor::{Action, Actor, Subject, allow};
use crate::plugin::{NodeType, NodeTypes};
use crate::plugins;
use crate::plugins::field::fields;
use crate::users;

/// Templates. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    types: Arc<dyn NodeTypes>,
    plugins: plugins::Service,
}

impl Service {
    pub(crate) fn new(types: Arc<dyn NodeTypes>, plugins: plugins::Service) -> Self {
        Self { types, plugins }
    }

    /// The templates of the program, and those of the entries that the caller enabled; by category, then name.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Template>, crate::Error> {
        allow(actor, Action::Read, Subject::Common).map_err(users::Error::from)?;
        let (owners, enabled) = (self.plugins.owners(), self.plugins.choices(actor)?);
        let mut all: Vec<_> = self
            .types
            .list()
            .iter()
            .filter_map(|node_type| match owners.get(&node_type.name) {
                None => Some(template(node_type)),
                Some(entry) if enabled.as_ref().is_some_and(|enabled| !enabled.contains(entry)) => None,
                Some(entry) => Some(of_entry(node_type, entry)),
            })
            .collect();
        all.sort_by(|a, b| (&a.category, &a.name).cmp(&(&b.category, &b.name)));
        Ok(all)
    }
}

fn template(node_type: &NodeType) -> Template {
    Template {
        id: node_type.template_id.clone(),
        name: node_type.name.clone(),
        display_name: node_type.title.clone(),
        category: node_type.category.clone(),
        description: node_type.description.clone(),
        icon: node_type.icon.clone(),
        version: node_type.version.clone(),
        tags: node_type.tags.clone(),
        usage_frequency: node_type.usage_frequency.clone(),
        difficulty: node_type.difficulty.clone(),
        parameters: parameters(&node_type.parameters),
        start: node_type.start.clone(),
        entry: None,
    }
}

/// What the contract says of every template of the catalogue (2.10).
fn of_entry(node_type: &NodeType, entry: &str) -> Template {
    let parameter = |field: plugins::Field| Parameter {
        name: field.id,
        label: field.label,
        description: field.placeholder.unwrap_or_default(),
        kind: field.kind,
        required: field.required,
        default: field.default.map(Value::String),
        options: field.options.into_iter().map(|it| Choice { value: it.clone().into(), label: it }).collect(),
        min: None,
        max: None,
        depends_on: None,
    };
    Template {
        id: node_type.name.clone(),
        icon: String::new(),
        version: "1.0.0".into(),
        tags: vec!["plugin".into(), node_type.category.clone(), entry.to_owned()],
        usage_frequency: "medium".into(),
        difficulty: "medium".into(),
        parameters: fields(&node_type.parameters).into_iter().map(parameter).collect(),
        entry: Some(entry.to_owned()),
        ..template(node_type)
    }
}

fn parameters(schema: &Value) -> Vec<Parameter> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    let make =
        |(name, property): (&String, &Value)| parameter(name, property, required.contains(&name.as_str()));
    properties.into_iter().flatten().map(make).collect()
}

fn parameter(name: &str, property: &Value, required: bool) -> Parameter {
    let text = |member: &str| property[member].as_str().unwrap_or_default().to_owned();
    Parameter {
        name: name.to_owned(),
        label: text("title"),
        description: text("description"),
        kind: kind(property),
        required,
        default: property.get("default").cloned(),
        options: choices(property),
        min: property["minimum"].as_f64(),
        max: property["maximum"].as_f64(),
        depends_on: property["x-dependsOn"].as_object().map(depends_on),
    }
}

/// The contract's word for a property's type; a property of several types is edited as text.
fn kind(property: &Value) -> &'static str {
    if property["enum"].is_array() {
        return "select";
    }
    match property["type"].as_str() {
        Some("integer" | "number") => "number",
        Some("boolean") => "boolean",
        Some("object") => "object",
        Some("array") => "array",
        _ => "string",
    }
}

fn choices(property: &Value) -> Vec<Choice> {
    let labels = &property["x-optionLabels"];
    let choice = |value: &Value| {
        let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let label = labels[&plain].as_str().unwrap_or(&plain).to_owned();
        Choice { value: value.clone(), label }
    };
    property["enum"].as_array().into_iter().flatten().map(choice).collect()
}

fn depends_on(rule: &Map<String, Value>) -> DependsOn {
    let values = match (rule.get("values"), rule.get("value")) {
        (Some(Value::Array(values)), _) => values.clone(),
        (_, Some(value)) => vec![value.clone()],
        _ => Vec::new(),
    };
    let field = rule.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
    DependsOn { field, values }
}
