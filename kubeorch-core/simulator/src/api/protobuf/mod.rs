//! Request bodies in Kubernetes' protobuf encoding, for the kinds that `kubectl` sends so.
//!
//! Protobuf names fields by number, so each kind needs its own table. Kinds without a table, and fields
//! that say something a table does not know, are refused: nothing gets lost on the way.

mod tables;

use serde_json::{Map, Value, json};

use crate::defaults::base64;
use crate::value::put;

/// What every protobuf object begins with.
const MAGIC: &[u8] = b"k8s\0";
/// Messages in messages; no kind comes near, and a body can't make the reader run out of stack.
const DEPTH: usize = 32;

/// How a field's bytes are meant.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    /// A number or a text, as `maxSurge`.
    IntOrText,
    TextMap,
    BytesMap,
    Quantity,
    /// Resource quantities by name.
    QuantityMap,
    TextList,
    Nested(Table),
    /// A list of messages.
    Messages(Table),
    /// A message whose fields JSON shows as its parent's.
    Inline(Table),
    /// Of no meaning in a request.
    Ignored,
}

/// Number, JSON name, meaning of each field.
type Table = &'static [(u64, &'static str, Kind)];

/// The object, or `None` when it is malformed or of a kind not known here.
pub(super) fn decode(body: &[u8]) -> Option<Value> {
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, value) in Reader(body.strip_prefix(MAGIC)?) {
        match (number, value?) {
            (1, Wire::Bytes(meta)) => {
                for (number, value) in Reader(meta) {
                    match (number, value?) {
                        (1, Wire::Bytes(text)) => version = String::from_utf8(text.to_vec()).ok()?,
                        (2, Wire::Bytes(text)) => kind = String::from_utf8(text.to_vec()).ok()?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(found)) => raw = found,
            _ => {}
        }
    }
    let mut object = message(raw, tables::of(&version, &kind)?, DEPTH)?;
    put(&mut object, &["apiVersion"], version);
    put(&mut object, &["kind"], kind);
    Some(object)
}

fn message(bytes: &[u8], table: Table, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut out = Map::new();
    for (number, value) in Reader(bytes) {
        let value = value?;
        let Some((_, name, kind)) = table.iter().find(|(known, _, _)| *known == number) else {
            if value.is_empty() {
                continue;
            }
            return None;
        };
        field(&mut out, name, *kind, &value, depth)?;
    }
    Some(Value::Object(out))
}

fn field(out: &mut Map<String, Value>, name: &str, kind: Kind, value: &Wire<'_>, depth: usize) -> Option<()> {
    let mut set = |value: Value| drop(out.insert(name.to_owned(), value));
    match (kind, *value) {
        // Typed clients send empty strings for what isn't set.
        (Kind::Ignored, _) | (Kind::Text, Wire::Bytes([])) => {}
        (Kind::Text, Wire::Bytes(bytes)) => set(text(bytes)?),
        (Kind::Flag, Wire::Number(number)) => set((number != 0).into()),
        // Negative numbers are written as their two's complement.
        (Kind::Number, Wire::Number(number)) => set(number.cast_signed().into()),
        (Kind::Quantity, Wire::Bytes(bytes)) => set(quantity(bytes)?),
        (Kind::IntOrText, Wire::Bytes(bytes)) => set(int_or_text(bytes)?),
        (Kind::Nested(table), Wire::Bytes(bytes)) => set(message(bytes, table, depth)?),
        (Kind::Inline(table), Wire::Bytes(bytes)) => {
            if let Value::Object(fields) = message(bytes, table, depth)? {
                out.extend(fields);
            }
        }
        (Kind::TextList, Wire::Bytes(bytes)) => push(out, name, text(bytes)?)?,
        (Kind::Messages(table), Wire::Bytes(bytes)) => push(out, name, message(bytes, table, depth)?)?,
        (Kind::TextMap | Kind::BytesMap | Kind::QuantityMap, Wire::Bytes(bytes)) => {
            let (key, value) = pair(bytes)?;
            let value = match kind {
                Kind::TextMap => text(value)?,
                Kind::BytesMap => base64(value).into(),
                _ => quantity(value)?,
            };
            out.entry(name.to_owned()).or_insert_with(|| json!({})).as_object_mut()?.insert(key, value);
        }
        _ => return None,
    }
    Some(())
}

fn push(out: &mut Map<String, Value>, name: &str, value: Value) -> Option<()> {
    out.entry(name.to_owned()).or_insert_with(|| json!([])).as_array_mut()?.push(value);
    Some(())
}

/// `Quantity`: its text is field 1.
fn quantity(bytes: &[u8]) -> Option<Value> {
    let mut out = None;
    for (number, value) in Reader(bytes) {
        if let (1, Wire::Bytes(bytes)) = (number, value?) {
            out = Some(text(bytes)?);
        }
    }
    out
}

/// `IntOrString`: which of the two, the number, the text.
fn int_or_text(bytes: &[u8]) -> Option<Value> {
    let (mut is_text, mut number, mut string) = (false, 0, Value::Null);
    for (field, value) in Reader(bytes) {
        match (field, value?) {
            (1, Wire::Number(kind)) => is_text = kind == 1,
            (2, Wire::Number(value)) => number = value.cast_signed(),
            (3, Wire::Bytes(bytes)) => string = text(bytes)?,
            _ => return None,
        }
    }
    Some(if is_text { string } else { number.into() })
}

fn text(bytes: &[u8]) -> Option<Value> {
    std::str::from_utf8(bytes).ok().map(Value::from)
}

fn pair(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (mut key, mut value) = (String::new(), &[][..]);
    for (number, found) in Reader(bytes) {
        match (number, found?) {
            (1, Wire::Bytes(bytes)) => key = String::from_utf8(bytes.to_vec()).ok()?,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Some((key, value))
}

#[derive(Clone, Copy)]
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Wire<'_> {
    /// Says nothing: what typed clients send for fields that aren't set.
    fn is_empty(self) -> bool {
        matches!(self, Self::Number(0) | Self::Bytes([]))
    }
}

/// The fields of a message; a malformed rest is one `None`.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut out = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(out);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(found)
    }

    fn value(&mut self, wire: u64) -> Option<Wire<'a>> {
        match wire {
            0 => self.varint().map(Wire::Number),
            1 => self.take(8).map(Wire::Bytes),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length).map(Wire::Bytes)
            }
            5 => self.take(4).map(Wire::Bytes),
            _ => None,
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = (u64, Option<Wire<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.varint().and_then(|key| Some((key >> 3, self.value(key & 7)?)));
        let Some((number, value)) = field else {
            self.0 = &[];
            return Some((0, None));
        };
        Some((number, Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    }

    #[test]
    fn small_kinds_are_read_and_broken_bytes_refused() {
        let meta = [field(1, b"v1"), field(2, b"Secret")].concat();
        let pair = [field(1, b"k"), field(2, b"hello")].concat();
        let object = [field(1, &field(1, b"a")), field(2, &pair), field(3, b"")].concat();
        let body = [MAGIC.to_vec(), field(1, &meta), field(2, &object)].concat();
        let expected = json!({
            "metadata": { "name": "a" }, "data": { "k": "aGVsbG8=" }, "apiVersion": "v1", "kind": "Secret",
        });
        assert_eq!(decode(&body), Some(expected));
        assert_eq!(decode(b""), None);
        for end in 5..body.len() {
            // Cut anywhere: no panic, and never an object with half its fields unless a field ended there.
            let _ = decode(&body[..end]);
        }
        assert_eq!(decode(&body[..body.len() - 1]), None);
        // A field nobody knows is harmless while it is empty, and refused when it says something.
        for (extra, read) in [(&b""[..], true), (&b"x"[..], false)] {
            let object = [field(1, &field(1, b"a")), field(15, extra)].concat();
            let body = [MAGIC.to_vec(), field(1, &meta), field(2, &object)].concat();
            assert_eq!(decode(&body).is_some(), read);
        }
    }
}
