//! Services.

use super::View;
use crate::runs::ready::Readiness;

pub(super) fn service(live: View<'_>, _: View<'_>) -> Readiness {
    if live.text("/spec/type") != "LoadBalancer" {
        return Readiness::ready("");
    }
    let address = ["ip", "hostname"]
        .into_iter()
        .map(|name| live.text(&format!("/status/loadBalancer/ingress/0/{name}")))
        .find(|text| !text.is_empty());
    match address {
        Some(address) => Readiness::ready(format!("reachable at {address}")),
        None => Readiness::progressing("NoAddress", "no load balancer has given it an address yet"),
    }
}
