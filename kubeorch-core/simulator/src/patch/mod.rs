//! The patches that are no apply: JSON patch, merge patch, strategic merge patch.

mod strategic;

use serde_json::Value;

use crate::api::status::Status;
use crate::apply::Shape;

pub(crate) use strategic::strategic_merge;

/// RFC 6902. A failed `test` is 422, a malformed patch 400, as the server answers.
pub(crate) fn json_patch(live: &Value, patch: &Value) -> Result<Value, Status> {
    let patch: json_patch::Patch =
        serde_json::from_value(patch.clone()).map_err(|error| Status::bad_request(error.to_string()))?;
    let mut result = live.clone();
    json_patch::patch(&mut result, &patch).map_err(|error| Status::unprocessable(error.to_string()))?;
    Ok(result)
}

/// RFC 7386.
pub(crate) fn merge_patch(live: &Value, patch: &Value) -> Value {
    let mut result = live.clone();
    json_patch::merge(&mut result, patch);
    result
}

/// Strategic merge patch over the shape of the kind.
pub(crate) fn strategic_patch(live: &Value, patch: &Value, shape: &Shape) -> Result<Value, Status> {
    strategic_merge(live, patch, shape)
}
