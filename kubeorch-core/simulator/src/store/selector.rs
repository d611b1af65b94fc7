//! Label and field selectors, as query strings and as objects.

use serde_json::Value;

use crate::api::status::Status;
use crate::value::{list, map, text};

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(String),
    IsNot(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

/// `a=b,c!=d,e in (f,g),h,!i`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelSelector {
    tests: Vec<(String, Test)>,
}

impl LabelSelector {
    pub(crate) fn parse(raw: &str) -> Result<Self, Status> {
        let mut tests = Vec::new();
        for part in split(raw) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            tests.push(
                requirement(part)
                    .ok_or_else(|| Status::bad_request(format!("unable to parse requirement: {part}")))?,
            );
        }
        Ok(Self { tests })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.tests.iter().all(|(key, test)| {
            let label =
                map(object, "/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
            holds(label, test)
        })
    }
}

fn holds(label: Option<&str>, test: &Test) -> bool {
    match test {
        Test::Is(value) => label == Some(value),
        Test::IsNot(value) => label != Some(value),
        Test::In(values) => label.is_some_and(|label| values.iter().any(|value| value == label)),
        Test::NotIn(values) => label.is_none_or(|label| values.iter().all(|value| value != label)),
        Test::Exists => label.is_some(),
        Test::Missing => label.is_none(),
    }
}

/// Splits at commas outside parentheses.
fn split(raw: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, letter) in raw.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&raw[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&raw[start..]);
    parts
}

fn requirement(part: &str) -> Option<(String, Test)> {
    let key = |raw: &str| {
        let raw = raw.trim();
        let fine = !raw.is_empty() && raw.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        fine.then(|| raw.to_owned())
    };
    if let Some(raw) = part.strip_prefix('!') {
        return Some((key(raw)?, Test::Missing));
    }
    if let Some(open) = part.find('(') {
        let values = part[open + 1..].strip_suffix(')')?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = part[..open].split_whitespace();
        let name = key(words.next()?)?;
        return match (words.next()?, words.next()) {
            ("in", None) => Some((name, Test::In(values))),
            ("notin", None) => Some((name, Test::NotIn(values))),
            _ => None,
        };
    }
    for (sign, negative) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((name, value)) = part.split_once(sign) {
            let value = value.trim().to_owned();
            return Some((key(name)?, if negative { Test::IsNot(value) } else { Test::Is(value) }));
        }
    }
    Some((key(part)?, Test::Exists))
}

/// Whether a `metav1.LabelSelector` selects an object. An empty selector selects everything, a
/// missing one nothing.
pub(crate) fn selects(selector: Option<&Value>, object: &Value) -> bool {
    let Some(selector) = selector.filter(|selector| selector.is_object()) else { return false };
    let label = |key: &str| map(object, "/metadata/labels")?.get(key)?.as_str();
    let equal = map(selector, "/matchLabels")
        .is_none_or(|labels| labels.iter().all(|(key, value)| label(key) == value.as_str()));
    equal
        && list(selector, "/matchExpressions").iter().all(|expression| {
            let values =
                || list(expression, "/values").iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let test = match text(expression, "/operator") {
                "In" => Test::In(values()),
                "NotIn" => Test::NotIn(values()),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::Missing,
                _ => return false,
            };
            holds(label(text(expression, "/key")), &test)
        })
}

/// `metadata.name=x,status.phase!=Running`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldSelector {
    tests: Vec<(String, bool, String)>,
}

impl FieldSelector {
    /// Refuses fields the resource doesn't index, as the server does.
    pub(crate) fn parse(raw: &str, id: &str) -> Result<Self, Status> {
        let mut tests = Vec::new();
        for part in raw.split(',').filter(|part| !part.is_empty()) {
            let (field, equal, value) = [("!=", false), ("==", true), ("=", true)]
                .iter()
                .find_map(|(sign, equal)| part.split_once(sign).map(|(field, value)| (field, *equal, value)))
                .ok_or_else(|| Status::bad_request(format!("invalid field selector: {part}")))?;
            if !indexed(id, field) {
                return Err(Status::bad_request(format!("field label not supported: {field}")));
            }
            tests.push((format!("/{}", field.replace('.', "/")), equal, value.to_owned()));
        }
        Ok(Self { tests })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.tests.iter().all(|(pointer, equal, wanted)| {
            let found = match object.pointer(pointer) {
                Some(Value::String(found)) => found.clone(),
                Some(Value::Bool(found)) => found.to_string(),
                Some(Value::Number(found)) => found.to_string(),
                _ if pointer == "/spec/unschedulable" || pointer == "/spec/hostNetwork" => "false".to_owned(),
                _ => String::new(),
            };
            (found == *wanted) == *equal
        })
    }
}

/// The fields each resource can be selected by.
fn indexed(id: &str, field: &str) -> bool {
    let own: &[&str] = match id {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "secrets" => &["type"],
        "namespaces" => &["status.phase"],
        "nodes" => &["spec.unschedulable"],
        "services" => &["spec.clusterIP", "spec.type"],
        "replicasets.apps" => &["status.replicas"],
        "jobs.batch" => &["status.successful"],
        _ => &[],
    };
    field == "metadata.name" || field == "metadata.namespace" || own.contains(&field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn label_selectors() {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "front" } } });
        let check = |raw: &str, expected: Option<bool>| {
            let found = LabelSelector::parse(raw).ok().map(|selector| selector.matches(&object));
            assert_eq!(found, expected, "{raw}");
        };
        for (raw, expected) in [
            ("", Some(true)),
            ("app=web", Some(true)),
            ("app==web,tier!=back", Some(true)),
            ("app=api", Some(false)),
            ("app in (web, api),!old", Some(true)),
            ("app notin (web)", Some(false)),
            ("gone notin (web)", Some(true)),
            ("app", Some(true)),
            ("!app", Some(false)),
            ("app in web", None),
            ("a b", None),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn field_selectors_know_their_fields() {
        let pod = json!({ "metadata": { "name": "a" }, "status": { "phase": "Running" } });
        let check = |raw: &str, expected: Option<bool>| {
            let found = FieldSelector::parse(raw, "pods").ok().map(|selector| selector.matches(&pod));
            assert_eq!(found, expected, "{raw}");
        };
        for (raw, expected) in [
            ("metadata.name=a", Some(true)),
            ("status.phase!=Running", Some(false)),
            ("spec.nodeName=", Some(true)),
            ("spec.hostNetwork=false", Some(true)),
            ("spec.containers=a", None),
        ] {
            check(raw, expected);
        }
    }
}
