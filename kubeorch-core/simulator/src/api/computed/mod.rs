//! Resources that are answers, not objects: access reviews and metrics.

mod metrics;
mod reviews;

use super::status::Status;
use super::{Answer, Call};
use crate::access::User;
use crate::core::Core;

pub(super) fn serve(core: &Core, call: &Call, user: &User) -> Result<Answer, Status> {
    match call.resource.group.as_str() {
        "metrics.k8s.io" => metrics::read(core, call),
        _ => reviews::review(core, call, user),
    }
}
