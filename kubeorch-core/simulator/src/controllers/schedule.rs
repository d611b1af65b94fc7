//! Cron schedules: five fields, lists, ranges, steps and the `@` names. UTC.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::after;

/// The allowed minutes, hours, days, months and weekdays.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    fields: [u64; 5],
    /// Whether days and weekdays are both restricted: then either is enough.
    either_day: bool,
}

const BOUNDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Whether the API server would take the schedule.
pub(crate) fn valid(raw: &str) -> bool {
    Schedule::parse(raw).is_some()
}

impl Schedule {
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let raw = match raw.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let parts: Vec<_> = raw.split_whitespace().collect();
        if parts.len() != 5 {
            return None;
        }
        let mut fields = [0; 5];
        for (at, part) in parts.iter().enumerate() {
            fields[at] = field(part, at)?;
        }
        // Sunday is 0 and 7.
        fields[4] |= fields[4] >> 7 & 1;
        let free = |part: &str| part.starts_with('*') || part == "?";
        Some(Self { fields, either_day: !free(parts[2]) && !free(parts[4]) })
    }

    /// The first minute after `from`; `None` when none comes within five years.
    pub(super) fn next(&self, from: Timestamp) -> Option<Timestamp> {
        let minute = from.as_second().div_euclid(60) * 60;
        let mut at = Timestamp::from_second(minute).ok()?;
        let limit = after(from, Duration::from_hours(43920));
        at = after(at, Duration::from_mins(1));
        while at < limit {
            let time = at.to_zoned(TimeZone::UTC);
            let has = |field: usize, value: i8| self.fields[field] >> value & 1 == 1;
            let day = has(2, time.day());
            let weekday = has(4, time.weekday().to_sunday_zero_offset());
            let fits = if self.either_day { day || weekday } else { day && weekday };
            if !has(3, time.month()) || !fits {
                let seconds = u64::try_from(86_400 - at.as_second().rem_euclid(86_400)).ok()?;
                at = after(at, Duration::from_secs(seconds));
            } else if !has(1, time.hour()) {
                let seconds = u64::try_from(3600 - at.as_second().rem_euclid(3600)).ok()?;
                at = after(at, Duration::from_secs(seconds));
            } else if !has(0, time.minute()) {
                at = after(at, Duration::from_mins(1));
            } else {
                return Some(at);
            }
        }
        None
    }
}

fn field(part: &str, at: usize) -> Option<u64> {
    let (low, high) = BOUNDS[at];
    let mut bits = 0_u64;
    for piece in part.split(',') {
        let (range, step) = match piece.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|step| *step > 0)?),
            None => (piece, 1),
        };
        let (from, to) = if range == "*" || range == "?" {
            (low, high)
        } else if let Some((from, to)) = range.split_once('-') {
            (number(from, at)?, number(to, at)?)
        } else {
            let only = number(range, at)?;
            (only, if piece.contains('/') { high } else { only })
        };
        if from < low || to > high || from > to {
            return None;
        }
        for value in (from..=to).step_by(usize::try_from(step).ok()?) {
            bits |= 1 << value;
        }
    }
    Some(bits)
}

fn number(raw: &str, at: usize) -> Option<u32> {
    let raw = raw.to_ascii_lowercase();
    let named = match at {
        3 => MONTHS.iter().position(|name| *name == raw).map(|at| at + 1),
        4 => DAYS.iter().position(|name| *name == raw),
        _ => None,
    };
    named.and_then(|at| u32::try_from(at).ok()).or_else(|| raw.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time() {
        let check = |schedule: &str, from: &str, expected: Option<&str>| {
            let next = Schedule::parse(schedule).and_then(|one| one.next(from.parse().unwrap()));
            assert_eq!(next.map(|at| at.to_string()).as_deref(), expected, "{schedule} from {from}");
        };
        for (schedule, from, expected) in [
            ("* * * * *", "2025-01-01T00:00:30Z", Some("2025-01-01T00:01:00Z")),
            ("*/15 * * * *", "2025-01-01T00:15:00Z", Some("2025-01-01T00:30:00Z")),
            ("0 3 * * mon-fri", "2025-01-03T04:00:00Z", Some("2025-01-06T03:00:00Z")),
            ("0 0 1 feb *", "2025-03-01T00:00:00Z", Some("2026-02-01T00:00:00Z")),
            ("0 0 13 * 5", "2025-06-01T00:00:00Z", Some("2025-06-06T00:00:00Z")),
            ("0 0 * * 7", "2025-01-01T00:00:00Z", Some("2025-01-05T00:00:00Z")),
            ("@hourly", "2025-12-31T23:10:00Z", Some("2026-01-01T00:00:00Z")),
            ("0 0 31 2 *", "2025-01-01T00:00:00Z", None),
            ("60 * * * *", "2025-01-01T00:00:00Z", None),
            ("* * * *", "2025-01-01T00:00:00Z", None),
            ("*/0 * * * *", "2025-01-01T00:00:00Z", None),
        ] {
            check(schedule, from, expected);
        }
    }
}
