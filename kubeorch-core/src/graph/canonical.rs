//! One text for one JSON value, so that equal content has equal bytes.
//!
//! The form is that of RFC 8785: no white space, members sorted by UTF-16 code units, strings escaped only
//! where JSON demands it, numbers as ECMAScript prints them. `1`, `1.0` and `1e0` are one number and
//! have one text; `-0` is `0`. One deliberate difference: an integer that a 64-bit integer can hold is
//! written exactly, where RFC 8785 would round it to a double beyond 2^53 and let two different values look
//! the same.
//!
//! The functions recurse once per level; a value from a parser is at most 128 levels deep, and
//! [`validate`](super::validate()) refuses graphs well below that.

use std::cmp::Ordering;
use std::fmt::{self, Write};

use serde_json::{Map, Number, Value};

/// The canonical text of a value.
pub fn to_string(value: &Value) -> String {
    let mut text = String::new();
    // Writing into a String never fails.
    let _ = write(&mut text, value);
    text
}

/// Streams the canonical text of a value; fails only when the writer does.
pub fn write(out: &mut impl Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(true) => out.write_str("true"),
        Value::Bool(false) => out.write_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_str(out, text),
        Value::Array(items) => write_array(out, items, write),
        Value::Object(map) => write_map(out, map, |_| true),
    }
}

/// Whether two values are the same content: the order of members and the way a number is written make no
/// difference. Equal exactly when the canonical texts are, but without making them.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => same_map(left, right),
        _ => left == right,
    }
}

/// [`same`] for two sets of members.
pub fn same_map(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((name, value), (other, at_same_place))| {
            // Members mostly stand in the same order; then no lookup is needed.
            let counterpart = if name == other { Some(at_same_place) } else { right.get(name) };
            counterpart.is_some_and(|counterpart| same(value, counterpart))
        })
}

/// Writes the members that `keep` lets through.
pub(super) fn write_map(
    out: &mut impl Write,
    map: &Map<String, Value>,
    keep: impl Fn(&str) -> bool,
) -> fmt::Result {
    let mut members: Vec<_> = map.iter().filter(|(name, _)| keep(name)).collect();
    members.sort_unstable_by(|(left, _), (right, _)| compare_names(left, right));
    out.write_char('{')?;
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write_str(out, name)?;
        out.write_char(':')?;
        write(out, value)?;
    }
    out.write_char('}')
}

/// Writes items between brackets.
pub(super) fn write_array<W: Write, T>(
    out: &mut W,
    items: impl IntoIterator<Item = T>,
    each: impl Fn(&mut W, T) -> fmt::Result,
) -> fmt::Result {
    out.write_char('[')?;
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        each(out, item)?;
    }
    out.write_char(']')
}

/// Writes a quoted string.
pub(super) fn write_str(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut clean = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..0x20 => "",
            _ => continue,
        };
        out.write_str(&text[clean..at])?;
        if short.is_empty() {
            write!(out, "\\u{byte:04x}")?;
        } else {
            out.write_str(short)?;
        }
        clean = at + 1;
    }
    out.write_str(&text[clean..])?;
    out.write_char('"')
}

/// Writes a double the way ECMAScript does; what is not finite is `null`, as in `JSON.stringify`.
pub(super) fn write_f64(out: &mut impl Write, number: f64) -> fmt::Result {
    let size = number.abs();
    if !number.is_finite() {
        out.write_str("null")
    } else if size == 0.0 {
        out.write_char('0')
    } else if (1e-6..1e21).contains(&size) {
        write!(out, "{number}")
    } else if size >= 1e21 {
        // Rust leaves out the plus sign of the exponent.
        let text = format!("{number:e}");
        out.write_str(&text.replace('e', "e+"))
    } else {
        write!(out, "{number:e}")
    }
}

fn write_number(out: &mut impl Write, number: &Number) -> fmt::Result {
    match number.as_f64() {
        Some(double) if number.is_f64() => write_f64(out, double),
        _ => write!(out, "{number}"),
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    let text = |number| {
        let mut text = String::new();
        let _ = write_number(&mut text, number);
        text
    };
    // Two integers, or two doubles, are equal as they are; mixed forms are rare enough for the slow way.
    left == right || (left.is_f64() != right.is_f64() && text(left) == text(right))
}

/// RFC 8785 section 3.2.3: by UTF-16 code units, which differs from UTF-8 beyond the basic plane only.
fn compare_names(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        left.cmp(right)
    } else {
        left.encode_utf16().cmp(right.encode_utf16())
    }
}
