//! Templates (contract 2.10).

use kubeorch_core::templates as core;
use serde::Serialize;
use serde_json::{Map, Value};

use super::graph::all;

/// The palette.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TemplateList)]
pub(crate) struct List {
    templates: Vec<Template>,
}

impl From<Vec<core::Template>> for List {
    fn from(templates: Vec<core::Template>) -> Self {
        Self { templates: all(templates) }
    }
}

/// A node type in the palette.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    /// `data.templateId` of its nodes.
    id: String,
    /// The node type.
    name: String,
    display_name: String,
    category: String,
    description: String,
    icon: String,
    version: String,
    tags: Vec<String>,
    usage_frequency: String,
    difficulty: String,
    /// Always empty.
    #[schema(value_type = Vec<String>)]
    dependencies: [(); 0],
    parameters: Vec<Parameter>,
    /// Data of a freshly dropped node.
    #[schema(value_type = Object)]
    start: Map<String, Value>,
    /// Absent for core templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_plugin: Option<bool>,
    /// Absent for core templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_id: Option<String>,
}

impl From<core::Template> for Template {
    fn from(template: core::Template) -> Self {
        let plugin_id = template.entry;
        Self {
            id: template.id,
            name: template.name,
            display_name: template.display_name,
            category: template.category,
            description: template.description,
            icon: template.icon,
            version: template.version,
            tags: template.tags,
            usage_frequency: template.usage_frequency,
            difficulty: template.difficulty,
            dependencies: [],
            parameters: all(template.parameters),
            start: template.start,
            is_plugin: plugin_id.as_ref().map(|_| true),
            plugin_id,
        }
    }
}

/// A member of a node's data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TemplateParameter)]
pub(crate) struct Parameter {
    name: String,
    label: String,
    description: String,
    /// `string`, `number`, `boolean`, `select`, `object` or `array`.
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    /// The choices of a `select`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    /// Only meaningful when another member has one of these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    depends_on: Option<DependsOn>,
}

impl From<core::Parameter> for Parameter {
    fn from(parameter: core::Parameter) -> Self {
        Self {
            name: parameter.name,
            label: parameter.label,
            description: parameter.description,
            kind: parameter.kind,
            required: parameter.required,
            default: parameter.default,
            options: all(parameter.options),
            min: parameter.min,
            max: parameter.max,
            depends_on: parameter.depends_on.map(|rule| DependsOn { field: rule.field, values: rule.values }),
        }
    }
}

/// A choice of a `select`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TemplateChoice)]
pub(crate) struct Choice {
    value: Value,
    label: String,
}

impl From<core::Choice> for Choice {
    fn from(choice: core::Choice) -> Self {
        Self { value: choice.value, label: choice.label }
    }
}

/// When a parameter is meaningful.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TemplateDependsOn)]
pub(crate) struct DependsOn {
    field: String,
    values: Vec<Value>,
}
