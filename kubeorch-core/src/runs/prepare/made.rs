//! What a node was rendered to.

use std::sync::Arc;

use super::model::{NODE_LABEL, WORKFLOW_LABEL};
use super::read::heap;
use crate::error::Finding;
use crate::id::WorkflowId;
use crate::manifest::Object;
use crate::plugin::{Observe, Out, Rendered};

/// The rendering of one node, as it goes into what is prepared.
pub(super) struct Made {
    pub(super) findings: Vec<Finding>,
    /// Each with the node's id in front.
    pub(super) notes: Vec<String>,
    pub(super) observe: Arc<[Observe]>,
    /// All objects, labelled.
    pub(super) objects: Arc<[Object]>,
    /// Per object, whether another node's is taken in its place where there is one.
    pub(super) optional: Vec<bool>,
    /// Bytes that it takes, about.
    pub(super) weight: usize,
}

impl Made {
    pub(super) fn new(
        mut findings: Vec<Finding>,
        rendered: &Rendered,
        workflow: WorkflowId,
        node: &str,
    ) -> Self {
        findings.extend(rendered.findings.iter().cloned());
        let label = label_value(node);
        let mark = |out: &Out| {
            let mut object = out.object.clone();
            object.set_label(WORKFLOW_LABEL, &workflow.to_string());
            object.set_label(NODE_LABEL, &label);
            object
        };
        let objects: Arc<[Object]> = rendered.objects.iter().map(mark).collect();
        let texts = findings.iter().map(|finding| finding.message.len() + 256).sum::<usize>()
            + rendered.notes.iter().map(String::len).sum::<usize>();
        Self {
            weight: objects.iter().map(|object| heap(object.as_map())).sum::<usize>() + texts + 256,
            notes: rendered.notes.iter().map(|note| format!("{node}: {note}")).collect(),
            observe: rendered.observe.iter().cloned().collect(),
            optional: rendered.objects.iter().map(|out| out.if_absent).collect(),
            objects,
            findings,
        }
    }
}

/// A node id as a label value: at most 63 of the characters that Kubernetes allows there.
fn label_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut value: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).take(63).collect();
    let edge = |c: char| !c.is_ascii_alphanumeric();
    value.truncate(value.trim_end_matches(edge).len());
    value.trim_start_matches(edge).to_owned()
}
