//! A call that failed as a whole.

use std::fmt;

/// Why a call failed as a whole. Findings about the user's data are not failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable, dotted and lower case: `request.invalid`, `node_type.unknown`, `response.invalid`.
    pub code: String,
    /// One lower-case sentence fragment for people.
    pub message: String,
}

impl Failure {
    /// A failure of that code.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The plugin was asked about a node type it does not have.
    pub fn unknown_node_type(name: &str) -> Self {
        Self::new("node_type.unknown", format!("this plugin has no node type {name:?}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}
