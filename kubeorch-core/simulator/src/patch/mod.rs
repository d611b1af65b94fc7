//! The patches that are no apply: JSON patch, merge patch, strategic merge patch.

mod strategic;

use json_patch::PatchOperation;
use serde_json::Value;

use crate::api::status::Status;
use crate::apply::Shape;

pub(crate) use strategic::strategic_merge;

/// All the server says of an operation that fails, be it a `test` or a path that is not there.
const REFUSED: &str = "the server rejected our request due to an error in our request";

/// RFC 6902. A failed `test` is 422, a malformed patch 400, as the server answers.
pub(crate) fn json_patch(live: &Value, patch: &Value) -> Result<Value, Status> {
    let patch: json_patch::Patch =
        serde_json::from_value(patch.clone()).map_err(|error| Status::bad_request(error.to_string()))?;
    let mut result = live.clone();
    for operation in patch.0 {
        // The server takes a missing field for null; clients test so that nobody was faster.
        let absent = matches!(&operation, PatchOperation::Test(test)
            if test.value.is_null() && result.pointer(test.path.as_str()).is_none());
        if !absent {
            json_patch::patch(&mut result, &[operation]).map_err(|_| Status::unprocessable(REFUSED))?;
        }
    }
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
