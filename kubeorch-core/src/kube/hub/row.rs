//! Objects as few bytes: 10,000 pods take less than 10 MB with all that holds them (`benches/watch`).
//!
//! A row is a compact encoding of the whole object, so a reader gets the object back as it was. Texts, lists and
//! maps that several objects share stand on the shelf of their set once, and rows name them by number.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::manifest::Object;

/// Smaller pieces are written out: a number with its entry on the shelf would take more.
const PIECE: usize = 6;

/// A piece goes on the shelf when so many objects have had it.
const SIGHTINGS: u8 = 3;

/// Pieces whose sightings are counted at one time; then the count begins anew. 0.5 MB.
const COUNTED: usize = 1 << 14;

/// The shelf takes no more than so many pieces; what comes then is written out.
const PIECES: usize = 1 << 16;

/// Deeper values than any server makes are cut, so that none exhausts the stack.
const DEPTH: usize = 100;

/// An encoded object.
#[derive(Clone)]
pub(super) struct Row {
    /// Of the content; two rows are equal when it is. Keyed at random, so nobody can make two that meet.
    pub(super) hash: u64,
    bytes: Arc<[u8]>,
}

/// What the objects of one set share. Pieces stay until the set is [written anew](Self::worn).
pub(super) struct Shelf {
    pieces: Vec<Arc<[u8]>>,
    numbers: HashMap<Arc<[u8]>, usize>,
    /// By a piece's hash: how many objects had it, and which was the last.
    seen: HashMap<u64, (u8, u32)>,
    object: u32,
    hasher: RandomState,
    /// How many pieces there were when the shelf was new.
    fresh: usize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new(RandomState::new())
    }
}

impl Shelf {
    fn new(hasher: RandomState) -> Self {
        Self {
            pieces: Vec::new(),
            numbers: HashMap::new(),
            seen: HashMap::new(),
            object: 0,
            hasher,
            fresh: 0,
        }
    }

    /// Encodes an object.
    pub(super) fn put(&mut self, object: &Object) -> Row {
        self.object = self.object.wrapping_add(1);
        let mut bytes = Vec::with_capacity(512);
        let hash = self.map(object.as_map(), &mut bytes, 0);
        Row { hash, bytes: bytes.into() }
    }

    /// A copy of the pieces, to decode rows elsewhere. Copies references.
    pub(super) fn pieces(&self) -> Pieces {
        Pieces(self.pieces.clone())
    }

    pub(super) fn read(&self, row: &Row) -> Option<Object> {
        read(&self.pieces, row)
    }

    /// Forgets which pieces were seen: a complete set brings no more by the thousand.
    pub(super) fn settle(&mut self) {
        self.seen = HashMap::new();
        self.pieces.shrink_to_fit();
    }

    /// Whether so much has been put here since it was new that much of it must be out of use.
    pub(super) fn worn(&self) -> bool {
        self.pieces.len() > 2 * self.fresh + 4096
    }

    /// A new shelf with these rows on it.
    pub(super) fn renew<'a>(&mut self, rows: impl Iterator<Item = &'a mut Row>) {
        let mut shelf = Self::new(self.hasher.clone());
        for row in rows {
            if let Some(object) = self.read(row) {
                *row = shelf.put(&object);
            }
        }
        shelf.settle();
        shelf.fresh = shelf.pieces.len();
        *self = shelf;
    }

    fn value(&mut self, value: &Value, out: &mut Vec<u8>, depth: usize) -> u64 {
        match value {
            Value::Null => out.push(NULL),
            Value::Bool(false) => out.push(FALSE),
            Value::Bool(true) => out.push(TRUE),
            Value::Number(number) => self::number(number, out),
            Value::String(text) => return self.text(text, out),
            _ if depth == DEPTH => out.push(NULL),
            Value::Array(items) => return self.array(items, out, depth + 1),
            Value::Object(members) => return self.map(members, out, depth + 1),
        }
        self.hasher.hash_one(value)
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) -> u64 {
        let from = out.len();
        if let Some(second) = second(text) {
            out.push(TIME);
            varint(second, out);
        } else if let Some(number) = uid(text) {
            out.push(UID);
            out.extend_from_slice(&number.to_be_bytes());
        } else {
            return self.name(text, out);
        }
        let hash = self.hasher.hash_one(text);
        self.shelve(from, hash, out);
        hash
    }

    /// A text as it is: what a member of a map is called.
    fn name(&mut self, text: &str, out: &mut Vec<u8>) -> u64 {
        let from = out.len();
        out.push(TEXT);
        length(text.len(), out);
        out.extend_from_slice(text.as_bytes());
        let hash = self.hasher.hash_one(text);
        self.shelve(from, hash, out);
        hash
    }

    fn array(&mut self, items: &[Value], out: &mut Vec<u8>, depth: usize) -> u64 {
        let from = out.len();
        let mut hasher = self.hasher.build_hasher();
        out.push(ARRAY);
        length(items.len(), out);
        for item in items {
            self.value(item, out, depth).hash(&mut hasher);
        }
        self.close(from, hasher, out)
    }

    fn map(&mut self, members: &Map<String, Value>, out: &mut Vec<u8>, depth: usize) -> u64 {
        let from = out.len();
        let mut hasher = self.hasher.build_hasher();
        out.push(MAP);
        length(members.len(), out);
        for (name, value) in members {
            self.name(name, out).hash(&mut hasher);
            self.value(value, out, depth).hash(&mut hasher);
        }
        self.close(from, hasher, out)
    }

    fn close(&mut self, from: usize, mut hasher: impl Hasher, out: &mut Vec<u8>) -> u64 {
        // A list is no map, and neither is the longer one that begins alike.
        out[from].hash(&mut hasher);
        let hash = hasher.finish();
        self.shelve(from, hash, out);
        hash
    }

    /// Puts what was written since `from` on the shelf where it belongs, and its number in its place.
    fn shelve(&mut self, from: usize, hash: u64, out: &mut Vec<u8>) {
        let piece = &out[from..];
        if piece.len() < PIECE {
            return;
        }
        let number = match self.numbers.get(piece).copied() {
            Some(number) => number,
            None if self.common(hash) && self.pieces.len() < PIECES => {
                let piece: Arc<[u8]> = piece.into();
                self.pieces.push(piece.clone());
                self.numbers.insert(piece, self.pieces.len() - 1);
                self.pieces.len() - 1
            }
            None => return,
        };
        out.truncate(from);
        out.push(SHELF);
        length(number, out);
    }

    /// Notes that the present object has a piece; says whether enough had it.
    fn common(&mut self, hash: u64) -> bool {
        if self.seen.len() >= COUNTED {
            self.seen.clear();
        }
        let (count, last) = self.seen.entry(hash).or_insert((0, self.object.wrapping_sub(1)));
        if *last != self.object {
            *last = self.object;
            *count += 1;
        }
        if *count < SIGHTINGS {
            return false;
        }
        self.seen.remove(&hash);
        true
    }
}

