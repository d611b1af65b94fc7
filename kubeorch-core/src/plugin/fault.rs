//! What is known of a call that ended without an answer.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A call that a guest began and did not end with an answer. The texts in it are bounded and without control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The plugin's id; the file's name while it is loaded.
    pub plugin: String,
    /// Its version; empty while it is loaded.
    pub version: String,
    /// The first 12 hex digits of the component's SHA-256; empty while it is loaded.
    pub digest: String,
    /// The export that was called.
    pub export: &'static str,
    /// What sort of fault.
    pub kind: FaultKind,
    /// What happened: for a limit its name (`time`, `memory`, `output`, …), else a sentence fragment.
    pub reason: String,
    /// From the start of the call; zero where it was refused before.
    pub elapsed: Duration,
    /// Where the guest was, the innermost function first, at most 20; names only where the component keeps them.
    pub frames: Vec<String>,
    /// The last lines that the guest logged, at most 16.
    pub log: Vec<String>,
}

/// Sorts of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The deadline passed.
    Timeout,
    /// It wanted more linear memory than it may have, and could not do without.
    Memory,
    /// Its calls went too deep.
    Stack,
    /// It trapped: a panic, an access out of bounds, a division by zero.
    Panic,
    /// It passed another limit: input, output, table, host calls, handles.
    Limit,
    /// It answered what the contract does not allow.
    Contract,
    /// It refused the call as a whole, in the way that the contract has for it. Not the plugin's fault.
    Rejected,
    /// The host failed. Not the plugin's fault.
    Host,
}

impl FaultKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Timeout,
        Self::Memory,
        Self::Stack,
        Self::Panic,
        Self::Limit,
        Self::Contract,
        Self::Rejected,
        Self::Host,
    ];

    /// Its word in labels of metrics: `timeout`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Panic => "panic",
            Self::Limit => "limit",
            Self::Contract => "contract",
            Self::Rejected => "rejected",
            Self::Host => "host",
        }
    }

    /// Whether it speaks against the plugin, and counts towards its quarantine.
    pub fn blames_plugin(self) -> bool {
        !matches!(self, Self::Rejected | Self::Host)
    }
}

impl Fault {
    /// Whether a limit was passed; [`reason`](Self::reason) is its name.
    pub fn is_limit(&self) -> bool {
        matches!(self.kind, FaultKind::Timeout | FaultKind::Memory | FaultKind::Stack | FaultKind::Limit)
    }

    /// For programs and for the log: everything but who and why, which the text says.
    pub(super) fn detail(&self) -> serde_json::Value {
        json!({
            "plugin": self.plugin,
            "version": self.version,
            "digest": self.digest,
            "export": self.export,
            "kind": self.kind,
            "elapsedMs": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            "frames": self.frames,
            "log": self.log,
        })
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, export, reason, .. } = self;
        if self.is_limit() {
            write!(f, "plugin {plugin} passed its {reason} limit in {export}")
        } else {
            write!(f, "plugin {plugin} failed in {export}: {reason}")
        }
    }
}
