//! Values for secrets and environment variables that are given with a run.
//!
//! Boundary: reads them from flags, the environment and a file, and finds the node that each is for. They are
//! never printed: what is reported about one is its path, and only when it has the form of a path.

use std::collections::BTreeMap;
use std::path::Path;

use kubeorch_core::error::Finding;
use kubeorch_core::graph::Graph;
use kubeorch_core::runs;
use kubeorch_core::secret::Secret;
use serde::Deserialize;

use super::args;
use super::failure::Failure;
use super::file::{Source, read};
use super::output::Terminal;

/// By node id, then key.
type ByNode = BTreeMap<String, BTreeMap<String, Secret>>;

/// A value and the `NODE.KEY` it is for.
struct Assignment {
    path: String,
    value: Secret,
}

/// Values as given; which node they are for is known once the graph is.
pub(crate) struct Given {
    secrets: Vec<Assignment>,
    file: ByNode,
    env: Vec<Assignment>,
}

/// Reads flags, environment and file. A flag wins over the file.
pub(crate) fn collect(args: &args::Values, terminal: &mut Terminal) -> Result<Given, Failure> {
    let mut secrets = Vec::new();
    for text in &args.set_secret {
        secrets.push(assignment("--set-secret", "VALUE", text)?);
    }
    for text in &args.secret_from_env {
        let Assignment { path, value } = assignment("--secret-from-env", "ENVVAR", text)?;
        let variable = value.expose();
        let value = std::env::var(variable).map_err(|_| {
            Failure::usage(format!("--secret-from-env {path}: there is no environment variable {variable}"))
        })?;
        secrets.push(Assignment { path, value: Secret::new(value) });
    }
    let file = args.secrets_file.as_deref().map(|path| from_file(path, terminal)).transpose()?;
    let env =
        args.set_env.iter().map(|text| assignment("--set-env", "VALUE", text)).collect::<Result<_, _>>()?;
    Ok(Given { secrets, file: file.unwrap_or_default(), env })
}

fn assignment(flag: &str, value: &str, text: &Secret) -> Result<Assignment, Failure> {
    let (path, given) = text
        .expose()
        .split_once('=')
        .filter(|(path, _)| path.contains('.'))
        .ok_or_else(|| Failure::usage(format!("{flag} takes NODE.KEY={value}")))?;
    Ok(Assignment { path: path.to_owned(), value: Secret::new(given) })
}

fn from_file(path: &Path, terminal: &mut Terminal) -> Result<ByNode, Failure> {
    let source = Source::new(path);
    let text = zeroizing(read(&source)?);
    if readable_by_others(path) {
        terminal.warn(&format!("{source} can be read by other users of this machine"));
    }
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let parsed: BTreeMap<String, BTreeMap<String, Text>> =
        serde_saphyr::from_str_with_options(text.expose(), options)
            // The parser's message may quote a value; its place may not.
            .map_err(|error| {
                let place =
                    error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column()));
                Failure::usage(format!("{source} is not a file of secrets{}", place.unwrap_or_default()))
                    .hint("Write `NODE: {KEY: \"value\"}`; values are text, put numbers in quotes.")
            })?;
    let plain =
        |keys: BTreeMap<String, Text>| keys.into_iter().map(|(key, Text(value))| (key, value)).collect();
    Ok(parsed.into_iter().map(|(node, keys)| (node, plain(keys))).collect())
}

/// The text of a file of secrets, wiped when it is no longer needed.
fn zeroizing(text: String) -> Secret {
    Secret::new(text)
}

/// Text and nothing else: `0123` must not become 123 on the way.
struct Text(Secret);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(Secret::new(text))),
            _ => Err(serde::de::Error::custom("not text")),
        }
    }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.as_os_str() != "-" && path.metadata().is_ok_and(|meta| meta.is_file() && meta.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

impl Given {
    /// Finds the node of each value; those that no node takes are findings.
    pub(crate) fn resolve(self, graph: &Graph) -> (runs::Values, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut values = runs::Values::default();
        for (node, keys) in self.file {
            if graph.node(&node).is_none() {
                findings.push(unknown("secrets file", &node));
                continue;
            }
            values.secrets.entry(node).or_default().extend(keys);
        }
        for (given, into) in [(self.secrets, &mut values.secrets), (self.env, &mut values.env_vars)] {
            for Assignment { path, value } in given {
                match split(graph, &path) {
                    Some((node, key)) => {
                        into.entry(node.to_owned()).or_default().insert(key.to_owned(), value);
                    }
                    None => findings.push(unknown("value", &path)),
                }
            }
        }
        (values, findings)
    }
}

fn unknown(what: &str, path: &str) -> Finding {
    Finding::error(
        "values.unknown_node",
        format!("a {what} is for `{path}`, which names no node of the file"),
    )
    .hint("Write NODE.KEY with the node's id.")
}

/// Node ids and keys may both hold dots (`tls.crt`): the longest id that the graph has is meant.
fn split<'a>(graph: &Graph, path: &'a str) -> Option<(&'a str, &'a str)> {
    let mut dots = path.rmatch_indices('.').map(|(at, _)| (&path[..at], &path[at + 1..]));
    dots.find(|(node, key)| !key.is_empty() && graph.node(node).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(ids: &[&str]) -> Graph {
        let nodes: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id, "type": "secret"})).collect();
        serde_json::from_value(serde_json::json!({ "nodes": nodes })).unwrap()
    }

    #[test]
    fn a_path_names_the_longest_node_id() {
        let graph = graph(&["db", "db.main", "a.b"]);
        for (path, expected) in [
            ("db.PASSWORD", Some(("db", "PASSWORD"))),
            ("db.main.PASSWORD", Some(("db.main", "PASSWORD"))),
            ("db.tls.crt", Some(("db", "tls.crt"))),
            ("a.b.c", Some(("a.b", "c"))),
            ("a.b", None),
            ("db.", None),
            (".db", None),
            ("other.KEY", None),
        ] {
            assert_eq!(split(&graph, path), expected, "{path}");
        }
    }

    #[test]
    fn a_malformed_flag_is_refused_without_its_text() {
        for text in ["hunter2", "=hunter2", "db=hunter2", ""] {
            let failure = assignment("--set-secret", "VALUE", &Secret::new(text)).err().unwrap();
            assert_eq!(failure.message, "--set-secret takes NODE.KEY=VALUE", "{text}");
        }
        let good = assignment("--set-secret", "VALUE", &Secret::new("db.KEY=a=b")).ok().unwrap();
        assert_eq!((good.path.as_str(), good.value.expose()), ("db.KEY", "a=b"));
    }

    #[test]
    fn a_file_of_secrets_takes_text_only_and_never_quotes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.yaml");
        let mut terminal = Terminal::new(crate::cli::output::Color::Never, true, false);
        let mut read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            from_file(&path, &mut terminal)
        };
        let good = read("db: {PASSWORD: 'hunter2', PIN: '0123'}\n").ok().unwrap();
        assert_eq!(good["db"]["PIN"].expose(), "0123");
        for text in ["db: hunter2", "db: {PIN: 123}", "hunter2", "db: {KEY: [hunter2]}", "db: {KEY: 'hunter2"]
        {
            let failure = read(text).err().unwrap();
            assert!(!failure.message.contains("hunter2"), "{}", failure.message);
            assert_eq!(failure.code, crate::cli::exit::USAGE);
        }
    }
}
