//! Why a command ends early: one sentence, a next step, an exit code.

use kubeorch_core::error::Finding;

use super::exit;

/// A command's failure. Its texts never hold a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// One sentence, lower case, without a full stop.
    pub(crate) message: String,
    /// The next step; may be empty.
    pub(crate) hint: String,
    /// What is wrong with the workflow, all of it.
    pub(crate) findings: Vec<Finding>,
}

/// What a command answers: its exit code, or why it failed.
pub(crate) type Outcome = Result<u8, Failure>;

impl Failure {
    /// A failure without hint or findings.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new(), findings: Vec::new() }
    }

    /// A wrong command line, file or configuration.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// Adds the next step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// A workflow that cannot be applied.
    pub(crate) fn invalid(source: &str, findings: Vec<Finding>) -> Self {
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        let plural = if errors == 1 { "error" } else { "errors" };
        let message = format!("{source} has {errors} {plural}; nothing was applied");
        Self { findings, ..Self::new(exit::INVALID, message) }
    }
}

impl From<kubeorch_core::Error> for Failure {
    fn from(error: kubeorch_core::Error) -> Self {
        Self {
            code: exit::of(&error),
            message: error.to_string(),
            hint: error.hint().to_owned(),
            findings: error.findings().to_vec(),
        }
    }
}
