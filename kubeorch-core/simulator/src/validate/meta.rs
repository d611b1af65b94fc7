//! Names, labels, annotations.

use serde_json::Value;

use crate::api::status::Cause;
use crate::resources::Resource;
use crate::value::{map, name};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Total size of annotation keys and values, `apimachinery` `TotalAnnotationSizeLimitB`.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// An RFC 1123 label: up to 63 characters.
pub(super) fn is_label(raw: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    raw.len() <= 63
        && edge(raw.chars().next())
        && edge(raw.chars().last())
        && raw.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// An RFC 1123 subdomain: up to 253 characters.
pub(super) fn is_subdomain(raw: &str) -> bool {
    raw.len() <= 253 && raw.split('.').all(is_label_part)
}

fn is_label_part(part: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(part.chars().next())
        && edge(part.chars().last())
        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_label_value(raw: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    raw.len() <= 63
        && edge(raw.chars().next())
        && edge(raw.chars().last())
        && raw.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

pub(super) fn metadata(resource: &Resource, new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let own = name(new);
    if own.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if let Some(note) = bad_name(&resource.id(), own) {
        causes.push(Cause::invalid("metadata.name", &Value::from(own), note));
    }
    labels(new, "/metadata/labels", "metadata.labels", &mut causes);
    let annotations = map(new, "/metadata/annotations");
    let size: usize = annotations
        .map_or(0, |all| all.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum());
    if size > ANNOTATIONS_LIMIT {
        let mut cause = Cause::invalid("metadata.annotations", &Value::Null, "");
        cause.reason = "FieldValueTooLong";
        cause.message = format!("Too long: may not be more than {ANNOTATIONS_LIMIT} bytes");
        causes.push(cause);
    }
    causes
}

fn bad_name(id: &str, own: &str) -> Option<&'static str> {
    match id {
        "services" => {
            let fine = is_label(own) && own.starts_with(|c: char| c.is_ascii_lowercase());
            (!fine).then_some(SERVICE)
        }
        "namespaces" => (!is_label(own)).then_some(LABEL),
        _ if id.ends_with("rbac.authorization.k8s.io") => {
            (own.contains(['/', '%']) || own == "." || own == "..").then_some("may not contain '/' or '%'")
        }
        _ => (!is_subdomain(own)).then_some(SUBDOMAIN),
    }
}

/// Label values, wherever labels stand.
pub(super) fn labels(new: &Value, pointer: &str, field: &str, causes: &mut Vec<Cause>) {
    for (key, value) in map(new, pointer).into_iter().flatten() {
        let local = key.rsplit('/').next().unwrap_or_default();
        if local.is_empty() || !is_label_value(local) {
            causes.push(Cause::invalid(field, &Value::from(key.clone()), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
        }
        match value.as_str() {
            Some(raw) if is_label_value(raw) => {}
            _ => causes.push(Cause::invalid(field, value, LABEL_VALUE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (id, own, fine) in [
            ("pods", "a.b-c", true),
            ("pods", "A", false),
            ("pods", "a_b", false),
            ("pods", "-a", false),
            ("pods", "a..b", false),
            ("services", "1a", false),
            ("services", "a1", true),
            ("services", "a.b", false),
            ("namespaces", "a.b", false),
            ("roles.rbac.authorization.k8s.io", "system:node", true),
        ] {
            assert_eq!(bad_name(id, own).is_none(), fine, "{id} {own}");
        }
        assert!(!is_label(&"a".repeat(64)));
        assert!(is_subdomain(&"a".repeat(64)));
    }
}
