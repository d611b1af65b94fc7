//! A number of bytes on the command line.

use std::fmt;
use std::str::FromStr;

/// Bytes: `1048576`, `64MiB`, `64M` (the same), `2GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

const UNITS: [(&str, u32); 4] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let wrong = || format!("`{text}` is no size; write bytes, or a number with KiB, MiB or GiB");
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = unit.trim().trim_end_matches('B').trim_end_matches('i');
        let shift = match unit {
            "" => 0,
            unit => UNITS.iter().find(|(name, _)| name.trim_end_matches('i') == unit).ok_or_else(wrong)?.1,
        };
        number.checked_mul(1 << shift).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().rev().find(|(_, shift)| self.0 >= 1 << shift);
        let Some((name, shift)) = unit else { return write!(f, "{} B", self.0) };
        let whole = self.0 >> shift;
        let tenth = ((self.0 - (whole << shift)) * 10) >> shift;
        write!(f, "{whole}.{tenth} {name}B")
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes, shown) in [
            ("0", 0, "0 B"),
            ("1023", 1023, "1023 B"),
            ("64MiB", 64 << 20, "64.0 MiB"),
            ("64 M", 64 << 20, "64.0 MiB"),
            ("3Ki", 3 << 10, "3.0 KiB"),
            ("1610612736", 3 << 29, "1.5 GiB"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "64MB?", "64miles", "99999999999999999999", "99999999999TiB"]
        {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
