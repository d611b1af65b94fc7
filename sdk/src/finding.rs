//! What is wrong with the data of a node.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};

/// Findings of one node that are kept; more only raise the count in a last one. Bounds what a hostile graph can make.
const MOST: usize = 200;

/// Bytes of a field, a message or a hint. A host refuses an answer with more than 4,096.
const LONGEST: usize = 1024;

/// Whether a run may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The node must not be applied.
    Error,
    /// The node may be applied; somebody should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether a run may go on.
    pub severity: Severity,
    /// Stable: `<node type>.<what>`.
    pub code: String,
    /// Dotted path in `data`; empty for the node as a whole.
    #[serde(default)]
    pub field: String,
    /// What is wrong, one lower-case sentence fragment.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub hint: String,
}

/// The answer to `validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Everything wrong, in reading order.
    pub findings: Vec<Finding>,
}

/// Collects the findings of one node while it is read.
#[derive(Debug)]
pub struct Findings {
    node_type: String,
    list: RefCell<Vec<Finding>>,
    dropped: Cell<usize>,
}

impl Findings {
    /// For a node of that type; the type begins every code.
    pub fn new(node_type: &str) -> Self {
        Self { node_type: node_type.to_owned(), list: RefCell::new(Vec::new()), dropped: Cell::new(0) }
    }

    /// Something that must not be applied. `what` is the second half of the code.
    pub fn error(
        &self,
        what: &str,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(Severity::Error, what, field.into(), message.into(), hint.into());
    }

    /// Something to look at.
    pub fn warning(
        &self,
        what: &str,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(Severity::Warning, what, field.into(), message.into(), hint.into());
    }

    fn push(&self, severity: Severity, what: &str, field: String, message: String, hint: String) {
        let mut list = self.list.borrow_mut();
        if list.len() == MOST {
            self.dropped.set(self.dropped.get() + 1);
            return;
        }
        let code = format!("{}.{what}", self.node_type);
        let [field, message, hint] = [field, message, hint].map(cut);
        let finding = Finding { severity, code, field, message, hint };
        // A field that several rules read is wrong once.
        if !list.contains(&finding) {
            list.push(finding);
        }
    }

    /// All of them, in reading order.
    pub fn into_vec(self) -> Vec<Finding> {
        let mut list = self.list.into_inner();
        let dropped = self.dropped.get();
        if dropped > 0 {
            list.push(Finding {
                severity: Severity::Error,
                code: format!("{}.too_many", self.node_type),
                field: String::new(),
                message: format!("{dropped} more findings are not shown"),
                hint: "mend the ones above first".to_owned(),
            });
        }
        list
    }
}

/// A text that a host takes: messages repeat what a user wrote, and that may be of any length.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_wrote_does_not_make_a_finding_too_long() {
        let findings = Findings::new("thing");
        findings.error("name_invalid", "é".repeat(9_000), "é".repeat(9_000), "short");
        let finding = findings.into_vec().remove(0);
        assert!(finding.field.len() <= LONGEST + 3 && finding.message.ends_with("é…"), "{finding:?}");
        assert_eq!(finding.hint, "short");
    }
}
