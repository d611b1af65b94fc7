//! What an autoscaler says about itself: `status` with its three conditions.

use serde_json::{Value, json};

use crate::controllers::pods::MANAGER;
use crate::core::{Core, Writer};
use crate::value::{condition, name, namespace, put, text};

/// The conditions in the order upstream lists them.
const KINDS: [&str; 3] = ["AbleToScale", "ScalingActive", "ScalingLimited"];

/// The status in the making. Conditions not touched by a look stay as they were.
pub(super) struct Report {
    conditions: Vec<(&'static str, bool, String, String)>,
    pub(super) current: i64,
    pub(super) desired: i64,
    /// `status.currentMetrics`; empty when nothing could be read.
    pub(super) metrics: Vec<Value>,
    pub(super) scaled: bool,
}

impl Report {
    pub(super) fn new(scaler: &Value) -> Self {
        let number = |field: &str| crate::value::int(scaler, &format!("/status/{field}")).unwrap_or_default();
        Self {
            conditions: Vec::new(),
            current: number("currentReplicas"),
            desired: number("desiredReplicas"),
            metrics: Vec::new(),
            scaled: false,
        }
    }

    pub(super) fn condition(&mut self, kind: &'static str, status: bool, reason: &str, message: &str) {
        self.conditions.retain(|(known, ..)| *known != kind);
        self.conditions.push((kind, status, reason.to_owned(), message.to_owned()));
    }

    pub(super) fn write(self, core: &mut Core, scaler: &Value) {
        let now = core.stamp();
        let conditions: Vec<_> = KINDS.iter().filter_map(|kind| self.entry(scaler, kind, &now)).collect();
        let mut status = json!({
            "observedGeneration": scaler["metadata"]["generation"],
            "currentReplicas": self.current,
            "desiredReplicas": self.desired,
            "currentMetrics": if self.metrics.is_empty() { Value::Null } else { json!(self.metrics) },
            "conditions": conditions,
        });
        let before = text(scaler, "/status/lastScaleTime");
        if self.scaled {
            status["lastScaleTime"] = json!(now);
        } else if !before.is_empty() {
            status["lastScaleTime"] = json!(before);
        }
        core.modify(super::ID, namespace(scaler), name(scaler), &Writer::status(MANAGER), |scaler| {
            put(scaler, &["status"], status);
        });
    }

    fn entry(&self, scaler: &Value, kind: &str, now: &str) -> Option<Value> {
        let before = condition(scaler, kind);
        let Some((_, status, reason, message)) = self.conditions.iter().find(|(known, ..)| *known == kind)
        else {
            return before.cloned();
        };
        let status = if *status { "True" } else { "False" };
        let since = before
            .filter(|before| text(before, "/status") == status)
            .map_or(now, |before| text(before, "/lastTransitionTime"));
        Some(json!({
            "type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message,
        }))
    }
}
