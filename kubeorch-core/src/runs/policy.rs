//! What a node says about its own deployment: the member `deploy` of its data.
//!
//! No plugin reads it, so every node type has it, and it is versioned like the rest of the node. A value that cannot be meant
//! is a finding with its field; the default stands in its place, so that everything else is still reported.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::ready::check;
use crate::error::Finding;

/// The member of a node's data.
const MEMBER: &str = "deploy";

/// Longest CEL expression, in characters.
const MAX_EXPRESSION: usize = 4096;

/// Longest wait for one node.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);

/// Most repetitions of one refused apply.
const MAX_RETRIES: u64 = 100;

/// How a node is deployed.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// When another manager owns a field that we want to set.
    pub conflicts: Conflicts,
    /// When a field changes that cannot change while the object lives.
    pub immutable: Immutable,
    /// Take over what is there without this workflow's label; never what belongs to another account.
    pub adopt: bool,
    /// When a live object is changed behind our back.
    pub drift: Drift,
    /// When in a run the node has its turn.
    pub phase: Phase,
    /// Its objects are never pruned.
    pub keep: bool,
    /// CEL over `object` that decides readiness instead of the rule of the kind; at most 4,096 characters.
    pub ready: Option<String>,
    /// Ready within this time, else failed: `90s`, `5m`, at most `24h`. The run's own when absent.
    #[serde(serialize_with = "text_of")]
    pub timeout: Option<Duration>,
    /// How often an apply is repeated that was refused for a reason that may pass, at most 100. The run's own when absent.
    pub retries: Option<u32>,
}

/// What happens when another manager owns a field that we want to set.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conflicts {
    /// Nothing is applied; manager and field are named.
    #[default]
    Fail,
    /// The field stays with its manager: it is dropped from what is applied.
    Share,
    /// The field becomes ours.
    Take,
}

/// What happens when a field changes that cannot change while the object lives.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Immutable {
    /// Nothing is applied; the field is named.
    #[default]
    Fail,
    /// The object is deleted and made anew. Never one of a kind that holds data.
    Recreate,
}

/// What happens when a live object is changed behind our back.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// It is told.
    #[default]
    Alert,
    /// It is applied again.
    Heal,
    /// Nothing.
    Ignore,
}

/// When in a run a node has its turn. A hook is an ordinary node with a phase.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Ready before the others begin.
    Before,
    /// With the others.
    #[default]
    Main,
    /// When the others are ready.
    After,
    /// Only when the run failed.
    Failed,
}

impl Policy {
    /// Reads the policy from a node's data; a finding for each wrong value.
    pub fn of(data: &Map<String, Value>) -> (Self, Vec<Finding>) {
        let mut read = Read { findings: Vec::new() };
        let policy = match data.get(MEMBER) {
            None | Some(Value::Null) => Self::default(),
            Some(Value::Object(map)) => read.policy(map),
            Some(_) => {
                read.wrong("", "must be a map");
                Self::default()
            }
        };
        (policy, read.findings)
    }
}

struct Read {
    findings: Vec<Finding>,
}

impl Read {
    fn policy(&mut self, map: &Map<String, Value>) -> Policy {
        let mut policy = Policy::default();
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "conflicts" => policy.conflicts = self.word(name, value, "fail, share or take"),
                "immutable" => policy.immutable = self.word(name, value, "fail or recreate"),
                "drift" => policy.drift = self.word(name, value, "alert, heal or ignore"),
                "phase" => policy.phase = self.word(name, value, "before, main, after or failed"),
                "adopt" => policy.adopt = self.flag(name, value),
                "keep" => policy.keep = self.flag(name, value),
                "ready" => policy.ready = self.expression(name, value),
                "timeout" => policy.timeout = self.duration(name, value),
                "retries" => policy.retries = self.count(name, value),
                _ => self.wrong(
                    name,
                    "is not known; known are conflicts, immutable, adopt, drift, phase, keep, ready, timeout and retries",
                ),
            }
        }
        policy
    }

    fn word<T: for<'a> Deserialize<'a> + Default>(&mut self, name: &str, value: &Value, words: &str) -> T {
        T::deserialize(value).unwrap_or_else(|_| {
            self.wrong(name, &format!("must be {words}"));
            T::default()
        })
    }

    fn flag(&mut self, name: &str, value: &Value) -> bool {
        value.as_bool().unwrap_or_else(|| {
            self.wrong(name, "must be true or false");
            false
        })
    }

    fn expression(&mut self, name: &str, value: &Value) -> Option<String> {
        let text = value.as_str().filter(|text| !text.trim().is_empty());
        let text = text.filter(|text| text.chars().count() <= MAX_EXPRESSION);
        if text.is_none() {
            self.wrong(name, &format!("must be an expression of at most {MAX_EXPRESSION} characters"));
        }
        let text = text?;
        if let Err(reason) = check(text) {
            self.wrong(name, &format!("is not an expression that can be used: {reason}"));
            return None;
        }
        Some(text.to_owned())
    }

    fn duration(&mut self, name: &str, value: &Value) -> Option<Duration> {
        let found = value.as_str().and_then(duration).filter(|found| *found <= MAX_TIMEOUT);
        if found.is_none() {
            self.wrong(name, "must be a time such as \"90s\", \"5m\" or \"1h30m\", at most 24h");
        }
        found
    }

    fn count(&mut self, name: &str, value: &Value) -> Option<u32> {
        let found = value.as_u64().filter(|count| *count <= MAX_RETRIES);
        if found.is_none() {
            self.wrong(name, &format!("must be a whole number from 0 to {MAX_RETRIES}"));
        }
        found.and_then(|count| u32::try_from(count).ok())
    }

    fn wrong(&mut self, name: &str, text: &str) {
        let field = if name.is_empty() { MEMBER.to_owned() } else { format!("{MEMBER}.{name}") };
        let finding = Finding::error("deploy.policy_invalid", format!("{field} {text}")).at(field);
        self.findings.push(finding.hint("Correct the value, or leave it out for the default."));
    }
}

