//! The JSON Schema of a type, in the form that a descriptor has it.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The JSON Schema of a type: properties in the order of the fields, without references. `null` is not told from
/// absent, so an `Option` is what is in it.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    if let Value::Object(root) = &mut schema {
        // The name of the Rust type, which nobody should see.
        root.remove("title");
    }
    simplify(&mut schema);
    schema
}

fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            without_null(map);
            map.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// `["integer", "null"]` is `"integer"`, and `anyOf` something or null is that something.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [one] = kinds.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let is_null = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "null");
    let Some(Value::Array(either)) = schema.get_mut("anyOf") else { return };
    either.retain(|schema| !is_null(schema));
    if let [Value::Object(one)] = either.as_slice() {
        let one = one.clone();
        schema.remove("anyOf");
        for (key, value) in one {
            // The field's own title and description win over those of its type.
            schema.entry(key).or_insert(value);
        }
    }
}
