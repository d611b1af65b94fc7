//! Kinds that no rule knows, by the conventions of the Kubernetes API.

use super::View;
use crate::runs::ready::Readiness;

/// `None` when the object says nothing of itself.
pub(super) fn generic(live: View<'_>) -> Option<Readiness> {
    if let Some(stale) = live.stale() {
        return Some(stale);
    }
    let generation = live.generation();
    // A condition of an older generation says nothing of this one.
    let current = |kind: &str, status: &str| live.holds(kind, status).filter(|it| !it.older(generation));
    if let Some(stalled) = current("Stalled", "True") {
        return Some(Readiness::failed(stalled.reason(), stalled.message()));
    }
    if let Some(busy) = current("Reconciling", "True") {
        return Some(Readiness::progressing(busy.reason(), busy.message()));
    }
    // `Ready` is about the whole where both are there.
    let whole = ["Ready", "Available"].into_iter().find_map(|kind| live.condition(kind));
    if let Some(whole) = whole {
        if whole.older(generation) {
            return Some(Readiness::progressing(
                "NotObserved",
                "its controller has not taken the change up yet",
            ));
        }
        return Some(if whole.is("True") {
            Readiness::ready(whole.message())
        } else {
            Readiness::progressing(whole.reason(), whole.message())
        });
    }
    current("Progressing", "True").map(|busy| Readiness::progressing(busy.reason(), busy.message()))
}
