//! A node type's parameters in the words of the catalogue (contract 3.11): fewer than JSON Schema has.

use serde_json::Value;

/// A member of a node's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The member.
    pub id: String,
    /// For people.
    pub label: String,
    /// `text`, `number`, `select` or `textarea`.
    pub kind: &'static str,
    /// Whether a node must have it.
    pub required: bool,
    /// What holds without it, as text.
    pub default: Option<String>,
    /// The choices of a `select`.
    pub options: Vec<String>,
    /// What an empty field shows.
    pub placeholder: Option<String>,
}

/// The fields of a JSON Schema, in its order.
pub(crate) fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    let make = |(id, property): (&String, &Value)| field(id, property, required.contains(&id.as_str()));
    properties.into_iter().flatten().map(make).collect()
}

fn field(id: &str, property: &Value, required: bool) -> Field {
    let (kind, options) = kind(property);
    let placeholder = property.get("x-placeholder").or_else(|| property["examples"].get(0));
    Field {
        id: id.to_owned(),
        label: property["title"].as_str().unwrap_or(id).to_owned(),
        kind,
        required,
        default: property.get("default").map(plain),
        options,
        placeholder: placeholder.map(plain).filter(|text| !text.is_empty()),
    }
}

fn kind(property: &Value) -> (&'static str, Vec<String>) {
    if let Some(choices) = property["enum"].as_array() {
        return ("select", choices.iter().map(plain).collect());
    }
    let kind = match property["type"].as_str() {
        Some("boolean") => return ("select", vec!["true".into(), "false".into()]),
        Some("integer" | "number") => "number",
        Some("object" | "array") => "textarea",
        _ if property["x-multiline"] == true => "textarea",
        _ => "text",
    };
    (kind, Vec::new())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_become_fields_in_their_order() {
        let schema = json!({
            "type": "object", "required": ["name"],
            "properties": {
                "name": { "type": "string", "title": "Name", "x-placeholder": "my-app" },
                "size": { "type": "integer", "default": 3, "examples": [5] },
                "version": { "enum": ["16", 15], "default": "16" },
                "on": { "type": "boolean", "default": true },
                "spec": { "type": "object", "default": {} },
                "query": { "type": "string", "x-multiline": true, "examples": [""] },
                "loose": { "type": ["string", "integer"] },
            },
        });
        let shown: Vec<_> = fields(&schema)
            .into_iter()
            .map(|it| {
                (it.id, it.label, it.kind, it.required, it.default, it.options.join("/"), it.placeholder)
            })
            .collect();
        let row = |id: &str, label: &str, kind, required, default: &str, options: &str, placeholder: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let (id, label) = (id.to_owned(), label.to_owned());
            (id, label, kind, required, some(default), options.to_owned(), some(placeholder))
        };
        assert_eq!(
            shown,
            [
                row("name", "Name", "text", true, "", "", "my-app"),
                row("size", "size", "number", false, "3", "", "5"),
                row("version", "version", "select", false, "16", "16/15", ""),
                row("on", "on", "select", false, "true", "true/false", ""),
                row("spec", "spec", "textarea", false, "{}", "", ""),
                row("query", "query", "textarea", false, "", "", ""),
                row("loose", "loose", "text", false, "", "", ""),
            ]
        );
        assert_eq!(fields(&json!(null)), []);
    }
}
