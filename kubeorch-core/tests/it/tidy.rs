//! The walls inside the crate: which module may use which. Reads the `use` lines and paths of the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Values: no I/O, no async, nothing but each other.
const VALUES: &[&str] = &["actor", "error", "graph", "id", "manifest", "page", "secret", "time"];

/// Edges: values only.
const EDGES: &[&str] = &["kube", "plugin", "store"];

/// Domains, and the siblings that each may use (`ARCHITECTURE.md`, "Walls").
const DOMAINS: &[(&str, &[&str])] = &[
    ("settings", &["users"]),
    ("projects", &[]),
    ("users", &["settings", "projects"]),
    ("versions", &[]),
    ("clusters", &["users"]),
    ("workflows", &["versions", "projects", "clusters", "users"]),
    ("runs", &["workflows", "versions", "clusters", "settings"]),
    ("plugins", &["workflows", "versions", "runs", "users"]),
    ("templates", &["plugins", "users"]),
    ("retention", &["workflows", "versions", "runs"]),
];

fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut rules = BTreeMap::new();
    for value in VALUES {
        rules.insert(*value, VALUES.to_vec());
    }
    for edge in EDGES {
        let mut may = VALUES.to_vec();
        may.push(edge);
        rules.insert(edge, may);
    }
    for (domain, siblings) in DOMAINS {
        let mut may: Vec<&str> = VALUES.iter().chain(EDGES).copied().collect();
        // The host handle and the task set are the engine's gift to the domains.
        may.extend(["engine", domain]);
        may.extend(*siblings);
        rules.insert(domain, may);
    }
    rules
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// Names behind `crate::` in code, comments left out; `crate::{a, b}` counts each.
fn used(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        let word = |text: &str| {
            text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        };
        if let Some(list) = after.strip_prefix('{') {
            let mut depth = 0;
            let mut part = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(word(&std::mem::take(&mut part))),
                    _ => {}
                }
                if !(c == ',' && depth == 0) {
                    part.push(c);
                }
            }
            names.push(word(&part));
        } else {
            names.push(word(after));
        }
    }
    names
}

#[test]
fn no_module_uses_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rules = allowed();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut broken = Vec::new();
    for file in &files {
        let inside = file.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(may) = rules.get(module) else {
            assert!(matches!(module, "lib" | "engine"), "{module} has no rule: add it to a layer");
            continue;
        };
        for name in used(&fs::read_to_string(file).unwrap()) {
            let is_module = rules.contains_key(name.as_str()) || name == "engine";
            if is_module && !may.contains(&name.as_str()) {
                broken.push(format!("{} uses crate::{name}", inside.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_engine_knows_no_node_type_and_no_face() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let words = [
        "axum",
        "clap",
        "hyper::server",
        "\"deployment\"",
        "\"configmap\"",
        "\"ingress\"",
        "core/deployment",
    ];
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| !file.to_string_lossy().contains("tests")) {
        let text = fs::read_to_string(file).unwrap();
        // Inline test modules may use made-up data of any name.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{}: {word}", file.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
