//! Schedules of cron jobs, by the grammar of the library that Kubernetes parses them with (`robfig/cron` 3).

use super::{Rejection, reject};

const HINT: &str =
    "write minute, hour, day, month and weekday, for example */15 8-18 * * mon-fri, or @hourly";

/// Smallest and largest number of each field, and the names that stand for its numbers.
const FIELDS: [(u8, u8, &[&str]); 5] =
    [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 6, &WEEKDAYS)];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const NAMES: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Five fields, a name like `@daily`, or `@every` and a duration.
pub fn cron_schedule(text: &str) -> Result<(), Rejection> {
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return reject("names a time zone", "name it in timeZone instead");
    }
    if text.starts_with('@') {
        let named = NAMES.contains(&text) || text.strip_prefix("@every ").is_some_and(is_duration);
        return if named { Ok(()) } else { reject("is not a known schedule", HINT) };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() == 6 {
        return reject("has six fields", "Kubernetes knows no seconds: leave the first field out");
    }
    let good = fields.len() == FIELDS.len()
        && fields
            .iter()
            .zip(FIELDS)
            .all(|(field, bounds)| field.split(',').all(|part| is_part(part, bounds)));
    if good { Ok(()) } else { reject("is not a schedule", HINT) }
}

/// Name of a time zone as the IANA database writes it. Whether the cluster knows it is the cluster's to say.
pub fn time_zone(text: &str) -> Result<(), Rejection> {
    const HINT: &str = "write it as Europe/Berlin or Etc/UTC";
    let letters = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    // `Local` would be the zone of whatever machine the controller runs on; Kubernetes refuses it.
    if text.eq_ignore_ascii_case("local") || !text.split('/').all(letters) {
        return reject("is not a time zone", HINT);
    }
    Ok(())
}

/// `*`, `5`, `1-5`, each perhaps with `/step`.
fn is_part(part: &str, (least, most, names): (u8, u8, &[&str])) -> bool {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    if step.is_some_and(|step| number(step).is_none_or(|step| step == 0)) {
        return false;
    }
    if range == "*" || range == "?" {
        return true;
    }
    let value = |text: &str| {
        let named = names.iter().zip(least..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        named.map(|(_, number)| u32::from(number)).or_else(|| number(text))
    };
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    match (value(low), value(high)) {
        (Some(low), Some(high)) => low >= u32::from(least) && low <= high && high <= u32::from(most),
        _ => false,
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `1h30m`, as Go writes it.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits =
            rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (amount, after) = rest.split_at(digits);
        let unit = ["ns", "us", "ms", "s", "m", "h"].into_iter().find(|unit| {
            after
                .strip_prefix(unit)
                .is_some_and(|next| !next.starts_with(|it: char| it.is_ascii_alphabetic()))
        });
        match (amount.parse::<f64>(), unit) {
            (Ok(_), Some(unit)) => rest = &after[unit.len()..],
            _ => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in [
            "0 * * * *",
            "*/15 8-18 * * mon-fri",
            "0 0 1,15 JAN,jul ?",
            "5/10 0-23/2 31 12 6",
            "@hourly",
            "@every 1h30m",
            "@every 1.5h",
            " 0  0 * * 0 ",
        ] {
            assert_eq!(cron_schedule(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "0 0 * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "1,,2 * * * *",
            "+1 * * * *",
            "1-2-3 * * * *",
            "mon * * * *",
            "@reboot",
            "@every",
            "@every 5",
            "@every x",
            "TZ=UTC 0 * * * *",
        ] {
            assert!(cron_schedule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_zones() {
        for good in ["Europe/Berlin", "Etc/UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+2", "UTC"] {
            assert_eq!(time_zone(good), Ok(()), "{good}");
        }
        for bad in ["", "Local", "Europe/", "/x", "../etc", "a b"] {
            assert!(time_zone(bad).is_err(), "{bad}");
        }
    }
}
