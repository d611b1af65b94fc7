//! From a path to what serves it.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;

use super::request::{Query, header};
use super::status::Status;
use super::{Answer, Call, Verb, computed, connect, discovery, openapi, read, subresources, watch, write};
use crate::access::{self, Attempt, User};
use crate::core::Core;
use crate::simulator::Shared;

/// The call a request makes on a resource, for fault rules; `None` for paths that are none.
pub(crate) fn identify(core: &Core, parts: &Parts) -> Option<Call> {
    resource_call(core, parts, Bytes::new()).ok()?
}

/// Serves a request.
pub(crate) fn handle(shared: &Arc<Shared>, parts: &Parts, body: Bytes) -> Result<Answer, Status> {
    let path = parts.uri.path().trim_end_matches('/');
    let user = access::identify(&shared.core.lock(), parts)?;
    if let Some(answer) = fixed(&shared.core.lock(), path, parts, &user)? {
        return Ok(answer);
    }
    let call = {
        let core = shared.core.lock();
        let call = resource_call(&core, parts, body)?.ok_or_else(Status::unknown_path)?;
        call.attempt().check(&core, &user)?;
        if call.resource.computed {
            return computed::serve(&core, &call, &user);
        }
        call
    };
    if matches!(call.subresource.as_str(), "exec" | "attach" | "portforward") {
        return connect::connect(shared, &call, parts);
    }
    if !call.subresource.is_empty() && call.subresource != "status" && call.subresource != "finalize" {
        return subresources::serve(shared, &call);
    }
    match call.verb {
        Verb::Watch => watch::watch(shared, &call),
        Verb::Get | Verb::List => read::read(&shared.core.lock(), &call),
        _ => write::write(&mut shared.core.lock(), &call),
    }
}

/// Paths that are no resources.
fn fixed(core: &Core, path: &str, parts: &Parts, user: &User) -> Result<Option<Answer>, Status> {
    // Whether the path exists is known below; resources have a check of their own.
    let check = || Attempt { verb: "get", path, ..Attempt::default() }.check(core, user);
    let accept = header(parts, "accept");
    let answer = match path {
        "/livez" | "/readyz" | "/healthz" => Answer::Text(StatusCode::OK, "ok".to_owned()),
        "/version" => Answer::ok(discovery::version(core)),
        "/api" => discovery::core_versions(core, &accept),
        "/apis" => discovery::groups(core, &accept),
        "/openapi/v2" => Answer::stream(
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
            futures::stream::iter([Ok(openapi::second(&core.config.version))]),
        ),
        "/openapi/v3" => Answer::ok(openapi::index(core)),
        "" => Answer::ok(
            json!({ "paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"] }),
        ),
        _ => {
            if let Some(rest) = path.strip_prefix("/openapi/v3/") {
                return openapi::document(core, rest)
                    .map(Answer::ok)
                    .map(Some)
                    .ok_or_else(Status::unknown_path);
            }
            let version = match path.split('/').collect::<Vec<_>>().as_slice() {
                ["", "api", version] => discovery::resources(core, "", version),
                ["", "apis", group] => discovery::group(core, group),
                ["", "apis", group, version] => discovery::resources(core, group, version),
                _ => return Ok(None),
            };
            Answer::ok(version.ok_or_else(Status::unknown_path)?)
        }
    };
    check()?;
    Ok(Some(answer))
}

/// A call on a resource; `None` when the path is none.
fn resource_call(core: &Core, parts: &Parts, body: Bytes) -> Result<Option<Call>, Status> {
    let path = percent_encoding::percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Ok(None),
    };
    let (namespace, rest) = match rest {
        // `namespaces/NAME` and its subresources are about the namespace itself.
        ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
        rest => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, None, String::new()),
        [plural, name] => (*plural, Some((*name).to_owned()), String::new()),
        [plural, name, sub] => (*plural, Some((*name).to_owned()), (*sub).to_owned()),
        _ => return Ok(None),
    };
    let Some(resource) = core.registry.path(group, version, plural) else { return Ok(None) };
    let scoped = resource.namespaced();
    if (!subresource.is_empty() && !resource.has(&subresource)) || (namespace.is_some() && !scoped) {
        return Ok(None);
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let verb = Verb::of(&parts.method, name.is_some(), query.flag("watch"))
        .ok_or_else(Status::method_not_allowed)?;
    if scoped && namespace.is_none() && !matches!(verb, Verb::List | Verb::Watch) {
        return Ok(None);
    }
    Ok(Some(Call {
        verb,
        resource,
        namespace,
        name,
        subresource,
        query,
        content_type: header(parts, "content-type"),
        accept: header(parts, "accept"),
        agent: header(parts, "user-agent"),
        body,
    }))
}
