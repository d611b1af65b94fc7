//! An installed plugin as people and programs see it.

use kubeorch_core::plugins::{Origin, State, View};
use serde::{Deserialize, Serialize};

use super::Change;
use crate::cli::output::Table;

/// One plugin in the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    id: String,
    version: String,
    /// `serving`, `disabled` or `failed`.
    state: String,
    /// Why it failed, or why the last change was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `built-in`, `installed` or `directory`.
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// The id of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    node_types: Vec<String>,
    /// Versions that a rollback can return to.
    previous: Vec<String>,
}

impl From<View> for Row {
    fn from(view: View) -> Self {
        let (state, trouble) = match view.state {
            State::Serving => ("serving", None),
            State::Disabled => ("disabled", None),
            State::Failed(reason) => ("failed", Some(reason)),
        };
        let origin = match view.origin {
            Origin::BuiltIn => "built-in",
            Origin::Installed => "installed",
            Origin::Directory => "directory",
        };
        let release = view.release;
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            id: view.id,
            version: release.as_ref().map(|release| release.version.clone()).unwrap_or_default(),
            state: state.to_owned(),
            reason: trouble.or(view.failure.map(|failure| failure.reason)),
            origin: origin.to_owned(),
            sha256: release.as_ref().and_then(|release| told(&release.sha256)),
            signer: release.as_ref().and_then(|release| release.signer.clone()),
            node_types: release.map(|release| release.node_types).unwrap_or_default(),
            previous: view.previous.into_iter().map(|release| release.version).collect(),
        }
    }
}

/// What was done, or a table.
pub(super) fn told(change: &Change, rows: &[Row]) -> String {
    let verb = match change {
        Change::List => return table(rows),
        Change::Install { .. } => "Installed",
        Change::Upgrade { .. } => "Upgraded to",
        Change::Rollback { .. } => "Rolled back to",
        Change::Remove { .. } => "Removed",
    };
    rows.iter()
        .map(|row| format!("{verb} {} {}, node types: {}\n", row.id, row.version, row.node_types.join(", ")))
        .collect()
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(&["PLUGIN", "VERSION", "STATE", "ORIGIN", "SIGNER", "NODE TYPES"]).toned(2);
    for row in rows {
        let signer = row.signer.clone().unwrap_or_default();
        let types = row.reason.clone().unwrap_or_else(|| row.node_types.join(", "));
        table.row([
            row.id.clone(),
            row.version.clone(),
            row.state.clone(),
            row.origin.clone(),
            signer,
            types,
        ]);
    }
    table.render()
}
