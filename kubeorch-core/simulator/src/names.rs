//! Seeded generator of uids, name suffixes and template hashes.

use serde_json::Value;

/// The characters Kubernetes uses in generated names: no vowels, nothing easily misread.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A splitmix64 sequence: the same seed gives the same names. Not for secrets.
#[derive(Debug)]
pub(crate) struct Names {
    state: u64,
}

/// The finishing step of splitmix64: neighbours in, nothing alike out.
pub(crate) fn mix(value: u64) -> u64 {
    let mut mixed = value;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Names {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A version 4 UUID.
    pub(crate) fn uid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// Five characters, as `generateName` appends them.
    pub(crate) fn suffix(&mut self) -> String {
        let mut bits = self.next();
        (0..5)
            .map(|_| {
                let at = bits % ALPHABET.len() as u64;
                bits /= ALPHABET.len() as u64;
                char::from(ALPHABET[usize::try_from(at).unwrap_or_default()])
            })
            .collect()
    }
}

/// A short hash of a pod template, safe in names and labels; equal templates hash equally whatever
/// the order of their fields.
pub(crate) fn template_hash(template: &Value, collisions: i64) -> String {
    let mut hash = Fnv(0x811c_9dc5);
    hash.value(template);
    if collisions > 0 {
        hash.bytes(&collisions.to_le_bytes());
    }
    hash.0
        .to_string()
        .bytes()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

/// FNV-1a, 32 bits: the family Kubernetes itself uses for this purpose.
struct Fnv(u32);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.keys().collect();
                keys.sort_unstable();
                for key in keys {
                    self.bytes(key.as_bytes());
                    self.bytes(b"{");
                    self.value(&map[key]);
                }
                self.bytes(b"}");
            }
            Value::Array(items) => {
                for item in items {
                    self.value(item);
                    self.bytes(b",");
                }
                self.bytes(b"]");
            }
            scalar => self.bytes(scalar.to_string().as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (mut a, mut b, mut c) = (Names::new(7), Names::new(7), Names::new(8));
        let first = (a.uid(), a.suffix());
        assert_eq!(first, (b.uid(), b.suffix()));
        assert_ne!(first, (c.uid(), c.suffix()));
        assert_eq!(first.0.len(), 36);
        assert_eq!(first.1.len(), 5);
    }

    #[test]
    fn the_template_hash_ignores_field_order_only() {
        let hash = |value: &Value| template_hash(value, 0);
        assert_eq!(hash(&json!({"a": 1, "b": [1, 2]})), hash(&json!({"b": [1, 2], "a": 1})));
        assert_ne!(hash(&json!({"a": 1, "b": [1, 2]})), hash(&json!({"a": 1, "b": [2, 1]})));
        assert_ne!(template_hash(&json!({}), 0), template_hash(&json!({}), 1));
    }
}
