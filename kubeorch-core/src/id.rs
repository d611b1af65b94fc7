//! Identifiers: 24 lower-case hex digits whose first is a letter, ordered by time of creation.
//!
//! Layout: the digit `a`, 44 bits of Unix milliseconds (enough until the year 2527), 48 random bits. The
//! letter in front keeps YAML and spreadsheets from reading an id as a number. Ids that come from
//! elsewhere may be any 24 hex digits (contract 1.7).

use std::fmt;
use std::str::FromStr;

use parking_lot::Mutex;

use crate::time::{Clock, Entropy, Time};

/// Text that is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 24 hex digits")]
pub struct ParseError;

/// 12 bytes, shown as 24 hex digits. The typed ids below wrap it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Raw([u8; 12]);

impl Raw {
    /// The bytes, in sort order.
    pub fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// An id from a name, the same on every machine: for objects that a file names and no store numbered.
    pub fn derived(parts: &[&str]) -> Self {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&digest[..12]);
        bytes[0] = 0xd0 | (bytes[0] & 0x0f);
        Self(bytes)
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Raw {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut bytes = [0; 12];
        if text.len() != 24 || !text.is_ascii() {
            return Err(ParseError);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |c: u8| (c as char).to_digit(16).filter(|_| !c.is_ascii_uppercase());
            let (high, low) = digit(pair[0]).zip(digit(pair[1])).ok_or(ParseError)?;
            *byte = u8::try_from(high * 16 + low).map_err(|_| ParseError)?;
        }
        Ok(Self(bytes))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Raw);

        impl $name {
            /// The bytes, in sort order.
            pub fn as_bytes(&self) -> &[u8; 12] {
                self.0.as_bytes()
            }

            /// The untyped id.
            pub fn raw(self) -> Raw {
                self.0
            }
        }

        impl From<Raw> for $name {
            fn from(raw: Raw) -> Self {
                Self(raw)
            }
        }

        impl From<$name> for Raw {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                text.parse().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A user account.
    UserId
    /// A project (the Flow-Like `app`).
    ProjectId
    /// A workflow.
    WorkflowId
    /// A stored version of a workflow.
    VersionId
    /// A run of a workflow.
    RunId
    /// A cluster.
    ClusterId
    /// An entry of a cluster's connection log.
    LogId
}

/// Makes new ids: strictly rising within one process even inside a millisecond.
pub struct Ids {
    clock: std::sync::Arc<dyn Clock>,
    entropy: std::sync::Arc<dyn Entropy>,
    last: Mutex<(u64, u64)>,
}

impl Ids {
    /// A generator over an injected clock and source of randomness.
    pub fn new(clock: std::sync::Arc<dyn Clock>, entropy: std::sync::Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Mutex::new((0, 0)) }
    }

    /// The next id.
    pub fn next<T: From<Raw>>(&self) -> T {
        let now = self.clock.now().as_millis().unsigned_abs() & 0x0fff_ffff_ffff;
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        let mut tail = u64::from_be_bytes(random) & 0xffff_ffff_ffff;
        let mut last = self.last.lock();
        let millis = now.max(last.0);
        if millis == last.0 && tail <= last.1 {
            tail = last.1 + 1;
        }
        // 2^48 ids in one millisecond cannot be reached; the mask keeps the layout all the same.
        *last = (millis, tail & 0xffff_ffff_ffff);
        let mut bytes = [0; 12];
        bytes[..6].copy_from_slice(&(0xa000_0000_0000 | millis).to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&last.1.to_be_bytes()[2..]);
        T::from(Raw(bytes))
    }

    /// The current time of the generator's clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{ManualClock, SeededEntropy};

    #[test]
    fn ids_rise_within_a_millisecond_and_start_with_a_letter() {
        let clock = std::sync::Arc::new(ManualClock::at_millis(1_767_225_600_000));
        let ids = Ids::new(clock, std::sync::Arc::new(SeededEntropy::new(7)));
        let made: Vec<WorkflowId> = (0..1000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        for id in &made {
            let text = id.to_string();
            assert_eq!(text.len(), 24);
            assert!(text.starts_with('a'), "{text}");
            assert_eq!(text.parse::<WorkflowId>(), Ok(*id));
        }
    }

    #[test]
    fn only_24_lower_case_hex_digits_parse() {
        for (text, good) in [
            ("66a1f0c2b7d84e0012ab34cd", true),
            ("66A1f0c2b7d84e0012ab34cd", false),
            ("66a1f0c2b7d84e0012ab34c", false),
            ("66a1f0c2b7d84e0012ab34cdd", false),
            ("66a1f0c2b7d84e0012ab34cg", false),
            ("ä6a1f0c2b7d84e0012ab34c", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<UserId>().is_ok(), good, "{text}");
        }
    }

    #[test]
    fn derived_ids_tell_their_parts_apart() {
        assert_eq!(Raw::derived(&["a", "b"]), Raw::derived(&["a", "b"]));
        assert_ne!(Raw::derived(&["a", "b"]), Raw::derived(&["ab", ""]));
        assert!(Raw::derived(&["shop"]).to_string().starts_with('d'));
    }
}
