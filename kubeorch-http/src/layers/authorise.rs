//! Who calls: the token of a request becomes an actor before the handler runs.

use axum::extract::{Request, State};
use axum::http::{Method, header, request};
use axum::middleware::Next;
use axum::response::Response;
use kubeorch_core::actor::{Action, Subject, allow};

use crate::api::{Api, Caller};
use crate::problem::Problem;
use crate::table::Permission;

pub(crate) async fn authorise(
    State((api, permission)): State<(Api, Permission)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = token(&request, permission).ok_or_else(Problem::token_missing)?;
    let actor = api.engine.users().authenticate(&token).await?;
    if permission == Permission::Admin {
        let action = if request.method() == Method::GET { Action::Read } else { Action::Write };
        allow(&actor, action, Subject::Server).map_err(|_| {
            Problem::new(axum::http::StatusCode::FORBIDDEN, "auth.forbidden", "Admin access required")
                .hint("Ask an admin, or the owner of the object.")
        })?;
    }
    request.extensions_mut().insert(Caller(actor));
    Ok(next.run(request).await)
}

fn token(request: &Request, permission: Permission) -> Option<String> {
    if let Some(token) = bearer(request.headers()) {
        return Some(token.to_owned());
    }
    if permission != Permission::Stream {
        return None;
    }
    let query = request.uri().query()?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    found.map(|(_, token)| token.into_owned()).filter(|token| !token.is_empty())
}

/// The token of a header that starts with `Bearer ` (contract 1.2).
pub(crate) fn bearer(headers: &axum::http::HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

impl<S: Sync> axum::extract::FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Problem> {
        // Absent only behind `Permission::Public`, where nobody has been asked to sign in.
        parts.extensions.get::<Self>().copied().ok_or_else(Problem::token_missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_streams_take_a_token_from_the_query() {
        let request = |header: Option<&str>, query: &str| {
            let mut builder = Request::builder().uri(format!("/x{query}"));
            if let Some(header) = header {
                builder = builder.header(header::AUTHORIZATION, header);
            }
            builder.body(Body::empty()).unwrap()
        };
        for (header, query, bearer, stream) in [
            (None, "", None, None),
            (Some("Bearer h"), "?token=q", Some("h"), Some("h")),
            (Some("Basic h"), "?token=q", None, Some("q")),
            (Some("bearer h"), "", None, None),
            (None, "?a=1&token=q%2B1", None, Some("q+1")),
            (None, "?token=", None, None),
        ] {
            let request = request(header, query);
            assert_eq!(token(&request, Permission::Bearer).as_deref(), bearer, "{header:?} {query}");
            assert_eq!(token(&request, Permission::Stream).as_deref(), stream, "{header:?} {query}");
        }
    }
}
