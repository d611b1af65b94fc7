//! A plugin's component: the body itself, or JSON that says where it lies.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubeorch_core::plugins::Package;

use super::body::{decode, read};
use super::query::Params;
use crate::api::Api;
use crate::problem::Problem;
use crate::wire::plugins::Remote;

/// The type of a component, as registries have it too.
const WASM: &str = "application/wasm";

/// Holds the base64 of a minisign file: such a file has several lines, a header one.
const SIGNATURE: &str = "plugin-signature";

/// What to install.
pub(crate) struct Component(pub(crate) Package);

impl FromRequest<Api> for Component {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(WASM) {
            let remote: Remote = decode(&read(request, api.options.body_limit).await?)?;
            return Ok(Self(remote.into()));
        }
        let params = Params::parse(request.uri().query().unwrap_or_default());
        let signature = signature(request.headers())?;
        let bytes = read(request, api.engine.plugins().policy().max_bytes).await?;
        let mut package = Package::bytes(params.text("name").unwrap_or("component"), &*bytes);
        package.sha256 = params.text("sha256").filter(|text| !text.is_empty()).map(str::to_owned);
        package.signature = signature;
        Ok(Self(package))
    }
}

fn signature(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(SIGNATURE) else { return Ok(None) };
    let text = STANDARD.decode(value.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let refuse = || {
        Problem::invalid("Invalid request data").hint("Plugin-Signature holds the base64 of a minisign file.")
    };
    text.map(Some).ok_or_else(refuse)
}
