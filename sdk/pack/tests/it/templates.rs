//! The templates' golden cases, answered by their code as a program of this machine. `KUBEORCH_BLESS=1` rewrites them.

use std::{fs, path::Path};

use kubeorch_plugin_sdk::testing::{Call, ask, compare};
use serde_json::Value;

use crate::node_types;

#[test]
fn a_new_project_begins_green() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/node-types/cases/three-pods");
    let request = fs::read_to_string(case.join("request.json")).unwrap();
    // Compiled here, the template's node type bears the name of this package.
    let request: Value =
        serde_json::from_str(&request.replace("kubeorch-template", env!("CARGO_PKG_NAME"))).unwrap();
    let answer = ask::<node_types::Plugin>(Call::Render, &request["render"]).unwrap();
    compare(&answer, &case.join("expected.json")).unwrap();
}