/// `90s`, `5m`, `1h30m`: whole hours, minutes and seconds in this order, more than nothing.
fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds) = (text, 0u64);
    for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && seconds > 0).then_some(Duration::from_secs(seconds))
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn text_of<S: Serializer>(timeout: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    timeout.map(|timeout| format!("{}s", timeout.as_secs())).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(data: &Value) -> (Policy, Vec<Finding>) {
        Policy::of(data.as_object().unwrap())
    }

    #[test]
    fn nothing_said_is_the_careful_default() {
        for data in [json!({}), json!({ "deploy": null }), json!({ "deploy": {} })] {
            assert_eq!(of(&data), (Policy::default(), Vec::new()), "{data}");
        }
    }

    #[test]
    fn every_member_is_read_and_written_alike() {
        let deploy = json!({ "conflicts": "share", "immutable": "recreate", "adopt": true, "drift": "heal",
            "phase": "before", "keep": true, "ready": "object.status.ok", "timeout": "1h30m5s", "retries": 3 });
        let (policy, findings) = of(&json!({ "deploy": deploy }));
        assert_eq!(findings, []);
        assert_eq!(policy.timeout, Some(Duration::from_secs(5405)));
        let written = serde_json::to_value(&policy).unwrap();
        assert_eq!(written["timeout"], "5405s");
        assert_eq!(of(&json!({ "deploy": written })).0, policy);
    }

    #[test]
    fn every_wrong_value_is_named_and_the_others_still_count() {
        let deploy = json!({ "conflicts": "steal", "immutable": 1, "drift": "", "phase": "later", "adopt": "yes",
            "keep": true, "ready": " ", "timeout": "5", "retries": -1, "colour": "red" });
        let (policy, findings) = of(&json!({ "deploy": deploy }));
        assert!(policy.keep);
        assert_eq!(Policy { keep: false, ..policy }, Policy::default());
        let mut fields: Vec<_> = findings.iter().map(|finding| finding.field.as_str()).collect();
        fields.sort_unstable();
        let expected =
            ["adopt", "colour", "conflicts", "drift", "immutable", "phase", "ready", "retries", "timeout"];
        assert_eq!(fields, expected.map(|name| format!("deploy.{name}")));
        assert!(of(&json!({ "deploy": [] })).1[0].is_error());
        let long = "x".repeat(MAX_EXPRESSION + 1);
        assert_eq!(of(&json!({ "deploy": { "ready": long } })).1.len(), 1);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("2h", Some(7200)),
            ("1m1s", Some(61)),
            ("24h", Some(86_400)),
            ("", None),
            ("0s", None),
            ("s", None),
            ("1.5m", None),
            ("1s1m", None),
            ("-1s", None),
            ("+1s", None),
            ("25h", None),
            ("99999999999999999999h", None),
        ] {
            let (policy, findings) = of(&json!({ "deploy": { "timeout": text } }));
            assert_eq!(policy.timeout.map(|timeout| timeout.as_secs()), seconds, "{text}");
            assert_eq!(findings.is_empty(), seconds.is_some(), "{text}");
        }
    }
}
