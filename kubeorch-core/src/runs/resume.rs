//! What a run needs to go on after a pause or a stop of the process.
//!
//! To go on is to plan again: what is done shows up as unchanged. Only values are gone, because nothing keeps them.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{NodePhase, NodeState, Run, Values};
use crate::error::Finding;

/// The code of a finding about a secret without a value.
const VALUE_MISSING: &str = "secret.value_missing";

/// The nodes whose values have to be given again: those that had some and were not applied with them, and those that
/// nothing live fills.
pub(super) fn missing(
    run: &Run,
    states: &BTreeMap<String, NodeState>,
    findings: &[Finding],
    values: &Values,
) -> Vec<String> {
    let given: BTreeSet<String> = values.nodes().into_iter().collect();
    let applied = |node: &String| {
        let status = states.get(node).map(|state| state.status);
        matches!(status, Some(NodePhase::Waiting | NodePhase::Completed))
    };
    // A node that is being applied may or may not have its values: nothing on an object tells an old one from a new.
    let open = run.given.iter().filter(|node| !given.contains(*node) && !applied(node)).cloned();
    let unfilled = findings.iter().filter(|finding| finding.code == VALUE_MISSING).filter_map(|finding| {
        let node = finding.node.clone()?;
        (finding.is_error() || run.given.contains(&node)).then_some(node)
    });
    open.chain(unfilled).collect::<BTreeSet<_>>().into_iter().collect()
}
