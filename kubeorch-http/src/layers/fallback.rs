//! Paths that are not there: a redirect when only a trailing slash is too many, else 404 as JSON.

use std::future::{Ready, ready};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::table::Row;

/// Contract 1.1: 404, never 405.
pub(crate) async fn wrong_method() -> Problem {
    Problem::no_route()
}

/// The handler for every unknown path.
pub(crate) fn not_found(
    rows: Vec<Row>,
) -> impl Fn(Request) -> Ready<Response> + Clone + Send + Sync + 'static {
    let rows: Arc<[Row]> = rows.into();
    move |request| ready(redirect(&rows, &request).unwrap_or_else(|| Problem::no_route().into_response()))
}

/// The address is relative (`../runs`), so it holds wherever the router is mounted and cannot lead to another host.
fn redirect(rows: &[Row], request: &Request) -> Option<Response> {
    let path = request.uri().path().strip_suffix('/')?;
    if !rows.iter().any(|row| fits(&row.path, path)) {
        return None;
    }
    let mut target = format!("../{}", path.rsplit('/').next()?);
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    let status = match *request.method() {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::TEMPORARY_REDIRECT,
    };
    Some((status, [(header::LOCATION, HeaderValue::from_str(&target).ok()?)]).into_response())
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let same = pattern.split('/').all(|wanted| {
        parts.next().is_some_and(|part| wanted == part || (wanted.starts_with('{') && !part.is_empty()))
    });
    same && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_paths_only() {
        for (pattern, path, expected) in [
            ("/v1/api/workflows", "/v1/api/workflows", true),
            ("/v1/api/workflows", "/v1/api/workflow", false),
            ("/v1/api/workflows/{id}", "/v1/api/workflows/x", true),
            ("/v1/api/workflows/{id}", "/v1/api/workflows/", false),
            ("/v1/api/workflows/{id}", "/v1/api/workflows/x/runs", false),
            ("/v1/api/workflows/{id}", "/v1/api/workflows", false),
            ("/v1", "//v1", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }
}
