//! Registration and sign-in (contract 2.1).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use utoipa_axum::routes;

use crate::api::Api;
use crate::extract::{Json, reply};
use crate::layers::bearer;
use crate::problem::{Body, Problem};
use crate::table::{Permission, Table};
use crate::wire::auth::{Login, Methods, Register, Session};

pub(crate) fn add(table: Table) -> Table {
    table
        .add(Permission::Public, routes!(register))
        .add(Permission::Public, routes!(login))
        .add(Permission::Public, routes!(refresh))
        .add(Permission::Public, routes!(methods))
}

/// Makes an account and signs it in
///
/// The first account becomes the admin; every other one needs the invite code.
#[utoipa::path(post, path = "/v1/api/auth/register", tag = "auth", request_body = Register, responses(
    (status = 201, description = "Registered and signed in", body = Session),
    (status = 400, description = "`Invalid request data`", body = Body),
    (status = 403, description = "Sign-up is off, the domain isn't allowed, or the invite code is missing or wrong", body = Body),
    (status = 409, description = "`User already exists`", body = Body),
))]
async fn register(State(api): State<Api>, Json(body): Json<Register>) -> Result<Response, Problem> {
    let session = api.engine.users().register(body.into()).await?;
    Ok(reply(StatusCode::CREATED, &Session::from(session)))
}

/// Signs in
#[utoipa::path(post, path = "/v1/api/auth/login", tag = "auth", request_body = Login, responses(
    (status = 200, description = "Signed in", body = Session),
    (status = 400, description = "`Invalid request data`", body = Body),
    (status = 401, description = "`Invalid email or password`", body = Body),
    (status = 403, description = "`Password login is disabled`", body = Body),
))]
async fn login(State(api): State<Api>, Json(body): Json<Login>) -> Result<Json<Session>, Problem> {
    let session = api.engine.users().login(&body.email, body.password).await?;
    Ok(Json(session.into()))
}

/// Answers a new token for one that is good, or ended not long ago
///
/// The token stands in the header; a body is not read.
#[utoipa::path(post, path = "/v1/api/auth/refresh", tag = "auth", responses(
    (status = 200, description = "A new token", body = Session),
    (status = 401, description = "No token, or one that is bad or too old", body = Body),
    (status = 404, description = "`User not found`", body = Body),
), params(("Authorization" = String, Header, description = "`Bearer <token>`; the token may have ended")))]
async fn refresh(State(api): State<Api>, headers: HeaderMap) -> Result<Json<Session>, Problem> {
    let session = api.engine.users().refresh(refreshable(&headers)?).await?;
    Ok(Json(session.into()))
}

fn refreshable(headers: &HeaderMap) -> Result<&str, Problem> {
    let refuse = |text| Problem::new(StatusCode::UNAUTHORIZED, "auth.required", text);
    if !headers.contains_key(header::AUTHORIZATION) {
        return Err(refuse("Authorization header is required"));
    }
    bearer(headers).ok_or_else(|| refuse("Authorization header must start with 'Bearer '"))
}

/// How people may sign in
#[utoipa::path(get, path = "/v1/api/auth/methods", tag = "auth", responses(
    (status = 200, description = "The ways", body = Methods),
))]
async fn methods(State(api): State<Api>) -> Json<Methods> {
    Json(api.engine.users().methods().into())
}
