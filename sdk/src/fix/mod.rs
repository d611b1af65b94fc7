//! Diagnoses and fixes: the world `fix-template`.
//!
//! A fix plugin reads the facts of a node, names what is wrong with it and, for each finding, offers a form and from the
//! filled form a proposal. It proposes and the host decides: every patch is checked against what was shown, previewed,
//! reviewed and applied by the host.

mod catalog;
mod diagnosis;
mod facts;
mod proposal;

pub use self::{
    catalog::{Catalog, FindingKind, Want},
    diagnosis::{DiagnoseRequest, Diagnosis, Finding, Subject},
    facts::{Event, Facts, Log, Neighbour},
    proposal::{ApplyRequest, ObjectPatch, PatchType, Proposal, Risk, Template, TemplateRequest, Verify},
};

use crate::Failure;

/// The questions of the `fix-template` world, typed.
pub trait Fixes {
    /// What the plugin is, which findings it can make and mend, and which facts it wants to see.
    fn catalog() -> Catalog;

    /// What is wrong with the node. May ask for more facts, once.
    fn diagnose(request: &DiagnoseRequest) -> Result<Diagnosis, Failure>;

    /// The form that a person fills in before a finding is mended. Fails with `finding.unknown` for a finding of
    /// another plugin; [`unknown_finding`] makes it.
    fn template(request: &TemplateRequest) -> Result<Template, Failure>;

    /// What to change, from the filled form.
    fn apply(request: &ApplyRequest) -> Result<Proposal, Failure>;
}

/// The failure for a finding that the plugin does not make.
pub fn unknown_finding(code: &str) -> Failure {
    Failure::new("finding.unknown", format!("this plugin does not mend {code:?}"))
}
