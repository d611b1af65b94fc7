//! Reads the free-form data of a node and reports what is wrong with it, all at once.
//!
//! One pass gives both the value and the finding, so what is validated is what is rendered. `null` is absent
//! everywhere, and so is a text of blanks: an editor leaves both behind when a field is cleared.

use std::{fmt, ops::RangeInclusive};

use serde_json::{Map, Value};

use crate::{Findings, Node, check};

/// A text member without blanks around it; absent when empty, `null` or no text.
pub fn read_text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A whole number in a range; absent when it is none or outside.
pub fn read_integer(map: &Map<String, Value>, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
    map.get(key).and_then(whole).filter(|number| range.contains(number))
}

/// A cursor on one object inside the data of a node.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    node: &'a Node,
    map: &'a Map<String, Value>,
    path: String,
    findings: &'a Findings,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(node: &'a Node, findings: &'a Findings) -> Self {
        Self { node, map: &node.data, path: String::new(), findings }
    }

    /// Where findings go.
    pub fn findings(&self) -> &'a Findings {
        self.findings
    }

    /// The dotted path of a member.
    pub fn field(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }

    /// A member; `null` is absent.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// All members.
    pub fn members(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// An error on a member. `what` follows the member's name in the code: `port_` + `range`.
    pub fn error(&self, key: &str, what: &str, message: impl fmt::Display, hint: impl Into<String>) {
        self.findings.error(&code(key, what), self.field(key), message.to_string(), hint);
    }

    /// A warning on a member.
    pub fn warning(&self, key: &str, what: &str, message: impl fmt::Display, hint: impl Into<String>) {
        self.findings.warning(&code(key, what), self.field(key), message.to_string(), hint);
    }

    /// A text without blanks around it; absent when empty.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => self.wrong_type(key, "a text"),
        }
    }

    /// A text that must be there.
    pub fn required_text(&self, key: &str, hint: &str) -> Option<&'a str> {
        let present = self.get(key).is_some_and(|value| !value.is_string());
        let text = self.text(key);
        if text.is_none() && !present {
            self.error(key, "missing", format_args!("{key} is missing"), hint);
        }
        text
    }

    /// A text that passes a check; left out when it does not.
    pub fn checked(&self, key: &str, check: check::Check) -> Option<&'a str> {
        let text = self.text(key)?;
        match check(text) {
            Ok(()) => Some(text),
            Err(why) => {
                self.error(key, "invalid", format_args!("{key} {text:?} {}", why.problem), why.hint);
                None
            }
        }
    }

    /// One of some texts.
    pub fn choice(&self, key: &str, values: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = values.iter().find(|value| **value == text).copied();
        if found.is_none() {
            let hint = format!("use one of {}", values.join(", "));
            self.error(key, "invalid", format_args!("{key} {text:?} is not known"), hint);
        }
        found
    }

    /// A whole number in a range; left out when outside. `0` is a number like any other.
    pub fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.get(key)?;
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return None;
        }
        let Some(number) = whole(value) else {
            self.wrong_type::<()>(key, "a whole number");
            return None;
        };
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = (range.start(), range.end());
        let hint =
            if *high == i64::MAX { format!("use {low} or more") } else { format!("use {low} to {high}") };
        self.error(key, "range", format_args!("{key} {number} is out of range"), hint);
        None
    }

    /// Yes or no.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong_type(key, "true or false"),
        }
    }

    /// An object; absent when empty, which is what a form leaves behind.
    pub fn object(&self, key: &str) -> Option<Reader<'a>> {
        match self.get(key)? {
            Value::Object(map) if map.is_empty() => None,
            Value::Object(map) => Some(Reader { map, path: self.field(key), ..self.clone() }),
            _ => self.wrong_type(key, "an object"),
        }
    }

    /// A list of objects, one reader each; what is no object is reported and left out.
    pub fn items(&self, key: &str) -> Vec<Reader<'a>> {
        let mut items = Vec::new();
        for (index, value) in self.array(key).iter().enumerate() {
            let path = self.field(&format!("{key}.{index}"));
            match value {
                Value::Object(map) => items.push(Reader { map, path, ..self.clone() }),
                Value::Null => {}
                _ => self.findings.error(
                    &code(key, "type"),
                    path,
                    format!("{key} {index} is not an object"),
                    "",
                ),
            }
        }
        items
    }

    /// A list of texts as they are.
    pub fn texts(&self, key: &str) -> Vec<&'a str> {
        let mut texts = Vec::new();
        for (index, value) in self.array(key).iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text.as_str()),
                Value::Null => {}
                _ => {
                    let path = self.field(&format!("{key}.{index}"));
                    self.findings.error(
                        &code(key, "type"),
                        path,
                        format!("{key} {index} is not a text"),
                        TEXT_HINT,
                    );
                }
            }
        }
        texts
    }

    /// A list of texts without blanks around them, each passing a check; empty ones are left out.
    pub fn checked_texts(&self, key: &str, check: check::Check) -> Vec<&'a str> {
        let mut good = Vec::new();
        for (index, text) in
            self.texts(key).into_iter().map(str::trim).enumerate().filter(|(_, text)| !text.is_empty())
        {
            match check(text) {
                Ok(()) => good.push(text),
                Err(why) => {
                    let path = self.field(&format!("{key}.{index}"));
                    self.findings.error(
                        &code(key, "invalid"),
                        path,
                        format!("{text:?} {}", why.problem),
                        why.hint,
                    );
                }
            }
        }
        good
    }

    /// An object from text to text. Numbers and booleans become the text they are written as; `null` is left out.
    pub fn map(&self, key: &str) -> Vec<(&'a str, String)> {
        let Some(inner) = self.object(key) else { return Vec::new() };
        let mut entries = Vec::new();
        for (name, value) in inner.map {
            match value {
                Value::String(text) => entries.push((name.as_str(), text.clone())),
                Value::Number(_) | Value::Bool(_) => entries.push((name.as_str(), value.to_string())),
                Value::Null => {}
                _ => {
                    let message = format!("the value of {name:?} is not a text");
                    self.findings.error(
                        &code(key, "type"),
                        inner.field(name),
                        message,
                        "write it as one text",
                    );
                }
            }
        }
        entries
    }

    /// `data.name`, else the node's id; reported when it does not pass the check.
    pub fn name(&self, check: check::Check) -> String {
        let name = self.text("name").unwrap_or(&self.node.id);
        if let Err(why) = check(name) {
            self.error("name", "invalid", format_args!("name {name:?} {}", why.problem), why.hint);
        }
        name.to_owned()
    }

    /// `data.namespace`, else `default`; reported when it is no DNS label.
    pub fn namespace(&self) -> String {
        self.checked("namespace", check::dns_label).unwrap_or("default").to_owned()
    }

    fn array(&self, key: &str) -> &'a [Value] {
        match self.get(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(_) => self.wrong_type(key, "a list").unwrap_or_default(),
        }
    }

    fn wrong_type<T>(&self, key: &str, wanted: &str) -> Option<T> {
        self.error(key, "type", format_args!("{key} must be {wanted}"), hint_for(wanted));
        None
    }
}

