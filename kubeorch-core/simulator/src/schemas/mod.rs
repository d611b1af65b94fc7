//! The schemas of the built-in kinds: what `kubectl explain` prints and strict decoding checks against.
//!
//! They are those of the Kubernetes API as `k8s-openapi` carries them, made once when first needed.

mod kinds;
mod strict;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

pub(crate) use strict::unknown_fields;

/// Where references lead.
const REFERENCE: &str = "#/components/schemas/";

/// All schemas by name, and the name of each kind's own.
struct Schemas {
    definitions: Map<String, Value>,
    kinds: Vec<(&'static str, String)>,
}

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let mut kinds = Vec::new();
    for (id, make) in kinds::KINDS {
        let reference = make(&mut generator);
        let name = reference.get("$ref").and_then(Value::as_str).unwrap_or_default();
        kinds.push((*id, name.trim_start_matches(REFERENCE).to_owned()));
    }
    Schemas { definitions: generator.take_definitions(true), kinds }
});

/// The name of the schema of a built-in resource.
pub(crate) fn name(id: &str) -> Option<&'static str> {
    SCHEMAS.kinds.iter().find(|(known, _)| *known == id).map(|(_, name)| name.as_str())
}

fn get(name: &str) -> Option<&'static Value> {
    SCHEMAS.definitions.get(name)
}

/// The schema with this name and all it refers to.
pub(crate) fn with_parts(name: &str, out: &mut Map<String, Value>) {
    let (mut open, mut seen) = (vec![name.to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        let Some(schema) = get(&name).filter(|_| seen.insert(name.clone())) else { continue };
        references(schema, &mut open);
        out.insert(name, schema.clone());
    }
}

fn references(schema: &Value, out: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                out.push(name.trim_start_matches(REFERENCE).to_owned());
            }
            map.values().for_each(|value| references(value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Registry;

    #[test]
    fn every_stored_kind_has_a_schema_whose_references_lead_somewhere() {
        for resource in Registry::builtin().iter().filter(|resource| !resource.computed) {
            let id = resource.id();
            let name = name(&id).unwrap_or_else(|| panic!("{id} has no schema"));
            let mut parts = Map::new();
            with_parts(name, &mut parts);
            assert!(parts.contains_key(name), "{id}: {name}");
            let mut targets = Vec::new();
            parts.values().for_each(|part| references(part, &mut targets));
            for target in targets {
                assert!(parts.contains_key(&target), "{id}: {target} is not there");
            }
        }
    }
}
