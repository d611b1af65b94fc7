//! What is wrong (`diagnose`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Facts, Want};
use crate::{Severity, kubernetes::text_at};

/// The request of `diagnose`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnoseRequest {
    /// What the plugin wanted to see.
    pub facts: Facts,
}

/// The answer to `diagnose`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What is wrong, the surest first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Facts to add and ask again with. A second wish is not heard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wants: Vec<Want>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// One of the catalog's.
    pub code: String,
    /// What is wrong, one lower-case sentence fragment.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub hint: String,
    /// How bad it is.
    pub severity: Severity,
    /// The object it is about.
    pub subject: Subject,
    /// 0 to 100: how sure the plugin is.
    #[serde(default)]
    pub confidence: u8,
    /// What it was told by, for people and for `template` and `apply`, which get it back.
    #[serde(default)]
    pub evidence: Map<String, Value>,
}

/// An object of the cluster by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; absent for what is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Subject {
    /// The name of an object, which may lack any of it.
    pub fn of(object: &Value) -> Self {
        let text = |path: &[&str]| text_at(object, path).map(str::to_owned);
        Self {
            api_version: text(&["apiVersion"]).unwrap_or_default(),
            kind: text(&["kind"]).unwrap_or_default(),
            name: text(&["metadata", "name"]).unwrap_or_default(),
            namespace: text(&["metadata", "namespace"]),
        }
    }
}