/// The pieces of a shelf as of one moment.
pub(super) struct Pieces(Vec<Arc<[u8]>>);

impl Pieces {
    pub(super) fn read(&self, row: &Row) -> Option<Object> {
        read(&self.0, row)
    }
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const POSITIVE: u8 = 3;
const NEGATIVE: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const ARRAY: u8 = 7;
const MAP: u8 = 8;
const SHELF: u8 = 9;
const TIME: u8 = 10;
const UID: u8 = 11;

/// The Unix second of a time as Kubernetes writes it, `2026-01-01T09:30:00Z`; a pod has seven.
fn second(text: &str) -> Option<u64> {
    if text.len() != 20 || !text.ends_with('Z') {
        return None;
    }
    let second = u64::try_from(text.parse::<Timestamp>().ok()?.as_second()).ok()?;
    (time(second)? == text).then_some(second)
}

fn time(second: u64) -> Option<String> {
    Timestamp::from_second(i64::try_from(second).ok()?).ok().map(|time| time.to_string())
}

/// The number of a uid, `00000000-0000-4000-8000-000000000000`.
fn uid(text: &str) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    let number = u128::from_str_radix(&text.split('-').collect::<String>(), 16).ok()?;
    (dashed(number) == text).then_some(number)
}

fn dashed(number: u128) -> String {
    let text = format!("{number:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

fn number(number: &Number, out: &mut Vec<u8>) {
    if let Some(positive) = number.as_u64() {
        out.push(POSITIVE);
        varint(positive, out);
    } else if let Some(negative) = number.as_i64() {
        out.push(NEGATIVE);
        varint(negative.unsigned_abs(), out);
    } else {
        out.push(FLOAT);
        out.extend_from_slice(&number.as_f64().unwrap_or_default().to_le_bytes());
    }
}

fn length(length: usize, out: &mut Vec<u8>) {
    varint(length as u64, out);
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn varint(mut rest: u64, out: &mut Vec<u8>) {
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// `None` for a row of another shelf; never for one of its own.
fn read(pieces: &[Arc<[u8]>], row: &Row) -> Option<Object> {
    let value = Reader { pieces, rest: &row.bytes }.value()?;
    Object::new(value).ok()
}

struct Reader<'a> {
    pieces: &'a [Arc<[u8]>],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            POSITIVE => Value::from(self.varint()?),
            NEGATIVE => Value::from(0_i64.checked_sub_unsigned(self.varint()?)?),
            FLOAT => Value::from(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            TEXT => Value::String(self.text()?.to_owned()),
            TIME => Value::String(time(self.varint()?)?),
            UID => Value::String(dashed(u128::from_be_bytes(self.take(16)?.try_into().ok()?))),
            ARRAY => {
                let count = self.length()?;
                Value::Array((0..count).map(|_| self.value()).collect::<Option<_>>()?)
            }
            MAP => {
                let mut members = Map::new();
                for _ in 0..self.length()? {
                    let name = self.name()?.to_owned();
                    members.insert(name, self.value()?);
                }
                Value::Object(members)
            }
            SHELF => self.shelved()?.value()?,
            _ => return None,
        })
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.byte()? {
            TEXT => self.text(),
            SHELF => self.shelved()?.name(),
            _ => None,
        }
    }

    fn shelved(&mut self) -> Option<Reader<'a>> {
        let number = self.length()?;
        Some(Reader { pieces: self.pieces, rest: self.pieces.get(number)? })
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(at: usize) -> Object {
        Object::new(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("web-{at}"), "namespace": "shop", "labels": { "app": "web", "empty": "" },
                "generation": 7, "uid": format!("{at:032x}") },
            "spec": { "containers": [{ "name": "web", "image": "nginx:1.29", "ports": [{ "containerPort": 80 }],
                "resources": { "limits": { "cpu": "500m", "memory": "128Mi" } } }], "nodeName": null, "x": {}, "y": [] },
            "status": { "ready": true, "lost": false, "least": i64::MIN, "most": u64::MAX, "part": -0.25, "ö": "ü" },
        }))
        .unwrap()
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let mut shelf = Shelf::default();
        let objects: Vec<_> = (0..50).map(pod).collect();
        let rows: Vec<_> = objects.iter().map(|object| shelf.put(object)).collect();
        for (object, row) in objects.iter().zip(&rows) {
            assert_eq!(shelf.read(row).as_ref(), Some(object));
            assert_eq!(shelf.pieces().read(row).as_ref(), Some(object));
        }
        // What all of them have is held once.
        let json = serde_json::to_string(&objects[0]).unwrap().len();
        assert!(rows[0].bytes.len() > 300 && rows[49].bytes.len() * 4 < json, "{}", rows[49].bytes.len());
    }

    #[test]
    fn texts_come_out_as_they_were_whatever_they_look_like() {
        let mut shelf = Shelf::default();
        let uid = "0190d3b4-7f2e-7c11-8a5d-00c0ffee0001";
        for (text, short) in [
            ("2026-01-01T09:30:00Z", true),
            ("1970-01-01T00:00:00Z", true),
            ("1969-12-31T23:59:59Z", false),
            ("2026-01-01t09:30:00Z", false),
            ("2026-01-01 09:30:00Z", false),
            ("2026-01-01T23:59:60Z", false),
            ("2026-02-30T09:30:00Z", false),
            ("9999-12-31T23:59:59Z", false),
            (uid, true),
            (&uid.to_uppercase(), false),
            ("0190d3b47f2e-7c11-8a5d-00c0ffee-0001", false),
            ("+190d3b4-7f2e-7c11-8a5d-00c0ffee0001", false),
            ("00000000-0000-0000-0000-000000000000", true),
            ("", false),
        ] {
            let object =
                json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" }, text: text });
            let object = Object::new(object).unwrap();
            let row = shelf.put(&object);
            assert_eq!(shelf.read(&row).unwrap(), object, "{text}");
            let mut out = Vec::new();
            shelf.text(text, &mut out);
            assert_eq!(out.len() < 20 && !text.is_empty(), short, "{text}");
        }
    }

    #[test]
    fn equal_objects_have_equal_hashes_however_they_are_written() {
        let mut shelf = Shelf::default();
        let first = shelf.put(&pod(1));
        let others: Vec<_> = (2..9).map(|at| shelf.put(&pod(at)).hash).collect();
        let again = shelf.put(&pod(1));
        assert!(first.hash == again.hash && first.bytes != again.bytes);
        assert!(!others.contains(&first.hash));
        for (one, other) in
            [(json!([]), json!({})), (json!(["a"]), json!("a")), (json!([[], []]), json!([[[]]]))]
        {
            let mut hash = |value: &Value| shelf.value(value, &mut Vec::new(), 0);
            assert_ne!(hash(&one), hash(&other), "{one} {other}");
        }
    }

    #[test]
    fn a_worn_shelf_is_renewed_without_a_change_to_its_objects() {
        let mut shelf = Shelf::default();
        let mut rows: Vec<_> = (0..4).map(|at| shelf.put(&pod(at))).collect();
        // Each label is seen often enough to stand on the shelf, and then never again.
        for round in 0..5000 {
            let mut object = pod(1);
            object.set_label("round", &format!("round number {round}"));
            for name in 0..4 {
                object.set_label("name", &name.to_string());
                shelf.put(&object);
            }
        }
        assert!(shelf.worn());
        let before: Vec<_> = rows.iter().map(|row| row.hash).collect();
        shelf.renew(rows.iter_mut());
        assert!(!shelf.worn() && shelf.pieces.len() < 100, "{}", shelf.pieces.len());
        for (at, row) in rows.iter().enumerate() {
            assert_eq!((shelf.read(row), row.hash), (Some(pod(at)), before[at]));
        }
    }

    #[test]
    fn a_value_that_is_too_deep_is_cut() {
        let mut deep = json!(1);
        for _ in 0..500 {
            deep = json!([deep]);
        }
        let object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" }, "x": deep });
        let mut shelf = Shelf::default();
        let row = shelf.put(&Object::new(object).unwrap());
        assert!(shelf.read(&row).is_some());
    }
}
