//! From a package to a component that runs and is not served yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use semver::Version;

use super::service::Inner;
use super::{Error, Package, Release, source};
use crate::error::Finding;
use crate::id::UserId;
use crate::plugin::{About, Candidate, Manifest, manifest};

/// A component that passed everything but the question whether there is room for it.
pub(super) struct Ready {
    pub(super) candidate: Candidate,
    pub(super) release: Release,
    /// `None` when the store has them already.
    pub(super) bytes: Option<Arc<[u8]>>,
}

impl Ready {
    pub(super) fn id(&self) -> &str {
        &self.candidate.about().info.id
    }
}

/// Fetches, proves, scans and loads.
pub(super) async fn ready(inner: &Inner, by: Option<UserId>, package: Package) -> Result<Ready, Error> {
    let sandbox = inner.sandbox()?;
    let fetched = source::fetch(inner, package).await?;
    Manifest::of(&fetched.bytes).map_err(Error::Unusable)?;
    let candidate = sandbox.load(&fetched.source, Arc::clone(&fetched.bytes)).await?;
    let findings = problems(candidate.about());
    if !findings.is_empty() {
        return Err(Error::Unusable(findings));
    }
    let size = fetched.bytes.len() as u64;
    let release = Release {
        sha256: fetched.sha256,
        size,
        source: fetched.source,
        signer: fetched.signer,
        installed_by: by,
        installed_at: inner.host.clock.now(),
        ..described(candidate.about())
    };
    Ok(Ready { candidate, release, bytes: Some(fetched.bytes) })
}

/// What an installed plugin must hold to beyond what the sandbox asks of any.
pub(super) fn problems(about: &About) -> Vec<Finding> {
    let mut out = Vec::new();
    let info = &about.info;
    if !manifest::is_id(&info.id) {
        let message = format!("{:?} is not lower-case letters, digits and dashes, a letter first", info.id);
        out.push(Finding::error("plugin.id_invalid", message).at("plugin.id"));
    }
    if let Err(error) = Version::parse(&info.version) {
        let message = format!("{:?} is not a semantic version: {error}", info.version);
        out.push(Finding::error("plugin.version_invalid", message).at("plugin.version"));
    }
    if let Some(manifest) = &about.manifest {
        for (member, said, found) in
            [("id", &manifest.id, &info.id), ("version", &manifest.version, &info.version)]
        {
            if said != found {
                let message = format!("the manifest says {said}, the catalog {found}");
                out.push(Finding::error("manifest.contradicted", message).at(member));
            }
        }
    }
    out
}

/// A release as far as the component itself tells it.
pub(super) fn described(about: &About) -> Release {
    let mut aliases: Vec<_> = about.node_types.iter().filter_map(|it| it.alias.clone()).collect();
    aliases.sort_by(|a, b| (&a.kind, &a.member).cmp(&(&b.kind, &b.member)));
    aliases.dedup();
    Release {
        version: about.info.version.clone(),
        sha256: about.digest.clone(),
        size: 0,
        name: about.info.name.clone(),
        description: about.info.description.clone(),
        source: String::new(),
        signer: None,
        capabilities: about.manifest.iter().flat_map(|it| it.capabilities.clone()).collect(),
        node_types: about.node_types.iter().map(|it| it.name.clone()).collect(),
        aliases,
        installed_by: None,
        installed_at: crate::time::Time::from_millis(0),
    }
}

/// What stands in the way of serving it beside the others.
pub(super) fn conflicts(about: &About, others: &[About]) -> Vec<Finding> {
    let mut out = Vec::new();
    let names: BTreeSet<&str> = about.node_types.iter().map(|it| it.name.as_str()).collect();
    let entries = entry_ids(about);
    for other in others.iter().filter(|other| other.info.id != about.info.id) {
        for name in other.node_types.iter().filter(|it| names.contains(it.name.as_str())) {
            let message = format!("node type {} is brought by {} already", name.name, other.info.id);
            out.push(Finding::error("plugin.node_type_taken", message));
        }
        for entry in entry_ids(other).intersection(&entries) {
            let message = format!("entry {entry} is brought by {} already", other.info.id);
            out.push(Finding::error("plugin.entry_taken", message));
        }
    }
    out
}

fn entry_ids(about: &About) -> BTreeSet<&str> {
    match about.entries.as_slice() {
        [] => BTreeSet::from([about.info.id.as_str()]),
        entries => entries.iter().map(|entry| entry.id.as_str()).collect(),
    }
}
