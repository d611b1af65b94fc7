//! Every route of the KubeOrch face, a file per resource. A handler translates, calls the engine once, and translates
//! back; a branch on the state of a workflow, cluster or run belongs to the engine.

mod admin_plugins;
mod auth;
mod clusters;
mod docs;
mod health;
mod metrics;
mod plugins;
mod profile;
mod run_control;
mod runs;
mod settings;
mod stream;
mod templates;
mod versions;
mod workflows;

use crate::table::Table;

/// All of them.
pub(crate) fn all(table: Table) -> Table {
    let table = health::add(docs::add(metrics::add(table)));
    let table = profile::add(auth::add(table));
    let table = versions::add(workflows::add(table));
    let table = stream::add(run_control::add(runs::add(table)));
    let table = admin_plugins::add(plugins::add(table));
    settings::add(templates::add(clusters::add(table)))
}
