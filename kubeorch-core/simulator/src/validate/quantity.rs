//! Resource quantities: `500m`, `1.5Gi`, `1e3`.

use serde_json::Value;

use crate::api::status::Cause;

const NOTE: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Adds a cause unless the value is a quantity of zero or more.
pub(super) fn check(value: &Value, field: &str, causes: &mut Vec<Cause>) {
    let raw = match value {
        Value::String(raw) => raw.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    match parse(&raw) {
        None => causes.push(Cause::invalid(field, value, NOTE)),
        Some(amount) if amount < 0.0 => {
            causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
        }
        Some(_) => {}
    }
}

/// The amount in base units; precise enough to compare.
pub(crate) fn parse(raw: &str) -> Option<f64> {
    let digits = raw.trim_start_matches(['+', '-']);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let start = raw.len() - digits.len();
    if start > 1 {
        return None;
    }
    let (number, suffix) = raw.split_at(start + end);
    let number: f64 = number.parse().ok()?;
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            10_f64.powi(power)
        }
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (raw, expected) in [
            ("1", Some(1.0)),
            ("500m", Some(0.5)),
            ("1.5Gi", Some(1_610_612_736.0)),
            ("1e3", Some(1000.0)),
            ("1E", Some(1e18)),
            ("-1", Some(-1.0)),
            ("", None),
            ("1GB", None),
            ("ten", None),
            ("--1", None),
        ] {
            assert_eq!(parse(raw), expected, "{raw}");
        }
    }
}
