//! The OpenAPI 3.1 description, collected from the same table that the router is built from.

use axum::body::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};

/// The description in both notations, rendered once.
pub(crate) struct Docs {
    /// JSON.
    pub(crate) json: Bytes,
    /// YAML.
    pub(crate) yaml: Bytes,
}

/// What the table adds its routes to.
pub(crate) fn base() -> OpenApi {
    let mut info = Info::new("KubeOrch", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Deploys graphs of Kubernetes resources. Every refused request answers the schema `Problem`; \
         every list is present, never null; times are UTC with milliseconds."
            .into(),
    );
    let mut components = Components::new();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    );
    components.add_security_scheme(
        "token",
        SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description(
            "token",
            "The same token, for clients that cannot set headers; streams only.",
        ))),
    );
    let mut schemas = Vec::new();
    <crate::problem::Body<'static> as ToSchema>::schemas(&mut schemas);
    components.schemas.insert("Problem".into(), <crate::problem::Body<'static> as PartialSchema>::schema());
    components.schemas.extend(schemas);
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

impl Docs {
    /// Renders the finished description. A value that serialises to JSON serialises to YAML, so a failure
    /// is a fault that the golden test would have shown.
    pub(crate) fn new(openapi: &OpenApi) -> Self {
        let json = serde_json::to_vec_pretty(openapi).expect("the description is plain data");
        let yaml = serde_saphyr::to_string(openapi).expect("the description is plain data");
        Self { json: json.into(), yaml: yaml.into_bytes().into() }
    }
}
