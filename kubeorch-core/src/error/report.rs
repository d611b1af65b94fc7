//! The error that faces see, and how a domain's typed error becomes one.

use std::error::Error as StdError;
use std::fmt;

use super::{Code, Finding, Kind};

/// What a typed error of a domain says of itself; with it comes the conversion into [`Error`].
pub trait Describe: StdError + Send + Sync + Sized + 'static {
    /// The stable code.
    fn code(&self) -> &'static Code;

    /// A more exact next step than the code's own.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The findings that caused it, all of them.
    fn take_findings(&mut self) -> Vec<Finding> {
        Vec::new()
    }

    /// A member for programs, for instance `("revision", 7)` of a conflict.
    fn detail(&self) -> Option<(&'static str, serde_json::Value)> {
        None
    }
}

/// Any error of this library, ready to be shown.
///
/// [`Display`](fmt::Display) is the text for people and never holds a secret, an address or a
/// credential; [`Error::log`] adds the chain of causes and belongs in the log alone.
pub struct Error {
    code: &'static Code,
    message: String,
    hint: String,
    findings: Vec<Finding>,
    detail: Option<(&'static str, serde_json::Value)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a face itself, where no domain error stands behind it.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: code.hint.to_owned(),
            findings: Vec::new(),
            detail: None,
            source: None,
        }
    }

    /// The class.
    pub fn kind(&self) -> Kind {
        self.code.kind
    }

    /// The stable code.
    pub fn code(&self) -> &'static Code {
        self.code
    }

    /// The next step; may be empty.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Remarks on the data that caused it, all of them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// A member for programs.
    pub fn detail(&self) -> Option<&(&'static str, serde_json::Value)> {
        self.detail.as_ref()
    }

    /// Whether repeating the same request may succeed.
    pub fn retry(&self) -> bool {
        self.code.retry
    }

    /// The text for the log: code, message and every cause.
    pub fn log(&self) -> String {
        let mut text = format!("{}: {}", self.code.name, self.message);
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl<E: Describe> From<E> for Error {
    fn from(mut error: E) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            hint: error.hint().unwrap_or_else(|| error.code().hint.to_owned()),
            findings: error.take_findings(),
            detail: error.detail(),
            source: Some(Box::new(error)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.log())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The wrapped typed error has the same text; its own cause is the next link of the chain.
        self.source.as_deref().and_then(StdError::source)
    }
}
