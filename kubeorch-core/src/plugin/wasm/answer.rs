//! From a guest's bytes to typed answers. Nothing of it is trusted: shape, counts and identities are checked
//! here, so that the engine never sees an answer that the contract does not allow.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Limits;
use crate::error::Finding;
use crate::manifest::Object;
use crate::plugin::{Catalog, Facts, KindInfo, NodeType, Rendered, Status, catalog as rules};

/// Characters of a guest's own words that an error repeats.
const EXCERPT: usize = 300;

/// Characters of a note or of a finding's text.
const TEXT: usize = 4096;

/// References that one node may have.
const REFERENCES: usize = 1024;

/// A guest's words, fit for an error and a log: short, and without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let mut shown: String =
        text.chars().take(EXCERPT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(EXCERPT).is_some() {
        shown.push('…');
    }
    shown
}

pub(super) fn catalog(bytes: &[u8], limits: &Limits) -> Result<Catalog, String> {
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

pub(super) fn facts(bytes: &[u8]) -> Result<Facts, String> {
    let facts: Facts = json(bytes)?;
    at_most("references", facts.references.len(), REFERENCES)?;
    Ok(facts)
}

/// `{"findings":[..]}`, each one addressed to the node.
pub(super) fn findings(bytes: &[u8], node: &str, limits: &Limits) -> Result<Arc<[Finding]>, String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        findings: Vec<Finding>,
    }
    let mut answer: Answer = json(bytes)?;
    address(&mut answer.findings, node, limits)?;
    Ok(answer.findings.into())
}

pub(super) fn rendered(
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

pub(super) fn status(bytes: &[u8]) -> Result<Status, String> {
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
        let texts = [&finding.code, &finding.field, &finding.message, &finding.hint];
        if texts.iter().any(|text| text.len() > TEXT) {
            return Err(format!("a finding's text is longer than {TEXT} bytes"));
        }
        finding.node = Some(node.to_owned());
        finding.edge = None;
    }
    Ok(())
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count > most { Err(format!("{count} {what}, at most {most} are allowed")) } else { Ok(()) }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // A list of values would be taken for the members of a struct in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err("its answer breaks the contract: a list is no object".into());
    }
    serde_json::from_slice(bytes)
        .map_err(|error| format!("its answer breaks the contract: {}", excerpt(&error.to_string())))
}
