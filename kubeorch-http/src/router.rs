//! Puts routes, layers and documentation together.

use axum::Router;
use axum::middleware::from_fn_with_state;
use kubeorch_core::Engine;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::api::Api;
use crate::openapi::{self, Docs};
use crate::options::Options;
use crate::table::{Row, Table};
use crate::{layers, routes};

/// The API as a router, to be served by [`Server`](crate::Server) or mounted in another application.
///
/// The layers, from the outside: request id, span, metrics and error bodies; CORS; panics; limits per
/// address; deadline; then the route with its permission.
pub fn router(engine: Engine, options: Options) -> Router {
    let (api, table) = table(engine, options);
    let (openapi, rows) = table.into_parts();
    let (router, openapi) = openapi.split_for_parts();
    api.docs.get_or_init(|| Docs::new(&openapi));
    api.telemetry.know(rows.iter().map(|row| row.path.as_str()));
    router
        .fallback(layers::not_found(rows))
        .method_not_allowed_fallback(layers::wrong_method)
        .layer(from_fn_with_state(api.clone(), layers::deadline))
        .layer(from_fn_with_state(api.clone(), layers::limit))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(layers::cors(&api.options))
        .layer(from_fn_with_state(api.clone(), layers::observe))
        .with_state(api)
}

/// What the API offers, without serving it: every route with its permission, and the OpenAPI description.
#[derive(Debug, Clone)]
pub struct Contract {
    /// Every route.
    pub rows: Vec<Row>,
    /// The OpenAPI 3.1 description.
    pub openapi: serde_json::Value,
}

/// Describes what [`router`] serves, from the same table.
pub fn contract(engine: Engine) -> Contract {
    let (router, rows) = table(engine, Options::default()).1.into_parts();
    let openapi = serde_json::to_value(router.get_openapi()).expect("the description is plain data");
    Contract { rows, openapi }
}

fn table(engine: Engine, options: Options) -> (Api, Table) {
    let api = Api::new(engine, options);
    let table = Table::new(api.clone(), OpenApiRouter::with_openapi(openapi::base()));
    (api, routes::all(table))
}
