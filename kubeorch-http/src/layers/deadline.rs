//! An end for requests that hang. A stream has its answer at once; only its body goes on.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::problem::Problem;

pub(crate) async fn deadline(State(api): State<Api>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(api.options.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout().into_response(),
    }
}
