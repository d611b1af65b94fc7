//! What a user may fill in, as JSON Schema with properties in display order.
//!
//! Two extensions: `x-dependsOn` (`{"field","value"}` or `{"field","values"}`: shown only then) and `x-optionLabels`
//! (a label per `enum` value).

use serde_json::{Map, Value, json};

/// The parameters of a node type.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Parameters {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, shown after those before.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        if parameter.required {
            self.required.push(Value::from(parameter.name));
        }
        self.properties.insert(parameter.name.to_owned(), Value::Object(parameter.schema));
        self
    }

    /// The JSON Schema. Unknown members of `data` stay allowed: they round-trip untouched.
    pub fn into_schema(self) -> Value {
        json!({ "type": "object", "required": self.required, "properties": self.properties })
    }
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    name: &'static str,
    required: bool,
    schema: Map<String, Value>,
}

impl Parameter {
    fn new(kind: &str, name: &'static str, title: &str) -> Self {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), kind.into());
        schema.insert("title".to_owned(), title.into());
        Self { name, required: false, schema }
    }

    /// A text.
    pub fn text(name: &'static str, title: &str) -> Self {
        Self::new("string", name, title)
    }

    /// A whole number.
    pub fn integer(name: &'static str, title: &str) -> Self {
        Self::new("integer", name, title)
    }

    /// Yes or no.
    pub fn flag(name: &'static str, title: &str) -> Self {
        Self::new("boolean", name, title)
    }

    /// One of some texts.
    pub fn choice(name: &'static str, title: &str, values: &[&str]) -> Self {
        Self::text(name, title).set("enum", values.into())
    }

    /// An object from text to text.
    pub fn map(name: &'static str, title: &str) -> Self {
        Self::new("object", name, title).set("additionalProperties", json!({ "type": "string" }))
    }

    /// An object whose members have these schemas.
    pub fn object(name: &'static str, title: &str, properties: Value) -> Self {
        Self::new("object", name, title).set("properties", properties)
    }

    /// A list whose items have that schema.
    pub fn list(name: &'static str, title: &str, items: Value) -> Self {
        Self::new("array", name, title).set("items", items)
    }

    /// A list of texts.
    pub fn texts(name: &'static str, title: &str) -> Self {
        Self::list(name, title, json!({ "type": "string" }))
    }

    /// Must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The sentence under the field.
    #[must_use]
    pub fn about(self, text: &str) -> Self {
        self.set("description", text.into())
    }

    /// What holds when it is absent.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        self.set("default", value.into())
    }

    /// The smallest and the largest number allowed.
    #[must_use]
    pub fn range(self, minimum: i64, maximum: i64) -> Self {
        self.set("minimum", minimum.into()).set("maximum", maximum.into())
    }

    /// Shown only when another field has one of these values.
    #[must_use]
    pub fn depends_on(self, field: &str, values: &[Value]) -> Self {
        let depends = match values {
            [value] => json!({ "field": field, "value": value }),
            values => json!({ "field": field, "values": values }),
        };
        self.set("x-dependsOn", depends)
    }

    /// What people read instead of the values of a choice.
    #[must_use]
    pub fn labels(self, labels: Value) -> Self {
        self.set("x-optionLabels", labels)
    }

    /// Any other member of the schema.
    #[must_use]
    pub fn set(mut self, key: &str, value: Value) -> Self {
        self.schema.insert(key.to_owned(), value);
        self
    }
}
