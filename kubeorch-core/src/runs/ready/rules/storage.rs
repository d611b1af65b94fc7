//! Claims and volumes.

use super::View;
use crate::runs::ready::Readiness;

pub(super) fn claim(live: View<'_>, _: View<'_>) -> Readiness {
    match live.text("/status/phase") {
        "Bound" => Readiness::ready("bound"),
        "Lost" => Readiness::failed("Lost", "the volume it was bound to is gone"),
        _ => Readiness::progressing("Pending", "waiting for a volume"),
    }
}

pub(super) fn volume(live: View<'_>, _: View<'_>) -> Readiness {
    match live.text("/status/phase") {
        "Available" | "Bound" | "Released" => Readiness::ready(""),
        "Failed" => Readiness::failed("Failed", live.text("/status/message")),
        _ => Readiness::progressing("Pending", "the server has not taken it up yet"),
    }
}
