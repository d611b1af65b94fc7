//! What `--help` says, kept in `tests/golden/help`. `KUBEORCH_BLESS=1` rewrites the files.

use std::path::Path;

use crate::harness::Place;

const VERBS: [&str; 14] = [
    "serve",
    "up",
    "plan",
    "simulator",
    "backup",
    "restore",
    "verify",
    "compact",
    "retain",
    "export",
    "import",
    "openapi",
    "version",
    "completion",
];

/// The verbs of `kubeorch plugin`.
const PLUGIN: [&str; 11] =
    ["new", "build", "test", "check", "run", "inspect", "install", "list", "upgrade", "rollback", "remove"];

fn check(name: &str, args: &[&str]) {
    let ended = Place::new().run(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help").join(name);
    if std::env::var_os("KUBEORCH_BLESS").is_some() {
        std::fs::write(&path, &ended.stdout).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == ended.stdout,
        "{} is not what `kubeorch {}` prints; see the change, then KUBEORCH_BLESS=1\n{}",
        path.display(),
        args.join(" "),
        ended.stdout
    );
}

#[test]
fn help_texts_are_as_they_were_reviewed() {
    check("kubeorch.txt", &["--help"]);
    check("kubeorch-short.txt", &["-h"]);
    for verb in VERBS {
        check(&format!("{verb}.txt"), &[verb, "--help"]);
    }
    check("plugin.txt", &["plugin", "--help"]);
    for verb in PLUGIN {
        check(&format!("plugin-{verb}.txt"), &["plugin", verb, "--help"]);
    }
}

#[test]
fn completion_scripts_know_every_verb() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = place.run(&["completion", shell]);
        assert_eq!(ended.code, 0, "{shell}");
        for verb in VERBS.into_iter().chain(["plugin"]).chain(PLUGIN) {
            assert!(ended.stdout.contains(verb), "{verb} is not in the script for {shell}");
        }
    }
}

#[test]
fn the_version_is_one_line_or_a_document() {
    let place = Place::new();
    assert!(place.run(&["version"]).stdout.starts_with(concat!(
        "kubeorch ",
        env!("CARGO_PKG_VERSION"),
        " ("
    )));
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["version", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_document_of_the_api_is_printed_in_both_forms() {
    let place = Place::new();
    let json: serde_json::Value = serde_json::from_str(&place.run(&["openapi"]).stdout).unwrap();
    assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(json["paths"].as_object().unwrap().len() > 10);
    assert!(place.run(&["openapi", "-o", "yaml"]).stdout.starts_with("openapi: "));
}
