//! The path of an author of plugins: new, test, build, check, run, and a deployment with what came of it; then that of
//! an operator.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Ended, Place, ended, with_stdin};
use crate::installed;

/// Machine time of the whole path once its dependencies are compiled, in seconds. Two minutes is what a newcomer waits.
const PATIENCE: u64 = 120;

/// A place whose commands find the compiler, and keep what they compile beside the other builds of this machine.
pub(crate) struct Author(Place);

impl Author {
    fn new() -> Self {
        Self(Place::new())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.0.command(args);
        let home = std::env::var_os("HOME").unwrap_or_default();
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let default = Path::new(&home).join(folder).into_os_string();
            command.env(name, std::env::var_os(name).unwrap_or(default));
        }
        command.env("CARGO_TARGET_DIR", target());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args))
    }

    /// Runs a command that must succeed, and reads its answer.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["-o", "json"]].concat());
        assert_eq!(ended.code, 0, "{args:?}\n{}\n{}", ended.stdout, ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }
}

/// Kept from run to run: the dependencies of a plugin are compiled once on a machine.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin")
}

fn sdk() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk").canonicalize().unwrap().display().to_string()
}

/// One test, because its steps build on each other and Cargo locks the folder that they share.
#[test]
fn a_newcomer_gets_from_nothing_to_a_deployment() {
    let author = Author::new();
    let project = author.path("team-quota").display().to_string();
    let cargo = ["--project", &project, "--offline"];

    let started = author.json(&["plugin", "new", "team-quota", "--sdk", &sdk()]);
    assert_eq!(started["sdk"], sdk());
    let built = author.json(&[&["plugin", "build"], &cargo[..]].concat());
    let component = built["path"].as_str().unwrap().to_owned();
    let began = Instant::now();

    edited(&author, &cargo);
    let built = author.json(&[&["plugin", "build"], &cargo[..]].concat());
    assert_eq!(built["imports"], json!([]));
    assert_eq!(built["exports"], json!(["kubeorch:node-types/node-types@0.1.0"]));
    manifest_mistakes_are_told(&author, &cargo);

    let report = author.json(&["plugin", "check", &component]);
    assert_eq!(report["findings"], json!([]), "{report:#}");
    assert_eq!(report["nodeTypes"], json!(["team-quota"]));
    let shown = author.json(&["plugin", "inspect", &component]);
    assert_eq!(shown["manifest"]["id"], "team-quota");
    assert_eq!(shown["sha256"], built["sha256"]);
    rendered(&author, &component);
    deployed(&author, &component);
    installed::path(&author, &component, || {
        let path = author.path("team-quota/Cargo.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("version = \"0.1.0\"", "version = \"0.2.0\"")).unwrap();
        author.json(&[&["plugin", "build"], &cargo[..]].concat());
    });

    let took = began.elapsed();
    eprintln!("from the first edit to a deployment: {:.1} s", took.as_secs_f64());
    assert!(took.as_secs() < PATIENCE, "{took:?}");
    moved(&author, &project);
    other_worlds(&author);
}

/// A change shows as a difference, and is taken with `--bless`.
fn edited(author: &Author, cargo: &[&str]) {
    let test = |more: &[&str]| author.run(&[&["plugin", "test"], cargo, more].concat());
    let source = author.path("team-quota/src/lib.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    std::fs::write(&source, text.replace("\"limits.memory\"", "\"requests.memory\"")).unwrap();
    let ended = test(&[]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stdout.contains("-            \"limits.memory\": \"2Gi\""), "{}", ended.stdout);
    assert!(ended.stdout.contains("+            \"requests.memory\": \"2Gi\""), "{}", ended.stdout);
    assert!(ended.stderr.contains("hint: Correct the plugin"), "{}", ended.stderr);
    assert!(test(&["--bless"]).stdout.contains("blessed"));
    let passed = author.json(&[&["plugin", "test"], cargo].concat());
    assert_eq!((&passed[0]["case"], &passed[0]["result"]), (&json!("three-pods"), &json!("passed")));
    assert!(passed[0]["memory"].as_u64().unwrap() > 1 << 16, "{passed:#}");
}

