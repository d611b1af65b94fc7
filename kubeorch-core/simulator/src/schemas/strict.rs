//! Fields a kind does not have.

use serde_json::Value;

use super::{REFERENCE, get, name};

/// Findings per object; more only repeat what went wrong.
const MOST: usize = 20;
/// Objects in objects; deeper ones are not looked into.
const DEPTH: usize = 64;

/// The paths of the fields the kind of a built-in resource lacks, as `spec.replica`.
pub(crate) fn unknown_fields(id: &str, object: &Value) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(schema) = name(id).and_then(get) {
        walk(schema, object, "", DEPTH, &mut out);
    }
    out
}

fn walk(schema: &Value, value: &Value, path: &str, depth: usize, out: &mut Vec<String>) {
    if out.len() >= MOST || depth == 0 {
        return;
    }
    // A reference with a description of its own stands in `allOf`.
    let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
    let schema = match reference.and_then(Value::as_str) {
        Some(reference) => match get(reference.trim_start_matches(REFERENCE)) {
            Some(found) => found,
            None => return,
        },
        None => schema,
    };
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties");
            let others = schema.get("additionalProperties");
            for (key, inner) in fields {
                let own = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if let Some(known) = known.and_then(|known| known.get(key)) {
                    walk(known, inner, &own, depth - 1, out);
                } else if let Some(others) = others {
                    walk(others, inner, &own, depth - 1, out);
                } else if known.is_some() && out.len() < MOST {
                    out.push(own);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (at, item) in items.iter().enumerate() {
                walk(schema, item, &format!("{path}[{at}]"), depth - 1, out);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_a_kind_lacks_are_found_by_path() {
        let template =
            |container: Value| json!({ "spec": { "template": { "spec": { "containers": [container] } } } });
        for (id, object, expected) in [
            (
                "deployments.apps",
                json!({ "apiVersion": "apps/v1", "metadata": { "labels": { "any": "x" } } }),
                vec![],
            ),
            (
                "deployments.apps",
                json!({ "spec": { "replica": 1 }, "stat": 1 }),
                vec!["spec.replica", "stat"],
            ),
            (
                "deployments.apps",
                template(json!({ "name": "a", "imagee": "b" })),
                vec!["spec.template.spec.containers[0].imagee"],
            ),
            ("deployments.apps", template(json!({ "resources": { "limits": { "cpu": 1 } } })), vec![]),
            ("configmaps", json!({ "data": { "any.key": "x" } }), vec![]),
            ("services", json!({ "spec": { "ports": [{ "targetPort": 80 }] } }), vec![]),
            ("toys.example.org", json!({ "anything": 1 }), vec![]),
        ] {
            assert_eq!(unknown_fields(id, &object), expected, "{object}");
        }
    }
}
