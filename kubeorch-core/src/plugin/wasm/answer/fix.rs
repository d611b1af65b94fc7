//! Answers of fix templates.

use serde_json::Value;

use super::{at_most, confidence, excerpt, json, texts};
use crate::manifest::Key;
use crate::plugin::catalog::{complaint, worlds};
use crate::plugin::fix::{Catalog, Diagnosis, PatchType, Proposal, Template};
use crate::plugin::wasm::Limits;

/// Patches of one proposal.
const PATCHES: usize = 32;

pub(in crate::plugin::wasm) fn catalog(bytes: &[u8]) -> Result<Catalog, String> {
    let catalog: Catalog = json(bytes)?;
    let problems = worlds::fix_problems(&catalog);
    if problems.is_empty() { Ok(catalog) } else { Err(complaint(&problems)) }
}

/// Findings are of the kinds that the catalog lists.
pub(in crate::plugin::wasm) fn diagnosis(
    bytes: &[u8],
    catalog: &Catalog,
    limits: &Limits,
) -> Result<Diagnosis, String> {
    let mut diagnosis: Diagnosis = json(bytes)?;
    at_most("findings", diagnosis.findings.len(), limits.findings)?;
    for finding in &diagnosis.findings {
        confidence(finding.confidence)?;
        texts(&[&finding.code, &finding.message, &finding.hint])?;
        if !catalog.findings.iter().any(|kind| kind.code == finding.code) {
            return Err(format!("finding {} is not in its catalog", excerpt(&finding.code)));
        }
    }
    diagnosis.wants.sort_unstable();
    diagnosis.wants.dedup();
    Ok(diagnosis)
}

pub(in crate::plugin::wasm) fn template(bytes: &[u8]) -> Result<Template, String> {
    let template: Template = json(bytes)?;
    texts(&[&template.title, &template.rationale])?;
    if template.form.is_object() { Ok(template) } else { Err("its form is not a JSON Schema object".into()) }
}

/// Patches are for objects that the facts showed: a plugin changes nothing that it was not asked about.
pub(in crate::plugin::wasm) fn proposal(bytes: &[u8], shown: &[Key]) -> Result<Proposal, String> {
    let proposal: Proposal = json(bytes)?;
    at_most("patches", proposal.objects.len(), PATCHES)?;
    texts(&[&proposal.summary])?;
    for patch in &proposal.objects {
        if !shown.iter().any(|key| key.same(&patch.target)) {
            return Err(format!("it patches {}, which it was not shown", excerpt(&patch.target.to_string())));
        }
        match (patch.kind, &patch.patch) {
            (PatchType::Merge, Value::Object(_)) | (PatchType::Json, Value::Array(_)) => {}
            (PatchType::Merge, _) => return Err("a merge patch is not an object".into()),
            (PatchType::Json, _) => return Err("a JSON patch is not an array".into()),
        }
    }
    Ok(proposal)
}