fn manifest_mistakes_are_told(author: &Author, cargo: &[&str]) {
    let path = author.path("team-quota/plugin.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("capabilities = []", "capabilities = [\"network\"]")).unwrap();
    let ended = author.run(&[&["plugin", "build"], cargo].concat());
    std::fs::write(&path, text).unwrap();
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let expected = "plugin.toml capabilities: \"network\" is unknown\n    one of log, tree, effect:http, effect:kubernetes";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

fn rendered(author: &Author, component: &str) {
    let run = |node: &str| {
        with_stdin(author.command(&["plugin", "run", component, "--node", "-", "-o", "json"]), node)
    };
    let good = run("{type: team-quota, data: {name: cap, pods: 3}}");
    let objects: Value = serde_json::from_str(&good.stdout).unwrap();
    assert_eq!((good.code, &objects[0]["spec"]["hard"]["pods"]), (0, &json!("3")), "{}", good.stderr);
    let bad = run("{type: team-quota, data: {name: cap, cpu: lots}}");
    assert_eq!(bad.code, 3, "{}", bad.stderr);
    assert!(bad.stderr.contains("node cpu: "), "{}", bad.stderr);
}

fn deployed(author: &Author, component: &str) {
    let workflow =
        "name: shop\nnodes:\n  - {id: cap, type: team-quota, data: {name: cap, pods: 3}}\nedges: []\n";
    let file = author.0.file("shop.yaml", workflow).display().to_string();
    let without = author.run(&["plan", &file]);
    assert!(without.stderr.contains("unsupported node type team-quota"), "{}", without.stderr);
    let up = author.run(&["up", &file, "--plugin", component]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert!(up.stdout.contains("ResourceQuota") || up.stdout.contains("cap"), "{}", up.stdout);
}

/// The same sources make the same bytes wherever they lie.
fn moved(author: &Author, project: &str) {
    let here = author.json(&["plugin", "build", "--project", project, "--offline"]);
    let other = author.path("elsewhere/deep/copy");
    std::fs::create_dir_all(other.parent().unwrap()).unwrap();
    assert!(
        Command::new("cp").arg("-r").args([project.as_ref(), other.as_os_str()]).status().unwrap().success()
    );
    let out = author.path("moved.wasm").display().to_string();
    let args = ["plugin", "build", "--project", other.to_str().unwrap(), "--offline", "--out", &out];
    assert_eq!(author.json(&args)["sha256"], here["sha256"]);
}

/// A project of each of the other worlds is whole as it begins.
fn other_worlds(author: &Author) {
    for world in ["step", "import-analyzer", "fix-template"] {
        let name = format!("own-{world}");
        author.json(&["plugin", "new", &name, "--world", world, "--sdk", &sdk()]);
        let project = author.path(&name).display().to_string();
        let cargo = ["--project", &project, "--offline"];
        let passed = author.json(&[&["plugin", "test"], &cargo[..]].concat());
        let results: Vec<_> = passed.as_array().unwrap().iter().map(|row| &row["result"]).collect();
        assert!(!results.is_empty() && results.iter().all(|result| *result == "passed"), "{passed:#}");
        let built = author.json(&[&["plugin", "build"], &cargo[..]].concat());
        let exported = built["exports"][0].as_str().unwrap();
        assert!(exported.starts_with(&format!("kubeorch:{world}/")), "{exported}");
        let report = author.json(&["plugin", "check", built["path"].as_str().unwrap()]);
        assert_eq!(report["findings"], json!([]), "{report:#}");
    }
}

#[test]
fn what_is_not_there_is_named_with_the_next_step() {
    let place = Place::new();
    for (args, code, message, hint) in [
        (&["plugin", "new", "Team Quota"][..], 2, "cannot name a plugin", "For instance: team-quota"),
        (&["plugin", "new", "a", "--sdk", "nowhere/sdk"], 2, "neither a folder with the SDK", "like 0.1.0"),
        (&["plugin", "build"], 2, "plugin.toml", "`kubeorch plugin new` starts one"),
        (&["plugin", "test"], 2, "cases cannot be read", "`cases/NAME`"),
        (&["plugin", "check", "gone.wasm"], 2, "gone.wasm cannot be read", "`kubeorch plugin build`"),
        (&["plugin", "inspect", "gone.wasm"], 2, "gone.wasm cannot be read", "`kubeorch plugin build`"),
        (&["plugin", "run", "gone.wasm", "--node", "gone.yaml"], 2, "gone.yaml cannot be read", ""),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, code, "{args:?}\n{}", ended.stderr);
        assert!(ended.stderr.contains(message) && ended.stderr.contains(hint), "{args:?}\n{}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
}

#[test]
fn a_file_that_is_no_component_fails_the_check() {
    let place = Place::new();
    let file = place.file("page.wasm", "<html>").display().to_string();
    let ended = place.run(&["plugin", "check", &file, "-o", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (3, ""));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert_eq!(codes, ["component.malformed", "component.refused"]);
}

/// What comes with the program holds to what is asked of others.
#[test]
fn the_plugins_that_come_with_it_pass_the_check() {
    let place = Place::new();
    for plugin in kubeorch_plugins::node_types() {
        let path = place.path(plugin.name);
        std::fs::write(&path, plugin.component).unwrap();
        let ended = place.run(&["plugin", "check", path.to_str().unwrap()]);
        assert_eq!(ended.code, 0, "{}", ended.stdout);
    }
}

/// The guide for authors names no command or flag that is not there.
#[test]
fn the_commands_of_the_guide_are_commands_of_the_program() {
    let guide = include_str!("../../../docs/plugins.md");
    let mut inside = false;
    let mut commands = 0;
    for line in guide.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && line.starts_with("kubeorch ") {
            let parsed = kubeorch_http::cli::command().try_get_matches_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}\n{}", parsed.unwrap_err());
            commands += 1;
        }
    }
    assert!(commands > 10, "{commands}");
}
