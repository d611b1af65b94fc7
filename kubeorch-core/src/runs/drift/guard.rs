//! Two that both apply the same object would go on for ever: after some rounds we stop and say who the other is.

use std::collections::{BTreeMap, VecDeque};

use super::Options;
use crate::manifest::Key;
use crate::time::Time;

/// Heals of one object against several managers are counted together beyond this many times the limit for one.
const SEVERAL: usize = 3;

/// What was healed of one workflow.
#[derive(Debug, Default)]
pub(super) struct Guard {
    heals: BTreeMap<Key, VecDeque<(Time, Vec<String>)>>,
}

impl Guard {
    /// Notes a heal, or answers why there must be none. It remembers nothing that is older than the window.
    pub(super) fn heal(
        &mut self,
        key: &Key,
        managers: &[String],
        now: Time,
        options: &Options,
    ) -> Result<(), String> {
        self.heals.retain(|_, heals| {
            while heals.front().is_some_and(|(at, _)| now.since(*at) >= options.window) {
                heals.pop_front();
            }
            !heals.is_empty()
        });
        let heals = self.heals.entry(key.clone()).or_default();
        let same = heals.iter().filter(|(_, others)| others == managers).count();
        if same < options.heals && heals.len() < options.heals.saturating_mul(SEVERAL) {
            heals.push_back((now, managers.to_vec()));
            return Ok(());
        }
        let who = match (managers, same < options.heals) {
            (_, true) => "several managers".to_owned(),
            ([], _) => "somebody".to_owned(),
            (managers, _) => managers.join(", "),
        };
        let minutes = options.window.as_secs() / 60;
        let times = heals.len();
        Err(format!(
            "applied again {times} times within {minutes} minutes, and {who} changed it back each time"
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Guard;
    use crate::manifest::{Key, Kind};
    use crate::runs::drift::Options;
    use crate::time::Time;

    fn key(name: &str) -> Key {
        Key { kind: Kind::new("v1", "ConfigMap"), namespace: Some("shop".into()), name: name.into() }
    }

    #[test]
    fn the_same_manager_gets_three_rounds_within_the_window() {
        let (options, other) = (Options::default(), ["flux".to_owned()]);
        let at = |minute: u64| Time::from_millis(0).plus(Duration::from_mins(minute));
        let mut guard = Guard::default();
        for minute in [0, 1, 2] {
            assert_eq!(guard.heal(&key("a"), &other, at(minute), &options), Ok(()));
        }
        let held = guard.heal(&key("a"), &other, at(3), &options).unwrap_err();
        assert!(held.contains("flux") && held.contains("3 times within 10 minutes"), "{held}");
        assert_eq!(guard.heal(&key("b"), &other, at(3), &options), Ok(()), "another object");
        assert_eq!(guard.heal(&key("a"), &["helm".into()], at(3), &options), Ok(()), "another manager");
        assert_eq!(guard.heal(&key("a"), &other, at(10), &options), Ok(()), "the first is out of the window");
        assert!(guard.heal(&key("a"), &other, at(10), &options).is_err());
    }

    #[test]
    fn taking_turns_does_not_help() {
        let (options, now) = (Options::default(), Time::from_millis(0));
        let mut guard = Guard::default();
        for other in ["a", "b", "c"].repeat(3) {
            assert_eq!(guard.heal(&key("x"), &[other.into()], now, &options), Ok(()));
        }
        let held = guard.heal(&key("x"), &["d".into()], now, &options).unwrap_err();
        assert!(held.contains("several managers"), "{held}");
    }
}
