//! Answers of import analyzers.

use std::collections::BTreeSet;

use super::{at_most, confidence, excerpt, json, short, texts};
use crate::plugin::analyzer::{Analysis, Catalog, Detected, Origin};
use crate::plugin::catalog::{complaint, worlds};
use crate::plugin::source::valid_path;
use crate::plugin::wasm::Limits;

/// Places that one analyzer may name in a tree.
const PLACES: usize = 1024;

/// Edges for each node that an analysis may have.
const EDGES_PER_NODE: usize = 10;

/// Findings of one analysis: a repository has more to remark on than a node.
const FINDINGS: usize = 2048;

pub(in crate::plugin::wasm) fn catalog(bytes: &[u8]) -> Result<Catalog, String> {
    let catalog: Catalog = json(bytes)?;
    let problems = worlds::analyzer_problems(&catalog);
    if problems.is_empty() { Ok(catalog) } else { Err(complaint(&problems)) }
}

pub(in crate::plugin::wasm) fn detected(bytes: &[u8]) -> Result<Detected, String> {
    let detected: Detected = json(bytes)?;
    at_most("places", detected.places.len(), PLACES)?;
    for place in &detected.places {
        confidence(place.confidence)?;
        texts(&[&place.kind, &place.reason])?;
        if !place.root.is_empty() && !valid_path(&place.root) {
            return Err(format!("place {} is not a path within the tree", excerpt(&place.root)));
        }
    }
    Ok(detected)
}

pub(in crate::plugin::wasm) fn analysis(bytes: &[u8], limits: &Limits) -> Result<Analysis, String> {
    let mut analysis: Analysis = json(bytes)?;
    at_most("nodes", analysis.nodes.len(), limits.nodes)?;
    at_most("edges", analysis.edges.len(), limits.nodes.saturating_mul(EDGES_PER_NODE))?;
    at_most("findings", analysis.findings.len(), FINDINGS)?;
    let mut keys = BTreeSet::new();
    for node in &analysis.nodes {
        confidence(node.confidence)?;
        texts(&[&node.key, &node.kind])?;
        check_origin(&node.origin)?;
        if node.key.is_empty() || !keys.insert(node.key.as_str()) {
            return Err(format!("node key {} is empty or there twice", excerpt(&node.key)));
        }
    }
    for end in analysis.edges.iter().flat_map(|edge| [&edge.source, &edge.target]) {
        if !keys.contains(end.as_str()) {
            return Err(format!("an edge names {}, which is no node", excerpt(end)));
        }
    }
    for remark in &mut analysis.findings {
        short(&remark.finding)?;
        remark.origin.as_ref().map_or(Ok(()), check_origin)?;
        // There is no graph yet that it could be addressed to.
        remark.finding.node = None;
        remark.finding.edge = None;
    }
    Ok(analysis)
}

fn check_origin(origin: &Origin) -> Result<(), String> {
    if valid_path(&origin.path) {
        Ok(())
    } else {
        Err(format!("origin {} is not a path within the tree", excerpt(&origin.path)))
    }
}
