//! `plugin inspect`: who a component is and what it brings.

use std::fmt::Write as _;

use kubeorch_core::plugin::{Manifest, NodeType};
use kubeorch_plugin_pack::component::Interface;
use serde::Serialize;

use super::{component, host};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Table, Terminal, document};
use crate::cli::store::Size;

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    id: String,
    name: String,
    version: String,
    description: String,
    size: usize,
    sha256: String,
    imports: Vec<String>,
    exports: Vec<String>,
    /// What the component says of itself; `null` when it has no such section.
    manifest: Option<Manifest>,
    node_types: Vec<Brought>,
}

/// A node type in the answer.
#[derive(Serialize)]
struct Brought {
    name: String,
    title: String,
    version: String,
    kinds: Vec<String>,
}

/// Loads the component and prints what it answers.
pub(super) async fn inspect(args: &args::Inspect, terminal: &mut Terminal) -> Outcome {
    let bytes = component(&args.file)?;
    let name = args.file.display().to_string();
    let invalid = |reason: String| Failure::new(exit::INVALID, format!("{name}: {reason}"));
    let outline = Interface::read(&bytes).map_err(|error| invalid(error.to_string()))?;
    let manifest = Manifest::of(&bytes).map_err(|findings| {
        let reasons: Vec<_> =
            findings.iter().map(|finding| format!("{} {}", finding.field, finding.message)).collect();
        invalid(format!("its manifest is wrong: {}", reasons.join("; ")))
            .hint("Correct plugin.toml, and build it again.")
    })?;
    let size = bytes.len();
    let plugin = host()?.load(&name, bytes).await.map_err(kubeorch_core::Error::from)?;
    let info = plugin.info().clone();
    let answer = Answer {
        id: info.id,
        name: info.name,
        version: info.version,
        description: info.description,
        size,
        sha256: plugin.digest().to_owned(),
        imports: outline.imports,
        exports: outline.exports,
        manifest,
        node_types: plugin.node_types().iter().map(|node_type| Brought::new(node_type)).collect(),
    };
    let text = document(args.output, &answer).unwrap_or_else(|| told(&answer));
    terminal.data(&text)?;
    Ok(exit::OK)
}

impl Brought {
    fn new(node_type: &NodeType) -> Self {
        Self {
            name: node_type.name.clone(),
            title: node_type.title.clone(),
            version: node_type.version.clone(),
            kinds: node_type.kinds.iter().map(|info| info.kind.kind.clone()).collect(),
        }
    }
}

fn told(answer: &Answer) -> String {
    let or = |names: &[String], none: &str| if names.is_empty() { none.to_owned() } else { names.join(", ") };
    let manifest = answer.manifest.as_ref();
    let license = manifest.and_then(|manifest| manifest.license.clone()).unwrap_or_else(|| "not told".into());
    let authors = manifest.map_or_else(Vec::new, |manifest| manifest.authors.clone());
    let capabilities = manifest.map_or_else(Vec::new, |manifest| manifest.capabilities.clone());
    let mut text = format!("{} {}: {}\n{}\n", answer.id, answer.version, answer.name, answer.description);
    for (name, value) in [
        ("license", license),
        ("authors", or(&authors, "not told")),
        ("size", Size(answer.size as u64).to_string()),
        ("sha-256", answer.sha256.clone()),
        ("exports", or(&answer.exports, "nothing")),
        ("imports", or(&answer.imports, "nothing")),
        ("may use", or(&capabilities, "nothing")),
    ] {
        let _ = writeln!(text, "  {name:<8} {value}");
    }
    let mut table = Table::new(&["NODE TYPE", "TITLE", "VERSION", "KINDS"]);
    for brought in &answer.node_types {
        let kinds = brought.kinds.join(", ");
        table.row([brought.name.clone(), brought.title.clone(), brought.version.clone(), kinds]);
    }
    text + &table.render()
}
