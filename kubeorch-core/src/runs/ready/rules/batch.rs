//! Jobs.

use super::View;
use crate::runs::ready::Readiness;

pub(super) fn job(live: View<'_>, desired: View<'_>) -> Readiness {
    // The first success ends a job without a number of completions.
    let wanted = live.number("/spec/completions").unwrap_or(1);
    let done = format!("{}/{wanted} pods succeeded", live.count("succeeded"));
    if live.holds("Complete", "True").is_some() {
        return Readiness::ready(done);
    }
    // The target is set while the last pods still stop; nothing leads back from it.
    if let Some(failed) = live.holds("Failed", "True").or_else(|| live.holds("FailureTarget", "True")) {
        return Readiness::failed(failed.reason(), failed.message());
    }
    if desired.flag("/spec/suspend") && live.flag("/spec/suspend") {
        return Readiness::ready("suspended, as the graph asks");
    }
    if live.flag("/spec/suspend") || live.holds("Suspended", "True").is_some() {
        return Readiness::progressing("Suspended", "somebody suspended it; it goes on when it is resumed");
    }
    match live.count("active") {
        0 => Readiness::progressing("Starting", done),
        active => Readiness::progressing("Running", format!("{done}, {active} running")),
    }
}

/// A schedule has nothing to get ready; its jobs are their own.
pub(super) fn cron_job(live: View<'_>, _: View<'_>) -> Readiness {
    Readiness::ready(if live.flag("/spec/suspend") { "suspended" } else { "" })
}
