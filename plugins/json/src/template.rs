//! `json-template`: JSON with placeholders, filled in.
//!
//! A placeholder is a JSON Pointer between double braces: `{{/spec/replicas}}`. A text that is one placeholder becomes
//! the value with its type; within a longer text it becomes text.

use kubeorch_plugin_sdk::{
    step::{Descriptor, Error, Port, PortType, Request, Response, TypedStep},
    typed::{JsonSchema, schemars},
};
use serde::Deserialize;
use serde_json::Value;

/// See the module.
pub(crate) struct Template;

/// Bytes of all values that are filled in, written as JSON. A template that names one large value often would grow
/// beyond any memory.
const MOST_BYTES: usize = 1024 * 1024;
/// Placeholders without a value that are named in the error.
const MOST_NAMED: usize = 8;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Parameters {
    /// Any JSON; {{/path}} in a text stands for the value at that place.
    #[schemars(title = "Template")]
    template: Value,
}

impl TypedStep for Template {
    type Parameters = Parameters;

    fn name(&self) -> &'static str {
        "json-template"
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor::new("json-template", "Template")
            .description("Makes JSON from a template and values.")
            .palette("data", "Braces")
            .input(Port::new("values", PortType::Any).required().about("What placeholders point into."))
            .output(Port::new("value", PortType::Any).about("The template, filled in."))
    }

    fn run(&self, parameters: Parameters, request: &Request) -> Response {
        let values = request.inputs.get("values").unwrap_or(&Value::Null);
        let mut filling = Filling { values, left: MOST_BYTES, missing: Vec::new() };
        match filling.fill(parameters.template) {
            Ok(value) => match filling.missing() {
                None => Response::done().output("value", value),
                Some(error) => error.into(),
            },
            Err(error) => error.into(),
        }
    }
}

struct Filling<'a> {
    values: &'a Value,
    left: usize,
    missing: Vec<String>,
}

impl<'a> Filling<'a> {
    /// Members and items keep their order; names of members are not filled in.
    fn fill(&mut self, template: Value) -> Result<Value, Error> {
        match template {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.into_iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(key, value)| Ok((key, self.fill(value)?))).collect()
            }
            other => Ok(other),
        }
    }

    fn text(&mut self, template: String) -> Result<Value, Error> {
        if let Some((before, pointer, after)) = placeholder(&template)
            && before.is_empty()
            && after.is_empty()
        {
            return Ok(self.value(pointer)?.cloned().unwrap_or_default());
        }
        let (mut text, mut rest) = (String::new(), template.as_str());
        while let Some((before, pointer, after)) = placeholder(rest) {
            text += before;
            match self.value(pointer)? {
                Some(Value::String(value)) => text += value,
                Some(value) => text += &value.to_string(),
                None => {}
            }
            rest = after;
        }
        Ok(Value::String(text + rest))
    }

    fn value(&mut self, pointer: &str) -> Result<Option<&'a Value>, Error> {
        let Some(value) = self.values.pointer(pointer) else {
            if !self.missing.iter().any(|known| known == pointer) {
                self.missing.push(pointer.to_owned());
            }
            return Ok(None);
        };
        let size = value.to_string().len();
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            let message =
                format!("the values that are filled in are larger than {MOST_BYTES} bytes together");
            Error::new("template.too_large", message).at("parameters.template")
        })?;
        Ok(Some(value))
    }

    fn missing(&self) -> Option<Error> {
        if self.missing.is_empty() {
            return None;
        }
        let named: Vec<_> = self.missing.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = match self.missing.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("there is no value at {}{more}", named.join(", "));
        Some(Error::new("template.value_missing", message).at("inputs.values"))
    }
}

/// The text before the first placeholder, its pointer, and the text after it. Braces round anything but a pointer are
/// text like any other.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find("{{").map(|at| from + at) {
        let inner = text.get(start + 2..)?;
        let end = inner.find("}}")?;
        let pointer = inner.get(..end)?.trim();
        if pointer.is_empty() || pointer.starts_with('/') {
            return Some((text.get(..start)?, pointer, inner.get(end + 2..)?));
        }
        from = start + 2;
    }
    None
}
