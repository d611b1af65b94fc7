//! A panic in one handler answers 500 and leaves the server alone.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

// The signature is the layer's.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&'static str>().copied())
        .unwrap_or("no text");
    Problem::internal(format!("a handler panicked: {text}")).into_response()
}
