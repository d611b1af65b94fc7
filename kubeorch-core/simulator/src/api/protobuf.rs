//! Request bodies in Kubernetes' protobuf encoding, for the small kinds that `kubectl create` sends so.
//!
//! Protobuf names fields by number, so each kind needs its own table; those here are of the public
//! `.proto` files of `k8s.io/api`. Other kinds are refused, and their clients use JSON.

use serde_json::{Map, Value, json};

use crate::defaults::base64;
use crate::value::put;

/// What every protobuf object begins with.
const MAGIC: &[u8] = b"k8s\0";

/// How a field's bytes are meant.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    TextMap,
    BytesMap,
    TextList,
    Nested(&'static [Field]),
}

/// Number, JSON name, meaning.
type Field = (u64, &'static str, Kind);

const META: &[Field] = &[
    (1, "name", Kind::Text),
    (2, "generateName", Kind::Text),
    (3, "namespace", Kind::Text),
    (5, "uid", Kind::Text),
    (6, "resourceVersion", Kind::Text),
    (11, "labels", Kind::TextMap),
    (12, "annotations", Kind::TextMap),
    (14, "finalizers", Kind::TextList),
];
const CONFIG_MAP: &[Field] = &[
    (1, "metadata", Kind::Nested(META)),
    (2, "data", Kind::TextMap),
    (3, "binaryData", Kind::BytesMap),
    (4, "immutable", Kind::Flag),
];
const SECRET: &[Field] = &[
    (1, "metadata", Kind::Nested(META)),
    (2, "data", Kind::BytesMap),
    (3, "type", Kind::Text),
    (4, "stringData", Kind::TextMap),
    (5, "immutable", Kind::Flag),
];
/// Kinds of which only the metadata matters when they are created.
const PLAIN: &[Field] = &[(1, "metadata", Kind::Nested(META))];

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
    let fields = match (version.as_str(), kind.as_str()) {
        ("v1", "ConfigMap") => CONFIG_MAP,
        ("v1", "Secret") => SECRET,
        ("v1", "Namespace" | "ServiceAccount") => PLAIN,
        _ => return None,
    };
    let mut object = message(raw, fields)?;
    put(&mut object, &["apiVersion"], version);
    put(&mut object, &["kind"], kind);
    Some(object)
}

fn message(bytes: &[u8], fields: &[Field]) -> Option<Value> {
    let mut out = Map::new();
    for (number, value) in Reader(bytes) {
        let value = value?;
        let Some((_, name, kind)) = fields.iter().find(|(known, _, _)| *known == number) else { continue };
        let slot = out.entry((*name).to_owned());
        match (kind, value) {
            (Kind::Text, Wire::Bytes(bytes)) => {
                // Typed clients send empty strings for what isn't set.
                if !bytes.is_empty() {
                    *slot.or_insert(Value::Null) = text(bytes)?;
                }
            }
            (Kind::Flag, Wire::Number(number)) => *slot.or_insert(Value::Null) = (number != 0).into(),
            (Kind::TextList, Wire::Bytes(bytes)) => {
                slot.or_insert_with(|| json!([])).as_array_mut()?.push(text(bytes)?);
            }
            (Kind::Nested(fields), Wire::Bytes(bytes)) => {
                *slot.or_insert(Value::Null) = message(bytes, fields)?;
            }
            (Kind::TextMap | Kind::BytesMap, Wire::Bytes(bytes)) => {
                let (key, value) = pair(bytes)?;
                let value = if matches!(kind, Kind::TextMap) { text(value)? } else { base64(value).into() };
                slot.or_insert_with(|| json!({})).as_object_mut()?.insert(key, value);
            }
            _ => return None,
        }
    }
    Some(Value::Object(out))
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

enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
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
    }
}
