//! `spec.behavior`: how fast an autoscaler may follow its metrics.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::report::Report;
use crate::clock::after;
use crate::value::{int, list, text};

/// The longest window and period the API takes, in seconds: what is older is forgotten.
const LONGEST: i64 = 3600;

/// What an autoscaler recommended and did.
#[derive(Debug, Default)]
pub(super) struct History {
    recommended: Vec<(Timestamp, i64)>,
    /// Positive for pods added, negative for pods taken away.
    done: Vec<(Timestamp, i64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl History {
    /// Remembers that the target got so many more replicas.
    pub(super) fn scaled(&mut self, change: i64, now: Timestamp) {
        self.done.push((now, change));
        self.done.retain(|(at, _)| within(*at, now, LONGEST));
    }

    /// How many replicas `wanted` becomes now, after windows, limits and rates.
    pub(super) fn pace(
        &mut self,
        scaler: &Value,
        current: i64,
        wanted: i64,
        now: Timestamp,
        report: &mut Report,
    ) -> i64 {
        let steady = self.stabilised(scaler, current, wanted, now);
        let (reason, message) = match steady.cmp(&wanted) {
            Ordering::Equal => ("ReadyForNewScale", "recommended size matches current size"),
            Ordering::Greater => (
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent recommendation",
            ),
            Ordering::Less => (
                "ScaleUpStabilized",
                "recent recommendations were lower than current one, applying the lowest recent recommendation",
            ),
        };
        report.condition("AbleToScale", true, reason, message);
        self.limited(scaler, current, steady, now, report)
    }

    fn stabilised(&mut self, scaler: &Value, current: i64, wanted: i64, now: Timestamp) -> i64 {
        if self.recommended.is_empty() {
            // As upstream: a fresh autoscaler takes what it finds for a recommendation.
            self.recommended.push((now, current));
        }
        let recent = |direction: Direction, seconds: i64| {
            let values = self
                .recommended
                .iter()
                .filter(move |(at, _)| within(*at, now, seconds))
                .map(|(_, value)| *value)
                .chain([wanted]);
            match direction {
                Direction::Up => values.min(),
                Direction::Down => values.max(),
            }
            .unwrap_or(wanted)
        };
        let up = recent(Direction::Up, window(scaler, Direction::Up));
        let down = recent(Direction::Down, window(scaler, Direction::Down));
        self.recommended.retain(|(at, _)| within(*at, now, LONGEST));
        // The same again says nothing new about a window, only its newest occurrence counts.
        if let Some(last) = self.recommended.last_mut().filter(|(_, value)| *value == wanted) {
            last.0 = now;
        } else {
            self.recommended.push((now, wanted));
        }
        current.max(up).min(down)
    }

    fn limited(&self, scaler: &Value, current: i64, wanted: i64, now: Timestamp, report: &mut Report) -> i64 {
        let most = int(scaler, "/spec/maxReplicas").unwrap_or(1);
        let least = int(scaler, "/spec/minReplicas").unwrap_or(1);
        let (bound, limited) = if wanted > current {
            let rate = self.rate(scaler, Direction::Up, current, now).max(current);
            if rate < most {
                (
                    rate,
                    (
                        "ScaleUpLimit",
                        "the desired replica count is increasing faster than the maximum scale rate",
                    ),
                )
            } else {
                (
                    most,
                    ("TooManyReplicas", "the desired replica count is more than the maximum replica count"),
                )
            }
        } else {
            let rate = self.rate(scaler, Direction::Down, current, now).min(current);
            if rate > least {
                (
                    rate,
                    (
                        "ScaleDownLimit",
                        "the desired replica count is decreasing faster than the maximum scale rate",
                    ),
                )
            } else {
                (
                    least,
                    ("TooFewReplicas", "the desired replica count is less than the minimum replica count"),
                )
            }
        };
        let beyond = if wanted > current { wanted > bound } else { wanted < bound };
        if beyond {
            report.condition("ScalingLimited", true, limited.0, limited.1);
            return bound;
        }
        let message = "the desired count is within the acceptable range";
        report.condition("ScalingLimited", false, "DesiredWithinRange", message);
        wanted
    }

    /// The furthest the policies of a direction let the replicas go now.
    fn rate(&self, scaler: &Value, direction: Direction, current: i64, now: Timestamp) -> i64 {
        let rules = rules(scaler, direction);
        if text(&rules, "/selectPolicy") == "Disabled" {
            return current;
        }
        let proposals = list(&rules, "/policies").iter().map(|policy| {
            let period = int(policy, "/periodSeconds").unwrap_or(15);
            let changed: i64 =
                self.done.iter().filter(|(at, _)| within(*at, now, period)).map(|(_, change)| change).sum();
            // The replicas the period began with.
            let base = current - changed;
            let value = int(policy, "/value").unwrap_or_default();
            let percent = text(policy, "/type") == "Percent";
            match direction {
                Direction::Up if percent => (base * (100 + value) + 99) / 100,
                Direction::Up => base + value,
                Direction::Down if percent => base * (100 - value).max(0) / 100,
                Direction::Down => base - value,
            }
        });
        let widest = text(&rules, "/selectPolicy") != "Min";
        let chosen = if (direction == Direction::Up) == widest { proposals.max() } else { proposals.min() };
        chosen.unwrap_or(current)
    }
}

/// Whether `at` lies less than so many seconds back.
fn within(at: Timestamp, now: Timestamp, seconds: i64) -> bool {
    after(at, Duration::from_secs(seconds.unsigned_abs())) > now
}

fn window(scaler: &Value, direction: Direction) -> i64 {
    // Upstream: scale up at once, scale down when nothing higher was needed for five minutes.
    let default = if direction == Direction::Up { 0 } else { 300 };
    int(&rules(scaler, direction), "/stabilizationWindowSeconds").unwrap_or(default)
}

/// The rules of a direction, upstream's where the object has none.
fn rules(scaler: &Value, direction: Direction) -> Value {
    let (part, policies) = match direction {
        Direction::Up => (
            "scaleUp",
            json!([
                { "type": "Pods", "value": 4, "periodSeconds": 15 },
                { "type": "Percent", "value": 100, "periodSeconds": 15 },
            ]),
        ),
        Direction::Down => ("scaleDown", json!([{ "type": "Percent", "value": 100, "periodSeconds": 15 }])),
    };
    let mut rules = scaler.pointer(&format!("/spec/behavior/{part}")).cloned().unwrap_or_else(|| json!({}));
    crate::value::put_default(&mut rules, &["policies"], policies);
    rules
}
