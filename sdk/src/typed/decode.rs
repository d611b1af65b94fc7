//! Data into a type, with every mistake and its path.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::schema;

/// Mistakes that are told at once; nobody mends more before looking again.
const MOST: usize = 32;

/// Something that does not fit the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Dotted path in the data, lists by index: `ports.0.number`.
    pub field: String,
    /// Whether the member is not there at all.
    pub missing: bool,
    /// What is wrong, one lower-case sentence fragment.
    pub message: String,
}

/// Reads data as a type; unknown members are ignored. Answers every mistake, of a list the first one in it.
pub fn decode<T: DeserializeOwned + JsonSchema>(data: &Map<String, Value>) -> Result<T, Vec<Mistake>> {
    let mut data = Value::Object(data.clone());
    remove_nulls(&mut data);
    match serde_path_to_error::deserialize(&data) {
        Ok(typed) => Ok(typed),
        Err(error) => {
            let mut mistakes = Vec::new();
            missing(&schema::<T>(), &data, "", &mut mistakes);
            wrong::<T>(data, error, &mut mistakes);
            mistakes.truncate(MOST);
            Err(mistakes)
        }
    }
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// What the schema requires and the data lacks. Serde names the first of these alone, and by the object around it.
fn missing(schema: &Value, data: &Value, path: &str, mistakes: &mut Vec<Mistake>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match data {
        Value::Object(members) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            for name in required.filter_map(Value::as_str).filter(|name| !members.contains_key(*name)) {
                let message = format!("{name} is missing");
                mistakes.push(Mistake { field: below(name), missing: true, message });
            }
            for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if let Some(value) = members.get(name) {
                    missing(inner, value, &below(name), mistakes);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    missing(inner, item, &below(&index.to_string()), mistakes);
                }
            }
        }
        _ => {}
    }
}

/// What serde refuses. It stops at the first, so what it refused is taken out and the rest is read again.
fn wrong<T: DeserializeOwned>(
    mut data: Value,
    mut error: serde_path_to_error::Error<serde_json::Error>,
    mistakes: &mut Vec<Mistake>,
) {
    for _ in 0..MOST {
        let field = dotted(error.path());
        // An object is refused for what it lacks, and that is told already: it was never there or is taken out.
        let lacks = mistakes.iter().any(|it| is_below(&it.field, &field));
        if !lacks {
            mistakes.push(Mistake { field, missing: false, message: error.inner().to_string() });
        }
        if !remove(&mut data, error.path()) {
            return;
        }
        match serde_path_to_error::deserialize::<_, T>(&data) {
            // Without its mistakes it fits.
            Ok(_) => return,
            Err(next) => error = next,
        }
    }
}

fn is_below(field: &str, parent: &str) -> bool {
    parent.is_empty() || field.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
}

/// `a.0.b`; serde's own form is `a[0].b`.
fn dotted(path: &Path) -> String {
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
        Segment::Seq { index } => Some(index.to_string()),
    });
    parts.collect::<Vec<_>>().join(".")
}

/// Takes out the member at a path, or the whole list that the path leads into: an item less would number the others
/// anew. False when there is nothing to take out.
fn remove(data: &mut Value, path: &Path) -> bool {
    let keys: Vec<_> = path
        .iter()
        .map_while(|segment| match segment {
            Segment::Map { key } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    let Some((last, before)) = keys.split_last() else { return false };
    let parent = before.iter().try_fold(data, |value, key| value.get_mut(key));
    parent.and_then(Value::as_object_mut).is_some_and(|parent| parent.remove(*last).is_some())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Web {
        image: String,
        #[serde(default)]
        replicas: u8,
        #[schemars(title = "Size")]
        size: Option<Size>,
        #[serde(default)]
        ports: Vec<Port>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Size {
        cpu: String,
        memory: Option<u32>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Port {
        number: u16,
    }

    fn read(data: Value) -> Result<Web, Vec<(String, bool)>> {
        let Value::Object(data) = data else { panic!("not an object") };
        decode(&data).map_err(|mistakes| mistakes.into_iter().map(|it| (it.field, it.missing)).collect())
    }

    #[track_caller]
    fn check(data: Value, mistakes: &[(&str, bool)]) {
        let expected: Vec<_> =
            mistakes.iter().map(|(field, missing)| ((*field).to_owned(), *missing)).collect();
        assert_eq!(read(data), Err(expected));
    }

    #[test]
    fn null_is_absent_and_unknown_members_are_ignored() {
        let web = read(
            json!({ "image": "a", "replicas": null, "size": null, "_later": {}, "ports": [{ "number": 1 }] }),
        );
        let ports = vec![Port { number: 1 }];
        assert_eq!(web, Ok(Web { image: "a".to_owned(), replicas: 0, size: None, ports }));
    }

    #[test]
    fn every_mistake_is_told_with_its_path() {
        check(json!({}), &[("image", true)]);
        check(json!({ "image": 1, "replicas": 300 }), &[("image", false), ("replicas", false)]);
        check(json!({ "replicas": "x" }), &[("image", true), ("replicas", false)]);
        check(json!({ "image": "a", "size": {} }), &[("size.cpu", true)]);
        check(
            json!({ "image": "a", "size": { "memory": -1 } }),
            &[("size.cpu", true), ("size.memory", false)],
        );
        check(
            json!({ "image": "a", "ports": [{ "number": 1 }, { "number": 70_000 }, {}] }),
            &[("ports.2.number", true), ("ports.1.number", false)],
        );
        check(json!({ "image": "a", "ports": {} }), &[("ports", false)]);
    }

    #[test]
    fn schemas_have_no_null_no_reference_and_no_type_names() {
        let schema = schema::<Web>();
        let names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["image", "replicas", "size", "ports"]);
        assert_eq!(schema["required"], json!(["image"]));
        assert_eq!(schema["properties"]["size"]["type"], "object");
        assert_eq!(schema["properties"]["size"]["title"], "Size");
        assert_eq!(schema["properties"]["size"]["properties"]["memory"]["type"], "integer");
        let text = schema.to_string();
        assert!(!text.contains("null\"") && !text.contains("$ref") && !text.contains("Web"), "{text}");
    }
}
