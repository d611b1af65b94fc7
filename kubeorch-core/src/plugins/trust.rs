//! Whose components may be installed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::{PublicKey, Signature};

use super::{Error, Release};

/// Bytes of a signature file; a usual one has 300.
pub(super) const MAX_SIGNATURE: usize = 4 << 10;

/// Whose components may be installed: by default nobody's, until a key is trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Signers that are trusted.
    pub keys: Vec<Key>,
    /// Takes components without a signature of a trusted key too. For development: whoever may install
    /// decides then alone what runs.
    pub allow_unsigned: bool,
}

/// A minisign public key.
#[derive(Debug, Clone)]
pub struct Key {
    id: String,
    key: PublicKey,
}

impl Key {
    /// Reads the key as minisign prints it: the line alone, or the file with its comment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let key = PublicKey::from_base64(line).map_err(|_| "it is not a minisign public key".to_owned())?;
        let id = key_id(line).ok_or("it is not a minisign public key")?;
        Ok(Self { id, key })
    }

    /// Its id in the form that minisign shows: 16 upper-case hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Algorithm (2 bytes), key id (8 bytes, shown as a little-endian number), then the key or signature itself.
fn key_id(line: &str) -> Option<String> {
    let bytes = STANDARD.decode(line).ok()?;
    let id: [u8; 8] = bytes.get(2..10)?.try_into().ok()?;
    Some(format!("{:016X}", u64::from_le_bytes(id)))
}

impl Trust {
    /// The id of the trusted key that signed a component, `None` for what may come unsigned. A signature of a trusted
    /// key that does not fit is refused in any case.
    pub(super) fn verify(&self, bytes: &[u8], signature: Option<&str>) -> Result<Option<String>, Error> {
        let unsigned = |reason: Error| if self.allow_unsigned { Ok(None) } else { Err(reason) };
        let Some(text) = signature else { return unsigned(Error::Unsigned) };
        let signer = text.lines().nth(1).and_then(|line| key_id(line.trim()));
        let (Ok(signature), Some(signer)) = (Signature::decode(text.trim()), signer) else {
            return Err(Error::BadSignature("it is not a minisign signature".into()));
        };
        let Some(key) = self.keys.iter().find(|key| key.id == signer) else {
            return unsigned(Error::UnknownSigner(signer));
        };
        match key.key.verify(bytes, &signature, false) {
            Ok(()) => Ok(Some(signer)),
            Err(error) => Err(Error::BadSignature(format!("key {signer}: {error}"))),
        }
    }

    /// Whether a version that was installed under earlier rules may still run.
    pub(super) fn admits(&self, release: &Release) -> Result<(), Error> {
        match &release.signer {
            _ if self.allow_unsigned => Ok(()),
            Some(signer) if self.keys.iter().any(|key| key.id == *signer) => Ok(()),
            Some(signer) => Err(Error::UnknownSigner(signer.clone())),
            None => Err(Error::Unsigned),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use minisign::KeyPair;

    use super::*;

    fn sign(pair: &KeyPair, bytes: &[u8]) -> String {
        minisign::sign(Some(&pair.pk), &pair.sk, Cursor::new(bytes), None, None).unwrap().into_string()
    }

    /// The signer, or the error's begin.
    type Answer = Result<Option<String>, &'static str>;

    #[test]
    fn only_what_a_trusted_key_signed_is_taken() {
        let ours = KeyPair::generate_unencrypted_keypair().unwrap();
        let theirs = KeyPair::generate_unencrypted_keypair().unwrap();
        let key = Key::parse(&ours.pk.to_box().unwrap().into_string()).unwrap();
        assert_eq!(Key::parse(&ours.pk.to_base64()).unwrap().id(), key.id());
        let comment = ours.pk.to_box().unwrap().into_string();
        assert!(comment.contains(key.id()), "minisign shows the same id: {comment}");

        let strict = Trust { keys: vec![key.clone()], allow_unsigned: false };
        let loose = Trust { allow_unsigned: true, ..strict.clone() };
        let (good, foreign) = (sign(&ours, b"bytes"), sign(&theirs, b"bytes"));
        let other = sign(&ours, b"other bytes");
        let signed = Some(key.id().to_owned());
        // What each policy answers.
        let rows: [(Option<&str>, Answer, Answer); 5] = [
            (Some(&good), Ok(signed.clone()), Ok(signed)),
            (None, Err("the component is not signed"), Ok(None)),
            (Some(&foreign), Err("the component is signed by key"), Ok(None)),
            (Some(&other), Err("the signature is refused"), Err("the signature is refused")),
            (Some("nonsense"), Err("the signature is refused"), Err("the signature is refused")),
        ];
        for (signature, strictly, loosely) in rows {
            for (trust, expected) in [(&strict, strictly), (&loose, loosely)] {
                match (trust.verify(b"bytes", signature), expected) {
                    (Ok(signer), Ok(expected)) => assert_eq!(signer, expected),
                    (Err(error), Err(begin)) => assert!(error.to_string().starts_with(begin), "{error}"),
                    (found, expected) => panic!("{found:?}, not {expected:?} for {signature:?}"),
                }
            }
        }
    }
}
