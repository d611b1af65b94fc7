//! The WIT in use is an upgrade of everything that was published.
//!
//! `wit/published/<version>` holds the packages as they were released, one folder each, and is never changed. A package
//! that keeps its version must say the same; one with a new version must take every plugin that was built for the old
//! one, which a new field, a new case or a new exported function would not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use wit_component::{WitPrinter, semver_check};
use wit_parser::{PackageId, Resolve, WorldId};

/// Package folders in the order in which they name one another.
const PACKAGES: [&str; 5] = ["host", "node-types", "step", "import-analyzer", "fix-template"];

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("wit").join(path)
}

/// The one file of a package.
fn text(folder: &Path, package: &str) -> String {
    fs::read_to_string(folder.join(package).join(format!("{package}.wit"))).unwrap()
}

/// Adds packages to what is resolved. Answers the last one and its world, when it has one.
fn add(resolve: &mut Resolve, texts: &[String]) -> (PackageId, Option<WorldId>) {
    let mut last = None;
    for text in texts {
        last = Some(resolve.push_str("package.wit", text).unwrap_or_else(|error| panic!("{error:?}")));
    }
    let package = last.unwrap();
    (package, resolve.packages[package].worlds.values().next().copied())
}

/// A package as text without comments, which may be mended at any time.
fn printed(texts: &[String]) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = add(&mut resolve, texts);
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer.print(&resolve, package, &[]).unwrap();
    printer.output.to_string()
}

/// Whether plugins built for the old package still fit. Both come with what they name before them.
fn check(old: &[String], new: &[String]) -> Result<(), String> {
    let version = |texts: &[String]| {
        let mut resolve = Resolve::default();
        let (package, _) = add(&mut resolve, texts);
        resolve.packages[package].name.version.clone()
    };
    if version(old) == version(new) {
        return if printed(old) == printed(new) {
            Ok(())
        } else {
            Err("the package changed and kept its version".to_owned())
        };
    }
    let mut resolve = Resolve::default();
    // A package that kept its version would be there twice; the check itself looks at no version.
    let renamed: Vec<_> = old.iter().map(|text| text.replace("@0.", "@0.0.0-old")).collect();
    let (_, old) = add(&mut resolve, &renamed);
    let (_, new) = add(&mut resolve, new);
    match (old, new) {
        (Some(old), Some(new)) => semver_check(resolve, old, new).map_err(|error| format!("{error:?}")),
        // A package without a world is imported by those that have one, and checked with them.
        _ => Ok(()),
    }
}

fn with_host(folder: &Path, package: &str) -> Vec<String> {
    match package {
        "host" | "node-types" => vec![text(folder, package)],
        _ => vec![text(folder, "host"), text(folder, package)],
    }
}

#[test]
fn the_wit_in_use_takes_plugins_of_every_published_version() {
    let mut versions: Vec<_> =
        fs::read_dir(folder("published")).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    assert!(!versions.is_empty());
    for version in versions {
        for package in PACKAGES {
            let (old, new) = (with_host(&version, package), with_host(&folder(""), package));
            check(&old, &new).unwrap_or_else(|why| panic!("{package} since {}: {why}", version.display()));
        }
    }
}

/// What the rules of the contract forbid is seen: the check above would be green for ever if it saw nothing.
#[test]
fn what_breaks_finished_plugins_is_seen() {
    let step = text(&folder("published/0.1.0"), "step");
    let host = text(&folder("published/0.1.0"), "host");
    let later = |from: &str, to: &str| {
        assert!(step.contains(from), "{from}");
        step.replace("step@0.1.0;", "step@0.2.0;").replace(from, to)
    };
    for (change, new, fits) in [
        ("nothing", step.clone(), true),
        ("a comment", step.replace("Runs a step", "Starts a step"), true),
        (
            "a new field in the same version",
            step.replace("message: string,", "message: string, field: string,"),
            false,
        ),
        ("a version", later("world plugin", "world plugin"), true),
        ("a new field", later("message: string,", "message: string, field: string,"), false),
        ("a new exported function", later("  /// Runs a step", "  stop: func();\n  /// Runs a step"), false),
        ("another parameter", later("run: func(request: list<u8>)", "run: func(request: string)"), false),
        (
            "a new import",
            later("import kubeorch:host/log", "import later: func();\n  import kubeorch:host/log"),
            true,
        ),
    ] {
        let checked = check(&[host.clone(), step.clone()], &[host.clone(), new]);
        assert_eq!(checked.is_ok(), fits, "{change}: {checked:?}");
    }
}