/// A whole number; a fraction of zero (`8080.0`) still is one.
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    #[allow(clippy::cast_possible_truncation, reason = "guarded: no fraction, and far below 2^53")]
    number
        .as_i64()
        .or_else(|| number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 1e15).map(|it| it as i64))
}

const TEXT_HINT: &str = "write it in quotes";
const OBJECT_HINT: &str = "write it as {\"name\": value}";

fn hint_for(wanted: &str) -> &'static str {
    match wanted {
        "a text" => TEXT_HINT,
        "an object" => OBJECT_HINT,
        "a list" => "write it as [value, value]",
        "true or false" => "write true or false, without quotes",
        _ => "write the digits without quotes or a fraction",
    }
}

/// `mountPath` + `relative` = `mount_path_relative`; without a key the second half alone.
pub(crate) fn code(key: &str, what: &str) -> String {
    let mut code = String::with_capacity(key.len() + what.len() + 4);
    let mut before = '_';
    for letter in key.chars() {
        // A run of capitals is one word: `loadBalancerIP` is `load_balancer_ip`.
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() && before != '_' {
            code.push('_');
        }
        code.push(if letter == '.' || letter == '-' { '_' } else { letter.to_ascii_lowercase() });
        before = letter;
    }
    if !code.is_empty() {
        code.push('_');
    }
    code + what
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(data: Value) -> Node {
        let Value::Object(data) = data else { panic!("not an object") };
        Node { id: "n1".to_owned(), kind: "thing".to_owned(), data }
    }

    #[track_caller]
    fn check_codes(data: Value, read: impl Fn(&Reader<'_>), codes: &[&str]) {
        let node = node(data);
        let findings = Findings::new("thing");
        read(&node.read(&findings));
        let found: Vec<_> = findings.into_vec().into_iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes);
    }

    #[test]
    fn wrong_values_are_findings_and_null_is_absent() {
        let integer = |reader: &Reader<'_>| assert_eq!(reader.integer("port", 1..=9), None);
        check_codes(json!({}), integer, &[]);
        check_codes(json!({ "port": null }), integer, &[]);
        check_codes(json!({ "port": "" }), integer, &[]);
        check_codes(json!({ "port": "8" }), integer, &["thing.port_type"]);
        check_codes(json!({ "port": 10 }), integer, &["thing.port_range"]);
        check_codes(json!({ "port": 1.5 }), integer, &["thing.port_type"]);
        let text = |reader: &Reader<'_>| assert_eq!(reader.required_text("image", "h"), None);
        check_codes(json!({ "image": " " }), text, &["thing.image_missing"]);
        check_codes(json!({ "image": 1 }), text, &["thing.image_type"]);
        let list = |reader: &Reader<'_>| assert!(reader.texts("args").is_empty());
        check_codes(json!({ "args": "x" }), list, &["thing.args_type"]);
        check_codes(json!({ "args": [1, null] }), list, &["thing.args_type"]);
    }

    #[test]
    fn good_values_are_read() {
        let node = node(
            json!({ "zero": 0, "whole": 3.0, "t": " x ", "m": { "a": 1, "b": true, "c": null, "d": "y" } }),
        );
        let findings = Findings::new("thing");
        let reader = node.read(&findings);
        assert_eq!(reader.integer("zero", 0..=9), Some(0));
        assert_eq!(reader.integer("whole", 0..=9), Some(3));
        assert_eq!(reader.text("t"), Some("x"));
        let map = reader.map("m");
        assert_eq!(map, [("a", "1".to_owned()), ("b", "true".to_owned()), ("d", "y".to_owned())]);
        assert_eq!(reader.name(check::dns_label), "n1");
        assert_eq!(reader.namespace(), "default");
        assert!(findings.into_vec().is_empty());
    }

    #[test]
    fn codes_are_snake_case() {
        for (key, expected) in
            [("mountPath", "mount_path_x"), ("loadBalancerIP", "load_balancer_ip_x"), ("", "x")]
        {
            assert_eq!(code(key, "x"), expected);
        }
    }
}
