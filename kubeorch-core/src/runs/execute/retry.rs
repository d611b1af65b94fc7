//! When a refused call is repeated.

use std::time::Duration;

use crate::kube;
use crate::time::Entropy;

/// The first pause; it doubles.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause that the server did not ask for.
const LONGEST: Duration = Duration::from_secs(15);

/// How long to wait before call number `attempt + 1`, `attempt` counted from 1. `None`: repeating will not help, or was
/// tried often enough. The client below has repeated a call a few times already.
pub(super) fn pause(
    error: &kube::Error,
    attempt: u32,
    retries: u32,
    entropy: &dyn Entropy,
) -> Option<Duration> {
    if attempt > retries || !error.class().retry() {
        return None;
    }
    let asked = match error {
        kube::Error::Busy { retry_after, .. } => *retry_after,
        _ => None,
    };
    let mut random = [0];
    entropy.fill(&mut random);
    // Up to half more, so that the nodes of a run do not come back all at once.
    let more = |base: Duration| base * u32::from(random[0]) / 512;
    let base = (FIRST * 2_u32.saturating_pow(attempt - 1)).min(LONGEST);
    // Never earlier than asked.
    Some(asked.map_or_else(|| base + more(base), |asked| asked + more(FIRST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededEntropy;

    #[test]
    fn what_may_succeed_later_is_repeated_with_growing_pauses() {
        let busy = |seconds: Option<u64>| kube::Error::Busy {
            reason: "x".into(),
            retry_after: seconds.map(Duration::from_secs),
        };
        let entropy = SeededEntropy::new(1);
        // Least and most, in milliseconds.
        for (error, attempt, expected) in [
            (busy(None), 1, Some((250, 375))),
            (busy(None), 3, Some((1_000, 1_500))),
            (busy(None), 8, Some((15_000, 22_500))),
            (busy(None), 9, None),
            (busy(Some(7)), 1, Some((7_000, 7_125))),
            (busy(Some(60)), 1, Some((60_000, 60_125))),
            (kube::Error::Unreachable("x".into()), 1, Some((250, 375))),
            (kube::Error::Denied("x".into()), 1, None),
            (kube::Error::rejected("x", "y"), 1, None),
            (kube::Error::UnknownKind("x".into()), 1, Some((250, 375))),
        ] {
            for _ in 0..50 {
                let found = pause(&error, attempt, 8, &entropy).map(|pause| pause.as_millis());
                let within = match (found, expected) {
                    (Some(found), Some((least, most))) => (least..=most).contains(&found),
                    (found, expected) => found.is_none() && expected.is_none(),
                };
                assert!(within, "{error} at {attempt}: {found:?}");
            }
        }
    }
}
