//! Values that must not be seen: a type that cannot be printed or serialised, and the cipher that
//! seals it for the store.
//!
//! Sealed form: `<key id>.<base64 of nonce, ciphertext and tag>`, AES-256-GCM with a random 96-bit
//! nonce, bound to the record by additional data. The key id lets old values be opened after the key was
//! changed. At 2^32 seals per key a nonce may repeat (NIST SP 800-38D section 8.3); rotate before that.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::time::Entropy;

/// A secret text: no `Debug`, no `Serialize`, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over; the caller's copy is the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Every call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A value that [`Sealer::open`] cannot open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: another key, another record, or changed bytes")]
pub struct OpenError;

/// Seals secrets for the store. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<BTreeMap<String, LessSafeKey>>,
    current: Arc<str>,
    entropy: Arc<dyn Entropy>,
}

impl Sealer {
    /// Seals with the first key; opens with any of them. A key is any text: 32 bytes in base64 are taken as they
    /// are, everything else is hashed (contract 8.3).
    pub fn new(first: &Secret, older: &[Secret], entropy: Arc<dyn Entropy>) -> Self {
        let mut keys = BTreeMap::new();
        let current = insert(&mut keys, first);
        for key in older {
            insert(&mut keys, key);
        }
        Self { keys: Arc::new(keys), current: current.into(), entropy }
    }

    /// Seals a secret for one record; `record` names it and must be given again to open.
    pub fn seal(&self, record: &str, secret: &Secret) -> String {
        let mut nonce = [0; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let mut bytes = secret.expose().as_bytes().to_vec();
        let sealed = self.keys[&*self.current].seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(record.as_bytes()),
            &mut bytes,
        );
        // AES-GCM refuses only inputs over 64 GiB.
        sealed.expect("a secret is shorter than the cipher's limit");
        let mut out = nonce.to_vec();
        out.append(&mut bytes);
        format!("{}.{}", self.current, STANDARD.encode(out))
    }

    /// Opens what [`Self::seal`] made for the same record.
    pub fn open(&self, record: &str, sealed: &str) -> Result<Secret, OpenError> {
        let (key_id, text) = sealed.split_once('.').ok_or(OpenError)?;
        let key = self.keys.get(key_id).ok_or(OpenError)?;
        let mut bytes = STANDARD.decode(text).map_err(|_| OpenError)?;
        if bytes.len() < NONCE_LEN {
            return Err(OpenError);
        }
        let mut body = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| OpenError)?;
        let plain =
            key.open_in_place(nonce, Aad::from(record.as_bytes()), &mut body).map_err(|_| OpenError)?;
        let text = std::str::from_utf8(plain).map(Secret::new).map_err(|_| OpenError);
        body.zeroize();
        text
    }
}

fn insert(keys: &mut BTreeMap<String, LessSafeKey>, text: &Secret) -> String {
    let mut bytes = match STANDARD.decode(text.expose()) {
        Ok(bytes) if bytes.len() == 32 => bytes,
        _ => Sha256::digest(text.expose().as_bytes()).to_vec(),
    };
    let id: String = Sha256::digest(&bytes)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("an AES-256 key has 32 bytes");
    bytes.zeroize();
    keys.insert(id.clone(), LessSafeKey::new(key));
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededEntropy;

    fn sealer(first: &str, older: &[&str]) -> Sealer {
        let older: Vec<_> = older.iter().map(|key| Secret::new(*key)).collect();
        Sealer::new(&Secret::new(first), &older, Arc::new(SeededEntropy::new(1)))
    }

    #[test]
    fn opens_only_with_the_same_key_record_and_bytes() {
        let one = sealer("one", &[]);
        let sealed = one.seal("cluster/1/token", &Secret::new("s3cr3t"));
        assert!(!sealed.contains("s3cr3t"));
        let opened = |sealer: &Sealer, record: &str, sealed: &str| {
            sealer.open(record, sealed).map(|secret| secret.expose().to_owned())
        };
        assert_eq!(opened(&one, "cluster/1/token", &sealed), Ok("s3cr3t".to_owned()));
        assert_eq!(opened(&sealer("two", &["one"]), "cluster/1/token", &sealed), Ok("s3cr3t".to_owned()));
        assert_eq!(opened(&one, "cluster/2/token", &sealed), Err(OpenError));
        assert_eq!(opened(&sealer("two", &[]), "cluster/1/token", &sealed), Err(OpenError));
        for broken in ["", ".", "x", &sealed[..sealed.len() - 4], &sealed.replace('.', ".AAAA")] {
            assert_eq!(opened(&one, "cluster/1/token", broken), Err(OpenError), "{broken}");
        }
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let sealer = sealer("k", &[]);
        let text = Secret::new("same");
        assert_ne!(sealer.seal("r", &text), sealer.seal("r", &text));
    }
}
