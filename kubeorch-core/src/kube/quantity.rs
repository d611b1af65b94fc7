//! Sums of Kubernetes quantities (`250m`, `16Gi`, `1e3`), exact to a thousandth.

/// Thousandths; `None` for what is not a quantity, and for more than `i128` holds.
pub(crate) fn parse(text: &str) -> Option<i128> {
    let split = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let factor = factor(suffix)?;
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || fraction.len() > 18 {
        return None;
    }
    let all: i128 = format!("{whole}{fraction}").parse().ok()?;
    let value = all.checked_mul(factor)? / 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(if negative { -value } else { value })
}

/// Thousandths that one of the suffix stands for; what is finer than a thousandth rounds to nothing.
fn factor(suffix: &str) -> Option<i128> {
    let decimal = |power: u32| 1000 * 10_i128.pow(power);
    let binary = |power: u32| 1000 * 1024_i128.pow(power);
    Some(match suffix {
        "m" => 1,
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let power = suffix.strip_prefix(['e', 'E'])?.parse::<u32>().ok().filter(|power| *power <= 18)?;
            decimal(power)
        }
    })
}

/// Cores: `12`, or `2500m` when they are not whole.
#[cfg(any(test, feature = "kube"))]
pub(super) fn cores(thousandths: i128) -> String {
    if thousandths % 1000 == 0 { (thousandths / 1000).to_string() } else { format!("{thousandths}m") }
}

/// Bytes in the largest binary unit that leaves no rest.
#[cfg(any(test, feature = "kube"))]
pub(super) fn bytes(thousandths: i128) -> String {
    let mut value = thousandths / 1000;
    let mut unit = "";
    for next in ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] {
        if value == 0 || value % 1024 != 0 {
            break;
        }
        value /= 1024;
        unit = next;
    }
    format!("{value}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kubernetes_writes() {
        for (text, expected) in [
            ("4", Some(4000)),
            ("250m", Some(250)),
            ("0.5", Some(500)),
            (".5", Some(500)),
            ("1.5Gi", Some(1_610_612_736_000)),
            ("16393244Ki", Some(16_786_681_856_000)),
            ("129M", Some(129_000_000_000)),
            ("1e3", Some(1_000_000)),
            ("-1", Some(-1000)),
            ("", None),
            ("-", None),
            ("Gi", None),
            ("1.2.3", None),
            ("1 Gi", None),
            ("1e99", None),
            ("99999999999999999999999999999999999999999", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_sums_without_a_rest() {
        assert_eq!([cores(12_000), cores(2500)], ["12", "2500m"]);
        assert_eq!(
            [bytes(0), bytes(1000), bytes(3 * 1024 * 1000), bytes(1_610_612_736_000)],
            ["0", "1", "3Ki", "1536Mi"]
        );
    }
}
