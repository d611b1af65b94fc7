//! Reading live objects, which may lack anything.

use serde_json::Value;

/// The value at a path of members: `["status", "replicas"]`.
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// The text at a path; absent when empty.
pub fn text_at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(object, path)?.as_str().filter(|text| !text.is_empty())
}

/// The number at a path.
pub fn integer_at(object: &Value, path: &[&str]) -> Option<i64> {
    at(object, path)?.as_i64()
}

/// The entry of `status.conditions` with that type.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = at(object, &["status", "conditions"])?.as_array()?;
    conditions.iter().find(|condition| text_at(condition, &["type"]) == Some(kind))
}

/// Whether the object is on its way out.
pub fn is_deleting(object: &Value) -> bool {
    at(object, &["metadata", "deletionTimestamp"]).is_some()
}

/// `Pod/web-abc`.
pub fn qualified_name(kind: &str, object: &Value) -> String {
    format!("{kind}/{}", text_at(object, &["metadata", "name"]).unwrap_or_default())
}
