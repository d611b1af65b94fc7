//! Leaves of an object that the host fills at apply time.
//!
//! Values given at run time never enter a plugin. Where one belongs, the plugin leaves a placeholder. The host takes the
//! value given with the run, else what the live object holds, else makes one (`generate`), else the default; without
//! any of these a secret is an error and an environment entry is dropped.

use serde_json::{Map, Value};

/// How the host writes the value into the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encode {
    /// As it is.
    Plain,
    /// Base64 of the UTF-8 bytes.
    Base64,
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime<'a> {
    from: &'static str,
    key: &'a str,
    encode: Encode,
    generate: Option<i64>,
    default: Option<String>,
}

impl<'a> Runtime<'a> {
    /// The value of a key of a Secret, as base64.
    pub fn secret(key: &'a str) -> Self {
        Self { from: "secret", key, encode: Encode::Base64, generate: None, default: None }
    }

    /// The value of an environment variable, as it is.
    pub fn env(key: &'a str) -> Self {
        Self { from: "env", key, encode: Encode::Plain, generate: None, default: None }
    }

    /// Make a random value of that many characters when there is none.
    #[must_use]
    pub fn generate(mut self, characters: Option<i64>) -> Self {
        self.generate = characters;
        self
    }

    /// The value when there is no other.
    #[must_use]
    pub fn default_value(mut self, value: Option<String>) -> Self {
        self.default = value;
        self
    }
}

impl From<Runtime<'_>> for Value {
    fn from(runtime: Runtime<'_>) -> Self {
        let mut inner = Map::new();
        inner.insert("from".to_owned(), runtime.from.into());
        inner.insert("key".to_owned(), runtime.key.into());
        let encode = if runtime.encode == Encode::Base64 { "base64" } else { "plain" };
        inner.insert("encode".to_owned(), encode.into());
        if let Some(characters) = runtime.generate {
            inner.insert("generate".to_owned(), characters.into());
        }
        if let Some(value) = runtime.default {
            inner.insert("default".to_owned(), value.into());
        }
        let mut outer = Map::new();
        outer.insert("$runtime".to_owned(), inner.into());
        outer.into()
    }
}
