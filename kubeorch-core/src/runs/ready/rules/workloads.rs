//! Workloads with replicas. The status of one is believed only for the newest generation.

use super::View;
use crate::runs::ready::{Phase, Readiness};

pub(super) fn deployment(live: View<'_>, desired: View<'_>) -> Readiness {
    if let Some(unseen) = live.unseen() {
        return unseen;
    }
    let late = live.holds("Progressing", "False").filter(|it| it.reason() == "ProgressDeadlineExceeded");
    if let Some(late) = late {
        // What keeps the pods from coming explains more than that time is up.
        let cause = live.holds("ReplicaFailure", "True").map(|it| format!(": {}", it.message()));
        return Readiness::failed(late.reason(), format!("{}{}", late.message(), cause.unwrap_or_default()));
    }
    let wanted = replicas(live);
    let (total, updated) = (live.count("replicas"), live.count("updatedReplicas"));
    if live.flag("/spec/paused") {
        // A new one that is paused makes no pods at all, so there is nothing to count.
        if desired.flag("/spec/paused") {
            return Readiness::ready("paused, as the graph asks");
        }
        if updated < wanted {
            return Readiness::progressing("DeploymentPaused", "somebody paused the roll-out; resume it");
        }
    }
    if updated < wanted {
        return refused(live).unwrap_or_else(|| rolling(updated, wanted));
    }
    if total > updated {
        return Readiness::progressing("Replacing", format!("{} old pods still to stop", total - updated));
    }
    available(live.count("availableReplicas"), wanted)
}

/// Every pod that the strategy updates has the new revision, and all are ready. `OnDelete` updates none, a partition only
/// those from its number on.
pub(super) fn stateful_set(live: View<'_>, _: View<'_>) -> Readiness {
    if let Some(unseen) = live.unseen() {
        return unseen;
    }
    let wanted = replicas(live);
    let (total, updated) = (live.count("replicas"), live.count("updatedReplicas"));
    let by_hand = live.text("/spec/updateStrategy/type") == "OnDelete";
    let partition = live.number("/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let to_update = if by_hand { 0 } else { (wanted - partition).max(0) };
    let rolled = live.text("/status/updateRevision") == live.text("/status/currentRevision");
    if total > wanted {
        return Readiness::progressing("Scaling", format!("{} pods still to stop", total - wanted));
    }
    if !rolled && updated < to_update {
        return rolling(updated, to_update);
    }
    let settled = live.number("/spec/minReadySeconds").unwrap_or(0) > 0;
    let answer = available(live.count(if settled { "availableReplicas" } else { "readyReplicas" }), wanted);
    if by_hand && !rolled && answer.phase == Phase::Ready {
        return Readiness::ready(format!("{updated}/{wanted} updated; the rest when they are deleted"));
    }
    answer
}

pub(super) fn daemon_set(live: View<'_>, _: View<'_>) -> Readiness {
    if let Some(unseen) = live.unseen() {
        return unseen;
    }
    let wanted = live.count("desiredNumberScheduled");
    let updated = live.count("updatedNumberScheduled");
    if live.text("/spec/updateStrategy/type") != "OnDelete" && updated < wanted {
        return rolling(updated, wanted);
    }
    if wanted == 0 {
        return Readiness::ready("no node of the cluster takes it");
    }
    available(live.count("numberAvailable"), wanted)
}

pub(super) fn replica_set(live: View<'_>, _: View<'_>) -> Readiness {
    if let Some(unseen) = live.unseen() {
        return unseen;
    }
    let (wanted, total) = (replicas(live), live.count("replicas"));
    if total > wanted {
        return Readiness::progressing("Scaling", format!("{} pods still to stop", total - wanted));
    }
    let answer = available(live.count("availableReplicas"), wanted);
    match answer.phase {
        Phase::Ready => answer,
        _ => refused(live).unwrap_or(answer),
    }
}

fn replicas(live: View<'_>) -> i64 {
    live.number("/spec/replicas").unwrap_or(1)
}

/// Pods that the server refuses: a quota, an admission webhook. A quota may be freed, so this is not the end.
fn refused(live: View<'_>) -> Option<Readiness> {
    live.holds("ReplicaFailure", "True").map(|it| Readiness::progressing(it.reason(), it.message()))
}

fn rolling(updated: i64, wanted: i64) -> Readiness {
    Readiness::progressing("RollingOut", format!("{updated}/{wanted} pods updated"))
}

fn available(available: i64, wanted: i64) -> Readiness {
    let text = format!("{available}/{wanted} pods available");
    if available < wanted { Readiness::progressing("Starting", text) } else { Readiness::ready(text) }
}
