//! Durations as Kubernetes prints them for people.

use jiff::Timestamp;
use serde_json::Value;

use crate::value::text;

/// `metadata.creationTimestamp` as an age.
pub(in crate::api) fn age(object: &Value, now: Timestamp) -> Value {
    since(text(object, "/metadata/creationTimestamp"), now)
}

/// A timestamp as the time since.
pub(super) fn since(stamp: &str, now: Timestamp) -> Value {
    match stamp.parse::<Timestamp>() {
        Ok(at) => human(now.duration_since(at).as_secs()).into(),
        Err(_) => "<unknown>".into(),
    }
}

/// The time between two timestamps, up to now when the second is missing.
pub(in crate::api) fn between(from: &str, to: &str, now: Timestamp) -> Value {
    let Ok(from) = from.parse::<Timestamp>() else { return "".into() };
    let to = to.parse::<Timestamp>().unwrap_or(now);
    human(to.duration_since(from).as_secs()).into()
}

/// `HumanDuration` of apimachinery: two units while the first is small.
fn human(seconds: i64) -> String {
    if seconds < 0 {
        return "0s".to_owned();
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |big: i64, unit: char, small: i64, part: char| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{part}") }
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, 'm', seconds % 60, 's')
    } else if hours < 3 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, 'h', minutes % 60, 'm')
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        two(days, 'd', hours % 24, 'h')
    } else if days < 365 * 2 {
        format!("{days}d")
    } else if days < 365 * 8 {
        two(days / 365, 'y', days % 365, 'd')
    } else {
        format!("{}y", days / 365)
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn durations() {
        for (seconds, expected) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (601, "10m"),
            (10_799, "179m"),
            (10_860, "3h1m"),
            (86_400, "24h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (864_000, "10d"),
            (70_000_000, "2y80d"),
        ] {
            assert_eq!(human(seconds), expected, "{seconds}");
        }
    }
}
