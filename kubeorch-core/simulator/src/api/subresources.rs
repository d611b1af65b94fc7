//! `scale`, `eviction`, `binding`, `token`.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::status::{Cause, Status};
use super::{Answer, Call, Verb, logs};
use crate::clock::stamp;
use crate::controllers;
use crate::core::{Core, DeleteOptions, Ownership, Writer};
use crate::patch;
use crate::scale;
use crate::simulator::Shared;
use crate::value::{int, list, name, put, text};

pub(super) fn serve(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Status> {
    match (call.subresource.as_str(), call.verb) {
        ("scale", Verb::Get | Verb::Update | Verb::Patch) => scale(&mut shared.core.lock(), call),
        ("log", Verb::Get) => logs::logs(shared, call),
        ("eviction", Verb::Create) => evict(&mut shared.core.lock(), call),
        ("token", Verb::Create) => token(&mut shared.core.lock(), call),
        ("binding", Verb::Create) => bind(&mut shared.core.lock(), call),
        _ => Err(Status::method_not_allowed()),
    }
}

fn live(core: &Core, call: &Call) -> Result<Arc<Value>, Status> {
    core.get(&call.resource.id(), call.space(), call.own())
        .ok_or_else(|| Status::not_found(&call.resource, call.own()))
}

fn scale(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let live = live(core, call)?;
    let before = scale::of(&call.resource, &live);
    let wanted = match call.verb {
        Verb::Update => call.json()?,
        Verb::Patch => {
            let body = call.json()?;
            if call.content_type.starts_with("application/json-patch+json") {
                patch::json_patch(&before, &body)?
            } else {
                patch::merge_patch(&before, &body)
            }
        }
        _ => return Ok(Answer::ok(before)),
    };
    let replicas = int(&wanted, "/spec/replicas")
        .ok_or_else(|| Status::bad_request("spec.replicas must be a whole number"))?;
    let mut new = (*live).clone();
    scale::set(&call.resource, &mut new, replicas);
    let claimed = text(&wanted, "/metadata/resourceVersion").to_owned();
    put(&mut new, &["metadata", "resourceVersion"], claimed);
    let done = core.update(&call.resource, new, &call.writer()?, Ownership::Tracked)?;
    Ok(Answer::ok(scale::of(&call.resource, &done)))
}

fn evict(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let pod = live(core, call)?;
    for (budget, allowed, wanted, healthy) in controllers::disruptions_allowed(core, &pod) {
        if allowed < 1 {
            let message = format!(
                "The disruption budget {budget} needs {wanted} healthy pods and has {healthy} currently"
            );
            return Err(Status::budget(&message));
        }
    }
    let body = call.json()?;
    let grace = int(&body, "/deleteOptions/gracePeriodSeconds");
    let dry_run = call.dry_run()? || !list(&body, "/deleteOptions/dryRun").is_empty();
    let options = DeleteOptions { grace, dry_run, ..DeleteOptions::default() };
    core.delete(&call.resource, call.space(), call.own(), &options)?;
    Ok(Answer::Json(StatusCode::CREATED, success()))
}

fn bind(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let pod = live(core, call)?;
    if !text(&pod, "/spec/nodeName").is_empty() {
        let why = format!("pod {} is already assigned to node", name(&pod));
        return Err(Status::conflict(&call.resource, call.own(), &why));
    }
    let node = text(&call.json()?, "/target/name").to_owned();
    let writer = Writer { subresource: "binding".to_owned(), internal: true, ..call.writer()? };
    core.modify("pods", call.space(), call.own(), &writer, |pod| put(pod, &["spec", "nodeName"], node));
    Ok(Answer::Json(StatusCode::CREATED, success()))
}

/// A token of a service account. It is no JWT: nothing outside the simulator could check one.
fn token(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let account = live(core, call)?;
    let mut request = call.json()?;
    let seconds = int(&request, "/spec/expirationSeconds").unwrap_or(3600);
    if !(600..=1 << 32).contains(&seconds) {
        let note = "may not specify a duration less than 10 minutes or longer than 2^32 seconds";
        let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), note);
        return Err(Status::invalid(&call.resource, call.own(), &[cause]));
    }
    let (secret, now) = (format!("simulator-{}", core.names.uid()), core.now());
    let lasts = Duration::from_secs(seconds.unsigned_abs());
    let expires = core.tokens.add(secret.clone(), call.space(), name(&account), now, lasts);
    put(&mut request, &["apiVersion"], "authentication.k8s.io/v1");
    put(&mut request, &["kind"], "TokenRequest");
    put(&mut request, &["metadata"], json!({ "name": name(&account), "namespace": call.space() }));
    put(&mut request, &["status"], json!({ "token": secret, "expirationTimestamp": stamp(expires) }));
    Ok(Answer::Json(StatusCode::CREATED, request))
}

fn success() -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 })
}
