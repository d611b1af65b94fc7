//! What a check found.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Describe;
pub use crate::error::Severity;
use crate::plugin::wasm::probe::Measured;
use crate::plugin::wasm::{Limits, Plugin};
use crate::plugin::{Error, PluginInfo};

/// Findings that a report lists; a plugin that goes wrong everywhere goes wrong in the same way.
const LISTED: usize = 100;

/// Something that a host will refuse, or that users will stumble over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// An error: a host does not take the plugin, or gives its users an error.
    pub severity: Severity,
    /// Stable identifier, `<part>.<what>`.
    pub code: String,
    /// What it is about: `namespace parameters.cpu`, `render with empty data`.
    pub subject: String,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}

/// The most that the calls of one function took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peak {
    /// The function.
    pub function: &'static str,
    /// Calls of it.
    pub calls: usize,
    /// Wall-clock time, in microseconds.
    pub micros: u64,
    /// Linear memory, in bytes.
    pub memory: usize,
    /// The answer, in bytes.
    pub output: usize,
}

/// A machine-readable account of one component.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was checked.
    pub file: String,
    /// Bytes of it.
    pub size: usize,
    /// SHA-256 of it, in lower-case hex.
    pub sha256: String,
    /// Who it says it is, when it could be asked.
    pub plugin: Option<PluginInfo>,
    /// What it asks its host for.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
    /// Names of its node types.
    pub node_types: Vec<String>,
    /// Calls that were made and judged.
    pub calls: usize,
    /// The most that each function took.
    pub peaks: Vec<Peak>,
    /// What is wrong, errors first.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    pub more: usize,
}

impl Report {
    /// Whether a host takes the plugin and its users get answers.
    pub fn passed(&self) -> bool {
        !self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    pub(super) fn new(file: &str, bytes: &[u8]) -> Self {
        Self {
            file: file.to_owned(),
            size: bytes.len(),
            sha256: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            plugin: None,
            imports: Vec::new(),
            exports: Vec::new(),
            node_types: Vec::new(),
            calls: 0,
            peaks: Vec::new(),
            findings: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn loaded(&mut self, plugin: &Plugin) {
        (self.imports, self.exports) = plugin.interface();
        self.plugin = Some(plugin.info().clone());
        self.node_types = plugin.node_types().iter().map(|node_type| node_type.name.clone()).collect();
    }

    /// The host does not take it.
    pub(super) fn refused(&mut self, error: &Error) {
        let (code, reason) = match error {
            Error::Invalid { reason, .. } => ("component.refused", reason.clone()),
            other => ("component.failed", other.to_string()),
        };
        let file = self.file.clone();
        self.error(code, file, reason, error.code().hint);
    }

    pub(super) fn error(
        &mut self,
        code: &str,
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Error, code, subject.into(), message.into(), fix.into());
    }

    pub(super) fn warning(
        &mut self,
        code: &str,
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, subject.into(), message.into(), fix.into());
    }

    fn add(&mut self, severity: Severity, code: &str, subject: String, message: String, fix: String) {
        if self.findings.len() >= LISTED {
            self.more += 1;
            return;
        }
        self.findings.push(Finding { severity, code: code.to_owned(), subject, message, fix });
    }

    /// Counts a call.
    pub(super) fn measured(&mut self, function: &'static str, call: &Measured) {
        self.calls += 1;
        let index = self.peaks.iter().position(|peak| peak.function == function);
        let index = index.unwrap_or_else(|| {
            self.peaks.push(Peak { function, calls: 0, micros: 0, memory: 0, output: 0 });
            self.peaks.len() - 1
        });
        let Some(peak) = self.peaks.get_mut(index) else { return };
        peak.calls += 1;
        peak.micros = peak.micros.max(u64::try_from(call.time.as_micros()).unwrap_or(u64::MAX));
        peak.memory = peak.memory.max(call.memory);
        peak.output = peak.output.max(call.answer.as_ref().map_or(0, Vec::len));
    }

    /// Warns of functions that came near a limit, and puts errors first.
    pub(super) fn finish(&mut self, limits: &Limits) {
        for peak in self.peaks.clone() {
            for (what, share) in peak.shares(limits) {
                if share > 50 {
                    let message = format!("a call took {share} % of the limit");
                    self.warning("limits.near", format!("{} {what}", peak.function), message, NEAR);
                }
            }
        }
        self.findings.sort_by_key(|finding| finding.severity);
    }
}

/// What to do about a limit that is near.
const NEAR: &str = "build with --release; do less per call, or bound what a node may hold";

impl Peak {
    /// Hundredths of each limit that were used: time, memory, output.
    pub fn shares(&self, limits: &Limits) -> [(&'static str, u64); 3] {
        let share = |used: usize, most: usize| (used as u64).saturating_mul(100) / (most.max(1) as u64);
        let deadline = u64::try_from(limits.deadline.max(Duration::from_micros(1)).as_micros());
        [
            ("time", self.micros.saturating_mul(100) / deadline.unwrap_or(u64::MAX)),
            ("memory", share(self.memory, limits.memory)),
            ("output", share(self.output, limits.output)),
        ]
    }
}
