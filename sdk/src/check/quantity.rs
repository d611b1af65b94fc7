//! Kubernetes quantities: `100m`, `1.5Gi`, `1e3`. Grammar of `apimachinery/pkg/api/resource`.

use super::Rejection;

/// An amount in billionths, the finest unit Kubernetes keeps. Amounts beyond the range of `i128` are cut at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const HINT: &str = "write it as 500m, 2 or 1.5Gi; units are m, k, M, G, T, P, E and Ki, Mi, Gi, Ti, Pi, Ei";

impl Quantity {
    /// Reads a quantity.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        Self::read(text).ok_or(Rejection { problem: "is not a quantity", hint: HINT })
    }

    /// A quantity of zero or more.
    pub fn check(text: &str) -> Result<(), Rejection> {
        match Self::parse(text)? {
            Self(amount) if amount < 0 => Err(Rejection { problem: "is less than zero", hint: HINT }),
            _ => Ok(()),
        }
    }

    /// A quantity above zero.
    pub fn check_positive(text: &str) -> Result<(), Rejection> {
        match Self::parse(text)? {
            Self(amount) if amount <= 0 => Err(Rejection { problem: "is not above zero", hint: HINT }),
            _ => Ok(()),
        }
    }

    /// The amount in whole units, what is left rounded up: bytes of `10Gi`, cores of `500m`.
    pub fn whole(self) -> i128 {
        self.0.div_euclid(1_000_000_000) + i128::from(self.0.rem_euclid(1_000_000_000) > 0)
    }

    fn read(text: &str) -> Option<Self> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (factor, ten) = unit(suffix)?;
        let mut amount: i128 = 0;
        // Digits beyond these are far below a billionth or far above any amount of anything.
        for digit in whole.bytes().chain(fraction.bytes()).take(30) {
            amount = amount.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
        }
        let kept = (whole.len() + fraction.len()).min(30);
        let point = i32::try_from(whole.len()).ok()? - i32::try_from(kept).ok()?;
        Some(Self(sign * scale(amount.saturating_mul(factor), ten + 9 + point)))
    }
}

/// A factor and a power of ten.
fn unit(suffix: &str) -> Option<(i128, i32)> {
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|unit| *unit == suffix);
    if let Some(power) = binary {
        return Some((1 << (10 * (power + 1)), 0));
    }
    let ten = match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let bare = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if bare.is_empty() || bare.len() > 3 || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            exponent.parse::<i32>().ok()?
        }
    };
    Some((1, ten))
}

/// Times a power of ten; what falls below one is rounded up, as Kubernetes does.
fn scale(mut amount: i128, power: i32) -> i128 {
    for _ in 0..power.max(0) {
        amount = amount.saturating_mul(10);
        if amount == 0 || amount == i128::MAX {
            break;
        }
    }
    for _ in 0..(-power).max(0) {
        if amount <= 1 {
            break;
        }
        amount = (amount + 9) / 10;
    }
    amount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_amounts() {
        let pairs = [
            ("1", "1000m"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("1E3", "1000"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
            ("+2", "2"),
            ("0", "0Gi"),
            ("100u", "0.1m"),
            ("1E", "1e18"),
            ("12e-1", "1.2"),
        ];
        for (left, right) in pairs {
            assert_eq!(Quantity::parse(left), Quantity::parse(right), "{left} {right}");
        }
    }

    #[test]
    fn whole_units() {
        for (text, units) in [("10Gi", 10_737_418_240), ("1k", 1000), ("500m", 1), ("0", 0), ("-1500m", -1)] {
            assert_eq!(Quantity::parse(text).unwrap().whole(), units, "{text}");
        }
    }

    #[test]
    fn ordered_amounts() {
        let rising = ["-1", "0", "1n", "1m", "999m", "1", "1k", "1Ki", "1M", "1Mi", "1Gi", "1Ei", "1e999"];
        for pair in rising.windows(2) {
            assert!(Quantity::parse(pair[0]).unwrap() < Quantity::parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn no_amounts() {
        for text in [
            "", ".", "m", "1K", "1 Gi", "1gi", "1.2.3", "--1", "1e", "1e1.5", "1ki", "0x1", "1e+-1", "1e9999",
        ] {
            assert!(Quantity::parse(text).is_err(), "{text:?}");
        }
        assert!(Quantity::check("-1").is_err());
        assert!(Quantity::check_positive("0Gi").is_err());
        assert!(Quantity::check_positive("10Gi").is_ok());
    }
}
