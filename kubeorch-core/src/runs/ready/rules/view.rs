//! Reading an object: numbers, texts and conditions by place.

use serde_json::Value;

use super::Readiness;
use crate::manifest::Object;

/// An object to read.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) object: &'a Object,
}

/// One entry of `status.conditions`.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    value: &'a Value,
}

impl<'a> Condition<'a> {
    fn member(self, name: &str) -> &'a str {
        self.value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The reason, or the type where none is given.
    pub(super) fn reason(self) -> &'a str {
        match self.member("reason") {
            "" => self.member("type"),
            reason => reason,
        }
    }

    pub(super) fn message(self) -> &'a str {
        self.member("message")
    }

    pub(super) fn is(self, status: &str) -> bool {
        self.member("status") == status
    }

    /// Said of an older generation than the one given.
    pub(super) fn older(self, generation: i64) -> bool {
        self.value.get("observedGeneration").and_then(Value::as_i64).is_some_and(|seen| seen < generation)
    }
}

impl<'a> View<'a> {
    pub(super) fn of(object: &'a Object) -> Self {
        Self { object }
    }

    pub(super) fn at(self, pointer: &str) -> Option<&'a Value> {
        self.object.pointer(pointer).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, pointer: &str) -> &'a str {
        self.at(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(self, pointer: &str) -> Option<i64> {
        self.at(pointer).and_then(Value::as_i64)
    }

    /// A counter of the status; absent is zero.
    pub(super) fn count(self, name: &str) -> i64 {
        self.number(&format!("/status/{name}")).unwrap_or(0)
    }

    pub(super) fn flag(self, pointer: &str) -> bool {
        self.at(pointer).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn list(self, pointer: &str) -> &'a [Value] {
        self.at(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn generation(self) -> i64 {
        self.number("/metadata/generation").unwrap_or(0)
    }

    pub(super) fn condition(self, kind: &str) -> Option<Condition<'a>> {
        self.list("/status/conditions")
            .iter()
            .find(|value| value.get("type").and_then(Value::as_str) == Some(kind))
            .map(|value| Condition { value })
    }

    /// The condition, when it has the status.
    pub(super) fn holds(self, kind: &str, status: &str) -> Option<Condition<'a>> {
        self.condition(kind).filter(|condition| condition.is(status))
    }

    /// The answer while the controller has not seen the newest generation. Its kind counts generations: no number
    /// means not seen.
    pub(super) fn unseen(self) -> Option<Readiness> {
        (self.count("observedGeneration") < self.generation())
            .then(|| Readiness::progressing("NotObserved", "its controller has not taken the change up yet"))
    }

    /// As [`Self::unseen`], for kinds that may not count: no number means nothing.
    pub(super) fn stale(self) -> Option<Readiness> {
        self.number("/status/observedGeneration").and_then(|_| self.unseen())
    }
}
