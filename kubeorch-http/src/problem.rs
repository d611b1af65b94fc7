//! What a refused request answers: `{"error","code","hint","requestId"}` plus what the error adds.
//!
//! A handler returns a [`Problem`]; the outermost layer writes the body, because only it knows the request's id,
//! and puts into the log what a client must not see.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kubeorch_core::error::{Finding, Kind};
use serde::Serialize;
use serde_json::{Map, Value};

/// A refused or failed request.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Arc<Parts>);

/// The members of a [`Problem`].
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    status: StatusCode,
    code: &'static str,
    error: String,
    hint: String,
    findings: Vec<Finding>,
    extra: Map<String, Value>,
    log: Option<String>,
}

/// The body of every refused request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// The sentence for people.
    error: &'a str,
    /// A copy of `error`; on refused sign-ins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// The stable identifier, for instance `workflow.not_found`.
    code: &'a str,
    /// The next step; may be empty.
    hint: &'a str,
    /// The same as the header `X-Request-Id`.
    request_id: &'a str,
    /// Remarks on the graph that was sent or run, all of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<crate::wire::finding::Finding>)]
    findings: &'a [Finding],
    /// Members of this error, for instance `revision` of a conflict.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    extra: &'a Map<String, Value>,
}

impl Problem {
    /// An error of the face itself.
    pub(crate) fn new(status: StatusCode, code: &'static str, error: impl Into<String>) -> Self {
        Self(Arc::new(Parts {
            status,
            code,
            error: error.into(),
            hint: String::new(),
            findings: Vec::new(),
            extra: Map::new(),
            log: None,
        }))
    }

    /// 400.
    pub(crate) fn invalid(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.invalid", error)
    }

    /// 401 with the text for a request without a token (contract 1.2).
    pub(crate) fn token_missing() -> Self {
        let error = "Authorization token is required (header or query param)";
        Self::new(StatusCode::UNAUTHORIZED, "auth.required", error)
            .hint("Sign in and send the token as `Authorization: Bearer <token>`.")
    }

    /// 404 for a path or method that isn't there.
    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "route.not_found", "There is no such route")
            .hint("The routes are listed at /v1/api-docs.")
    }

    /// 413.
    pub(crate) fn too_large(limit: usize) -> Self {
        let error = format!("The request body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", error)
    }

    /// 429 (contract 1.11).
    pub(crate) fn rate_limited() -> Self {
        let error = "rate limit exceeded, please try again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "request.rate_limited", error)
    }

    /// 503 when an ordinary request took too long.
    pub(crate) fn timeout() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "request.timeout", "The request took too long")
            .hint("Try again; if it stays, look at the server's log.")
    }

    /// 503 while the server drains.
    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server.shutting_down", "The server is stopping")
            .hint("Try again in a moment.")
    }

    /// 500; the cause goes to the log alone.
    pub(crate) fn internal(log: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server.failed", INTERNAL);
        problem.change(|parts| parts.log = Some(log.into()))
    }

    /// Adds the next step.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.change(|parts| parts.hint = hint.into())
    }

    /// Adds a member.
    pub(crate) fn with(self, member: &str, value: impl Into<Value>) -> Self {
        self.change(|parts| {
            parts.extra.insert(member.to_owned(), value.into());
        })
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What belongs in the log.
    pub(crate) fn log(&self) -> Option<&str> {
        self.0.log.as_deref()
    }

    /// The body.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str, sign_in: bool) -> Body<'a> {
        let parts = &*self.0;
        Body {
            error: &parts.error,
            message: (sign_in || parts.status == StatusCode::UNAUTHORIZED).then_some(&*parts.error),
            code: parts.code,
            hint: &parts.hint,
            request_id,
            findings: &parts.findings,
            extra: &parts.extra,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// What a client sees of a fault of this program.
const INTERNAL: &str = "Internal server error";

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict | Kind::Cancelled => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Full => StatusCode::INSUFFICIENT_STORAGE,
        // `Kind` may grow; an unknown class is a fault until this table knows it.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<kubeorch_core::Error> for Problem {
    fn from(error: kubeorch_core::Error) -> Self {
        let status = status(error.kind());
        let hidden = status == StatusCode::INTERNAL_SERVER_ERROR;
        let mut problem = Self::new(
            status,
            error.code().name,
            if hidden { INTERNAL.to_owned() } else { error.to_string() },
        )
        .hint(error.hint());
        if let Some((member, value)) = error.detail() {
            problem = problem.with(member, value.clone());
        }
        if !error.findings().is_empty() {
            let lines: Vec<_> = error.findings().iter().map(ToString::to_string).collect();
            problem = problem.with("details", lines.join("; "));
        }
        problem.change(|parts| {
            parts.findings = error.findings().to_vec();
            parts.log = status.is_server_error().then(|| error.log());
        })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if self.status() == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeorch_core::error::{Code, Describe, codes};

    #[derive(Debug, thiserror::Error)]
    #[error("disk sector 7 of {path}")]
    struct Fault {
        path: &'static str,
        code: &'static Code,
    }

    impl Describe for Fault {
        fn code(&self) -> &'static Code {
            self.code
        }

        fn take_findings(&mut self) -> Vec<Finding> {
            vec![
                Finding::error("deployment.image_missing", "an image is required").on_node("web").at("image"),
            ]
        }

        fn detail(&self) -> Option<(&'static str, Value)> {
            Some(("revision", 7.into()))
        }
    }

    fn json(problem: &Problem, sign_in: bool) -> Value {
        serde_json::to_value(problem.body("r1", sign_in)).unwrap()
    }

    #[test]
    fn every_code_of_the_library_has_a_status_and_faults_stay_hidden() {
        for code in codes::ALL {
            let problem = Problem::from(kubeorch_core::Error::from(Fault { path: "/secret", code }));
            let text = json(&problem, false).to_string();
            let hidden = problem.status() == StatusCode::INTERNAL_SERVER_ERROR;
            assert_eq!(code.kind == Kind::Internal, hidden, "{}", code.name);
            assert_eq!(hidden, !text.contains("/secret"), "{text}");
            assert_eq!(problem.status().is_server_error(), problem.log().is_some(), "{}", code.name);
        }
    }

    #[test]
    fn the_body_holds_what_the_contract_names() {
        let problem =
            Problem::from(kubeorch_core::Error::from(Fault { path: "x", code: codes::GRAPH_INVALID }));
        assert_eq!(
            json(&problem, true),
            serde_json::json!({
                "error": "disk sector 7 of x", "message": "disk sector 7 of x", "code": "graph.invalid",
                "hint": "Correct every finding and repeat; nothing was applied.", "requestId": "r1",
                "findings": [{"severity": "error", "code": "deployment.image_missing", "node": "web",
                              "field": "image", "message": "an image is required", "hint": ""}],
                "revision": 7, "details": "web image: an image is required",
            })
        );
        let plain = json(&Problem::invalid("Invalid request data"), false);
        assert_eq!(
            plain,
            serde_json::json!({"error": "Invalid request data", "code": "request.invalid", "hint": "", "requestId": "r1"})
        );
    }
}
