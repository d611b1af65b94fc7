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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_panic_goes_to_the_log_alone() {
        for panic in [Box::new("secret") as Box<dyn Any + Send>, Box::new("secret".to_owned()), Box::new(7)] {
            let response = panicked(panic);
            assert_eq!(response.status(), 500);
            let problem = response.extensions().get::<Problem>().unwrap();
            let body = serde_json::to_string(&problem.body("r", false)).unwrap();
            assert!(!body.contains("secret"), "{body}");
            assert!(problem.log().is_some_and(|log| log.starts_with("a handler panicked: ")));
        }
    }
}
