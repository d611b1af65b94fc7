//! Disruption budgets: how many pods may go.

use serde_json::{Value, json};

use super::pods::{MANAGER, active, ready};
use crate::core::{Core, Writer};
use crate::store::selects;
use crate::value::{int, int_or_percent, put, terminating};

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let id = "poddisruptionbudgets.policy";
    let Some(budget) = core.get(id, space, own).filter(|budget| !terminating(budget)) else { return };
    let pods: Vec<_> = core
        .list("pods", Some(space))
        .into_iter()
        .filter(|pod| selects(budget.pointer("/spec/selector"), pod) && active(pod))
        .collect();
    let total = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let healthy = i64::try_from(pods.iter().filter(|pod| ready(pod)).count()).unwrap_or_default();
    let wanted = if let Some(least) = int_or_percent(budget.pointer("/spec/minAvailable"), total, true) {
        least
    } else {
        let missing = int_or_percent(budget.pointer("/spec/maxUnavailable"), total, true);
        (total - missing.unwrap_or(total)).max(0)
    };
    let allowed = (healthy - wanted).max(0);
    let now = core.stamp();
    let (reason, status) = if allowed > 0 { ("SufficientPods", true) } else { ("InsufficientPods", false) };
    let entry = super::pods::condition_entry(&budget, "DisruptionAllowed", status, reason, "", &now);
    let mut entry = entry;
    crate::value::remove(&mut entry, &["lastUpdateTime"]);
    entry["observedGeneration"] = budget["metadata"]["generation"].clone();
    let new = json!({
        "conditions": [entry],
        "currentHealthy": healthy,
        "desiredHealthy": wanted,
        "disruptionsAllowed": allowed,
        "expectedPods": total,
        "observedGeneration": budget["metadata"]["generation"],
    });
    core.modify(id, space, own, &Writer::status(MANAGER), |budget| put(budget, &["status"], new));
}

/// The budgets over a pod and how many disruptions each allows now.
pub(crate) fn allowed(core: &Core, pod: &Value) -> Vec<(String, i64, i64, i64)> {
    core.list("poddisruptionbudgets.policy", Some(crate::value::namespace(pod)))
        .iter()
        .filter(|budget| selects(budget.pointer("/spec/selector"), pod))
        .map(|budget| {
            let number = |field: &str| int(budget, &format!("/status/{field}")).unwrap_or_default();
            let name = crate::value::name(budget).to_owned();
            (name, number("disruptionsAllowed"), number("desiredHealthy"), number("currentHealthy"))
        })
        .collect()
}
