//! Sizes in bytes as people write them.

/// Units of 1024, the largest first.
const UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// `1048576`, `1024KiB` and `1 MiB` are the same; capitals do not count. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim();
    let factor = match UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() => 1,
        None => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// In the largest unit that leaves a whole number.
pub(super) fn show(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    let (name, factor) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
    format!("{}{name}", bytes / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes, shown) in [
            ("0", 0, "0B"),
            ("7", 7, "7B"),
            ("1536", 1536, "1536B"),
            ("1024kib", 1 << 20, "1MiB"),
            (" 256 MiB ", 256 << 20, "256MiB"),
            ("3TiB", 3 << 40, "3TiB"),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
            assert_eq!(show(bytes), shown);
            assert_eq!(parse(shown), Some(bytes));
        }
        for text in ["", "MiB", "1.5GiB", "-1", "1MB", "1 Mi B", "99999999TiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
