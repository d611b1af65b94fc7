//! The one settings record.

use serde::{Deserialize, Serialize};

use crate::store::{Record, Schema, Table, rule};
use crate::time::Entropy;

/// Made with the first account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Sealed; signs tokens.
    pub(crate) signing_secret: String,
    /// What the next account must bring.
    pub(crate) invite_code: String,
    /// Whether a used code is replaced.
    pub(crate) regenerate_after_signup: bool,
}

impl Record for Settings {
    const TABLE: Table = Table("settings");
    type Key = &'static str;

    fn key(&self) -> Self::Key {
        KEY
    }

    fn check(&self) -> Result<(), String> {
        rule(!self.signing_secret.is_empty(), "it cannot sign tokens")?;
        rule(!self.invite_code.is_empty(), "everybody may sign up")
    }
}

/// The key of the one record.
pub(crate) const KEY: &str = "server";

/// The name that binds the sealed signing secret to its record.
pub(crate) const SIGNING_RECORD: &str = "settings/server/signing-secret";

/// A new invite code: 16 letters and digits that are not easily confused, 79 bits; a six-digit one can be
/// guessed (contract 2.1).
pub(crate) fn fresh_code(entropy: &dyn Entropy) -> String {
    random_text(entropy, 16)
}

/// Random text over an alphabet of 32 characters, so that no character is more likely than another.
pub(crate) fn random_text(entropy: &dyn Entropy, length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    entropy.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Settings>()
}
