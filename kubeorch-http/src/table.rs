//! The one place where a route comes into being: path, handler, description and permission together.
//!
//! Deny by default: [`Table::add`] takes the permission as an argument, so a route without one does not compile, and
//! every permission but [`Permission::Public`] puts the check in front of the handler.

use std::collections::BTreeMap;

use axum::middleware::from_fn_with_state;
use serde::Serialize;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, PathItem, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::api::Api;
use crate::layers::authorise;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Everybody.
    Public,
    /// Any signed-in user; whose object it is, the engine decides.
    Bearer,
    /// Like `Bearer`; the token may also stand in the query, because a browser can't set headers on an event source.
    Stream,
    /// Admins.
    Admin,
}

/// One route, as the authorisation matrix and the documentation see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `GET`, `POST`, …
    pub method: String,
    /// The pattern, for instance `/v1/api/workflows/{id}`.
    pub path: String,
    /// Who may call it.
    pub permission: Permission,
}

/// Routes being collected.
pub(crate) struct Table {
    api: Api,
    router: OpenApiRouter<Api>,
    rows: Vec<Row>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Table {
    pub(crate) fn new(api: Api, router: OpenApiRouter<Api>) -> Self {
        Self { api, router, rows: Vec::new(), schemas: BTreeMap::new() }
    }

    /// Adds the routes of one `routes!(handler)`.
    pub(crate) fn add(mut self, permission: Permission, routes: UtoipaMethodRouter<Api>) -> Self {
        let (schemas, mut paths, mut methods) = routes;
        for (name, schema) in &schemas {
            let known = self.schemas.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(known == schema, "two different schemas are called {name}");
        }
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                assert!(
                    permission != Permission::Stream || method == "GET",
                    "{method} {path}: a token in the query is for streams, which are read with GET"
                );
                describe(operation, path, permission);
                self.rows.push(Row { method: method.to_owned(), path: path.clone(), permission });
            }
        }
        if permission != Permission::Public {
            methods = methods.route_layer(from_fn_with_state((self.api.clone(), permission), authorise));
        }
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    pub(crate) fn into_parts(self) -> (OpenApiRouter<Api>, Vec<Row>) {
        (self.router, self.rows)
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PUT", item.put.as_mut()),
        ("DELETE", item.delete.as_mut()),
        ("PATCH", item.patch.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

/// What holds for every operation and need not be repeated at each handler.
fn describe(operation: &mut Operation, path: &str, permission: Permission) {
    let parameters = operation.parameters.get_or_insert_default();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(utoipa::schema!(String)))
                .build()
                .into(),
        );
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
    operation.security = Some(match permission {
        Permission::Public => Vec::new(),
        Permission::Bearer | Permission::Admin => vec![require("bearer")],
        Permission::Stream => vec![require("bearer"), require("token")],
    });
    if permission != Permission::Public {
        refuse(operation, "401", "No token, or one that is not good");
    }
    if permission == Permission::Admin {
        refuse(operation, "403", "`Admin access required`");
    }
    if path.starts_with("/v1/api/") {
        refuse(operation, "429", "Too many requests from this address; see `Retry-After`");
        refuse(operation, "503", "The store or a cluster can't be reached now");
    }
    refuse(operation, "500", "A fault of the server; the log holds more");
}

fn require(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, Vec::<String>::new())
}

fn refuse(operation: &mut Operation, status: &str, description: &str) {
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        ResponseBuilder::new().description(description).content("application/json", content).build().into()
    });
}
