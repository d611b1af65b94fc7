//! What is about the cluster rather than about pods.

use super::View;
use crate::runs::ready::Readiness;

/// Seen by its controller; see the module on why healthy pods are not asked for.
pub(super) fn budget(live: View<'_>, _: View<'_>) -> Readiness {
    if let Some(unseen) = live.unseen() {
        return unseen;
    }
    let broken = live.holds("DisruptionAllowed", "False").filter(|it| it.reason() == "SyncFailed");
    match broken {
        Some(broken) => Readiness::progressing(broken.reason(), broken.message()),
        None => Readiness::ready(format!("{} disruptions allowed", live.count("disruptionsAllowed"))),
    }
}

/// Able to scale and to tell how far. Metrics come a while after the first pods, so no trouble is final.
pub(super) fn autoscaler(live: View<'_>, _: View<'_>) -> Readiness {
    if let Some(stale) = live.stale() {
        return stale;
    }
    if live.condition("AbleToScale").is_none() {
        return Readiness::progressing("NotObserved", "its controller has not taken it up yet");
    }
    let trouble = ["AbleToScale", "ScalingActive"].into_iter().find_map(|kind| live.holds(kind, "False"));
    match trouble {
        Some(why) if why.reason() == "ScalingDisabled" => Readiness::ready(why.message()),
        Some(why) => Readiness::progressing(why.reason(), why.message()),
        None => Readiness::ready(""),
    }
}

/// Served. Names that collide with another definition's stay refused.
pub(super) fn definition(live: View<'_>, _: View<'_>) -> Readiness {
    if live.holds("Established", "True").is_some() {
        return Readiness::ready("");
    }
    match live.holds("NamesAccepted", "False") {
        Some(refused) => Readiness::failed(refused.reason(), refused.message()),
        None => Readiness::progressing("NotEstablished", "the server does not serve it yet"),
    }
}

pub(super) fn api_service(live: View<'_>, _: View<'_>) -> Readiness {
    match live.condition("Available") {
        Some(available) if available.is("True") => Readiness::ready(""),
        Some(available) => Readiness::progressing(available.reason(), available.message()),
        None => Readiness::progressing("NotAvailable", "the server behind it has not answered yet"),
    }
}

pub(super) fn namespace(live: View<'_>, _: View<'_>) -> Readiness {
    match live.text("/status/phase") {
        "Terminating" => Readiness::progressing("Terminating", "it is being deleted"),
        // The phase is set when it is made; a server that does not say it has one all the same.
        _ => Readiness::ready(""),
    }
}
