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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::Time;

    fn run(given: &[&str]) -> Run {
        let id = "aaaaaaaaaaaaaaaaaaaaaaaa";
        serde_json::from_value(json!({
            "id": id, "workflow": id, "version": 1, "cluster": "lab", "cluster_id": null, "status": "running",
            "started_at": "2026-01-01T00:00:00.000Z", "completed_at": null, "error": null, "trigger": "manual",
            "user": null, "plan": null, "content": null, "options": {}, "given": given, "node_count": 2,
            "attempt": 1, "asked": null, "pause": null, "approvals": [],
        }))
        .unwrap()
    }

    fn check(given: &[&str], phase: NodePhase, finding: Option<Finding>, again: &[&str], expected: &[&str]) {
        let state = NodeState {
            status: phase,
            applied: Vec::new(),
            error: None,
            message: None,
            attempts: 1,
            at: Time::from_millis(0),
        };
        let states = BTreeMap::from([("a".to_owned(), state)]);
        let secrets: serde_json::Map<_, _> =
            again.iter().map(|node| ((*node).to_owned(), json!({ "K": "v" }))).collect();
        let values: Values = serde_json::from_value(json!({ "secrets": secrets })).unwrap();
        let findings: Vec<_> = finding.into_iter().collect();
        assert_eq!(missing(&run(given), &states, &findings, &values), expected, "{phase:?} {again:?}");
    }

    #[test]
    fn values_are_asked_for_unless_they_are_applied_or_given_again() {
        let error = |node| Finding::error(VALUE_MISSING, "x").on_node(node);
        let warning = |node| Finding::warning(VALUE_MISSING, "x").on_node(node);
        check(&["a"], NodePhase::Waiting, None, &[], &[]);
        check(&["a"], NodePhase::Completed, None, &[], &[]);
        check(&["a"], NodePhase::Applying, None, &[], &["a"]);
        check(&["a"], NodePhase::Applying, None, &["a"], &[]);
        check(&["a", "b"], NodePhase::Waiting, None, &[], &["b"]);
        check(&[], NodePhase::Applying, None, &[], &[]);
        // Somebody removed the object, and with it the only copy.
        check(&["a"], NodePhase::Completed, Some(error("a")), &[], &["a"]);
        check(&["a"], NodePhase::Completed, Some(warning("a")), &[], &["a"]);
        check(&[], NodePhase::Pending, Some(error("c")), &[], &["c"]);
        // Left out from the beginning.
        check(&[], NodePhase::Pending, Some(warning("c")), &[], &[]);
    }
}
