//! The outermost layer: the request's id, its span, its metrics, and the body of a refused request.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::api::Api;
use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a caller.
const MAX_ID: usize = 64;

pub(crate) async fn observe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let pattern = request.extensions().get::<MatchedPath>().cloned();
    let pattern = pattern.as_ref().map(MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        %method,
        path = request.uri().path(),
        query = request.uri().query().map(redact),
    );
    let _in_flight = api.telemetry.begin();
    let mut response = next.run(request).instrument(span.clone()).await;
    let _entered = span.enter();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        write_problem(&mut response, &problem, &id, pattern);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let elapsed = started.elapsed();
    api.telemetry.end(&method, pattern, response.status(), elapsed);
    tracing::info!(status = response.status().as_u16(), elapsed_us = elapsed.as_micros(), "answered");
    response
}

fn write_problem(response: &mut Response, problem: &Problem, id: &str, pattern: Option<&str>) {
    if let Some(log) = problem.log() {
        tracing::error!(status = problem.status().as_u16(), error = log, "request failed");
    }
    let sign_in = pattern.is_some_and(|pattern| pattern.contains("/v1/api/auth/"));
    // A body of strings, numbers and findings always serialises.
    let body = serde_json::to_vec(&problem.body(id, sign_in)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(crate::extract::JSON));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
}

/// The caller's id when it is short and harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let good = |id: &&str| {
        (1..=MAX_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(good).map_or_else(new_id, str::to_owned)
}

fn new_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness an id is only less useful; a request must not fail for it.
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// The query as the log may hold it: a token in it is a credential (contract 1.2).
fn redact(query: &str) -> String {
    let shown = query.split('&').map(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let plain = form_urlencoded::parse(name.as_bytes()).next().map(|(name, _)| name);
        if plain.is_some_and(|name| name.eq_ignore_ascii_case("token")) { "token=***" } else { pair }
    });
    shown.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_reach_the_log() {
        for (query, expected) in [
            ("token=abc", "token=***"),
            ("v1=1&token=abc&x", "v1=1&token=***&x"),
            ("%74oken=abc&TOKEN=d", "token=***&token=***"),
            ("tokens=abc", "tokens=abc"),
            ("", ""),
        ] {
            assert_eq!(redact(query), expected);
        }
    }

    #[test]
    fn a_callers_id_is_kept_when_it_is_harmless() {
        let long = "x".repeat(MAX_ID + 1);
        for (given, kept) in
            [("abc-1.2_Z", true), ("", false), ("a b", false), ("a\"b", false), (&long, false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            assert_eq!(request_id(&headers) == given, kept, "{given}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
