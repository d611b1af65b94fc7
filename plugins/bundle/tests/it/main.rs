//! Every plugin's cases through its component: what the native test kit says of the source is true of the bytes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod guest;

use std::path::{Path, PathBuf};

use kubeorch_plugin_sdk::testing::{Case, cases};

use crate::guest::Guest;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the cases of a folder that are wanted; answers how many there were, or every difference at once.
fn check(component: &[u8], world: &str, folder: &Path, wanted: fn(&Case) -> bool) -> Result<usize, String> {
    let guest = Guest::new(component, world);
    let cases: Vec<_> = cases(folder)?.into_iter().filter(wanted).collect();
    let differences: Vec<_> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.name, case.check(&guest.ask(case)).err()?)))
        .collect();
    if differences.is_empty() { Ok(cases.len()) } else { Err(differences.join("\n")) }
}

#[test]
fn components_answer_as_their_source_does() {
    for plugin in kubeorch_plugins::all().iter().filter(|plugin| plugin.world != "node-types") {
        let folder = repository().join("plugins").join(plugin.name).join("cases");
        let checked = check(plugin.component, plugin.world, &folder, |_| true);
        assert!(checked.as_ref().is_ok_and(|count| *count > 0), "{}: {checked:?}", plugin.name);
    }
}

/// The examples in other languages answer the cases of the plugins that they copy. What is left out: who the plugin is,
/// and failures that hold the words of a JSON parser.
#[test]
#[ignore = "needs what sdk/examples/*/build.sh make; .ci/run builds and runs them where Node and Python are there"]
fn examples_in_other_languages_answer_the_same() {
    let examples = repository().join("sdk/examples");
    for (component, world, plugin) in [
        ("javascript/build/json.wasm", "step", "json"),
        ("python/build/procfile.wasm", "import-analyzer", "procfile"),
    ] {
        let Ok(bytes) = std::fs::read(examples.join(component)) else { continue };
        let folder = repository().join("plugins").join(plugin).join("cases");
        let checked = check(&bytes, world, &folder, |case| {
            !["catalog", "describe", "bad_request"].contains(&case.name.as_str())
                && !case.name.starts_with("template")
        });
        assert!(checked.as_ref().is_ok_and(|count| *count > 5), "{component}: {checked:?}");
    }
}
