//! Answers of node types.

use std::sync::Arc;

use serde::Deserialize;

use super::{TEXT, at_most, excerpt, json, short};
use crate::error::Finding;
use crate::manifest::Object;
use crate::plugin::wasm::Limits;
use crate::plugin::{Catalog, Facts, KindInfo, NodeType, Rendered, Status, catalog as rules};

/// References that one node may have.
const REFERENCES: usize = 1024;

pub(in crate::plugin::wasm) fn catalog(bytes: &[u8], limits: &Limits) -> Result<Catalog, String> {
    let mut catalog: Catalog = json(bytes)?;
    let problems = rules::problems(&catalog, limits.node_types);
    if !problems.is_empty() {
        return Err(rules::complaint(&problems));
    }
    for node_type in &mut catalog.node_types {
        node_type.plugin.clone_from(&catalog.plugin.id);
    }
    Ok(catalog)
}

pub(in crate::plugin::wasm) fn facts(bytes: &[u8]) -> Result<Facts, String> {
    let facts: Facts = json(bytes)?;
    at_most("references", facts.references.len(), REFERENCES)?;
    Ok(facts)
}

/// `{"findings":[..]}`, each one addressed to the node.
pub(in crate::plugin::wasm) fn findings(
    bytes: &[u8],
    node: &str,
    limits: &Limits,
) -> Result<Arc<[Finding]>, String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        findings: Vec<Finding>,
    }
    let mut answer: Answer = json(bytes)?;
    address(&mut answer.findings, node, limits)?;
    Ok(answer.findings.into())
}

pub(in crate::plugin::wasm) fn rendered(
    bytes: &[u8],
    node: &str,
    node_type: &NodeType,
    limits: &Limits,
) -> Result<Rendered, String> {
    let mut rendered: Rendered = json(bytes)?;
    at_most("objects", rendered.objects.len(), limits.objects)?;
    at_most("entries of observe", rendered.observe.len(), limits.objects)?;
    at_most("notes", rendered.notes.len(), limits.findings)?;
    if rendered.notes.iter().any(|note| note.len() > TEXT) {
        return Err(format!("a note is longer than {TEXT} bytes"));
    }
    address(&mut rendered.findings, node, limits)?;
    for out in &rendered.objects {
        known_object(&out.object, node_type)?;
    }
    Ok(rendered)
}

pub(in crate::plugin::wasm) fn status(bytes: &[u8]) -> Result<Status, String> {
    json(bytes)
}

/// Prune and watches go by the kinds of the catalog: an object of another kind would never be seen again.
fn known_object(object: &Object, node_type: &NodeType) -> Result<(), String> {
    let kind = object.kind();
    if kind.api_version.is_empty() || kind.kind.is_empty() || object.name().is_empty() {
        return Err("an object lacks apiVersion, kind or metadata.name".into());
    }
    let same = |info: &KindInfo| info.kind.kind == kind.kind && info.kind.group() == kind.group();
    if !node_type.kinds.iter().any(same) {
        let name = excerpt(&format!("{}/{}", kind.api_version, kind.kind));
        return Err(format!("it rendered {name}, which is not among the kinds of {}", node_type.name));
    }
    Ok(())
}

fn address(findings: &mut [Finding], node: &str, limits: &Limits) -> Result<(), String> {
    at_most("findings", findings.len(), limits.findings)?;
    for finding in findings {
        short(finding)?;
        finding.node = Some(node.to_owned());
        finding.edge = None;
    }
    Ok(())
}
