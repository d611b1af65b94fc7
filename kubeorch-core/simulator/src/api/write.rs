//! `create`, `update`, `patch`, `delete`, `deletecollection`.

use http::StatusCode;
use serde_json::{Value, json};

use super::apply;
use super::render::Form;
use super::status::Status;
use super::{Answer, Call, Verb};
use crate::core::{Core, DeleteOptions, Ownership, Propagation};
use crate::patch;
use crate::value::{flag, int, name, namespace, put, text, uid};

pub(super) fn write(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    match call.verb {
        Verb::Create => create(core, call),
        Verb::Update => update(core, call),
        Verb::Patch => patch(core, call),
        Verb::Delete => delete(core, call),
        Verb::DeleteCollection => delete_collection(core, call),
        Verb::Get | Verb::List | Verb::Watch => Err(Status::method_not_allowed()),
    }
}

fn shown(core: &Core, call: &Call, code: StatusCode, object: &Value) -> Answer {
    Form::of(call).answer(code, &call.resource, object, core.now())
}

fn create(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    if call.name.is_some() {
        return Err(Status::method_not_allowed());
    }
    let mut new = call.json()?;
    conform(call, &mut new)?;
    let made = core.create(&call.resource, new, &call.writer()?, Ownership::Tracked)?;
    Ok(shown(core, call, StatusCode::CREATED, &made))
}

fn update(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let mut new = call.json()?;
    conform(call, &mut new)?;
    let done = core.update(&call.resource, new, &call.writer()?, Ownership::Tracked)?;
    Ok(shown(core, call, StatusCode::OK, &done))
}

fn patch(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let kind = call.content_type.split(';').next().unwrap_or_default().trim();
    if kind == "application/apply-patch+yaml" {
        let (done, created) = apply::apply(core, call)?;
        let code = if created { StatusCode::CREATED } else { StatusCode::OK };
        return Ok(shown(core, call, code, &done));
    }
    let body = call.json()?;
    let resource = &call.resource;
    let live = core
        .get(&resource.id(), call.space(), call.own())
        .ok_or_else(|| Status::not_found(resource, call.own()))?;
    let mut new = match kind {
        "application/json-patch+json" => patch::json_patch(&live, &body)?,
        "application/merge-patch+json" => patch::merge_patch(&live, &body),
        "application/strategic-merge-patch+json" if !resource.custom => {
            patch::strategic_patch(&live, &body, resource.shape)?
        }
        _ => {
            return Err(Status::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
    };
    conform(call, &mut new)?;
    let done = core.update(resource, new, &call.writer()?, Ownership::Tracked)?;
    Ok(shown(core, call, StatusCode::OK, &done))
}

/// Makes the body agree with the path, or says where it doesn't.
pub(super) fn conform(call: &Call, new: &mut Value) -> Result<(), Status> {
    let resource = &call.resource;
    if !new.is_object() {
        return Err(Status::bad_request(format!(
            "couldn't get version/kind; json parse error: not an object of type {}",
            resource.kind
        )));
    }
    if !resource.custom {
        strip_nulls(new);
    }
    let (version, kind) = (text(new, "/apiVersion"), text(new, "/kind"));
    let wrong = (!kind.is_empty() && kind != resource.kind)
        || (!version.is_empty() && version != resource.api_version());
    if wrong {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}, Kind={kind}) does not match the expected API version ({}, Kind={})",
            resource.api_version(),
            resource.kind
        )));
    }
    strict(call, new)?;
    if new.get("metadata").is_some_and(|meta| !meta.is_object()) {
        return Err(Status::bad_request("metadata must be an object"));
    }
    put(new, &["apiVersion"], resource.api_version());
    put(new, &["kind"], resource.kind.clone());
    if let Some(wanted) = &call.name {
        let own = name(new);
        if !own.is_empty() && own != wanted {
            return Err(Status::bad_request(format!(
                "the name of the object ({own}) does not match the name on the URL ({wanted})"
            )));
        }
        put(new, &["metadata", "name"], wanted.clone());
    }
    if let Some(wanted) = &call.namespace {
        let own = namespace(new);
        if !own.is_empty() && own != wanted {
            return Err(Status::bad_request(format!(
                "the namespace of the provided object does not match the namespace sent on the request: the namespace of the object ({own}) does not match the namespace on the URL ({wanted})"
            )));
        }
        put(new, &["metadata", "namespace"], wanted.clone());
    } else {
        crate::value::remove(new, &["metadata", "namespace"]);
    }
    Ok(())
}

/// Fields the kind lacks: apply never takes them, other writes refuse them when asked to be strict.
fn strict(call: &Call, new: &Value) -> Result<(), Status> {
    let resource = &call.resource;
    let apply = call.content_type.starts_with("application/apply-patch");
    if !apply && call.query.get("fieldValidation") != "Strict" {
        return Ok(());
    }
    let unknown = crate::schemas::unknown_fields(&resource.id(), new);
    if unknown.is_empty() {
        return Ok(());
    }
    if apply {
        let lines: Vec<_> = unknown
            .iter()
            .map(|path| {
                format!(
                    "{}: field not declared in schema",
                    crate::apply::printed_path(path, new, resource.shape)
                )
            })
            .collect();
        return Err(Status::untyped(format!(
            "failed to create typed patch object ({}{}{}; {}/{}, Kind={}): {}",
            call.space(),
            if call.space().is_empty() { "" } else { "/" },
            call.own(),
            resource.group,
            resource.version,
            resource.kind,
            lines.join("\n")
        )));
    }
    let lines: Vec<_> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    Err(Status::bad_request(format!(
        "{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
        resource.kind,
        resource.version,
        resource.kind,
        lines.join(", ")
    )))
}

/// Typed kinds know no `null`: it says nothing.
fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

fn options(call: &Call) -> Result<DeleteOptions, Status> {
    let body = if call.body.is_empty() { json!({}) } else { call.json()? };
    let pick = |field: &str| {
        let own = text(&body, &format!("/{field}"));
        if own.is_empty() { call.query.get(field).to_owned() } else { own.to_owned() }
    };
    let propagation = match pick("propagationPolicy").as_str() {
        "Foreground" => Propagation::Foreground,
        "Orphan" => Propagation::Orphan,
        "" if flag(&body, "/orphanDependents") => Propagation::Orphan,
        "" | "Background" => Propagation::Background,
        other => return Err(Status::bad_request(format!("invalid propagationPolicy: {other}"))),
    };
    let query = call.query.number("gracePeriodSeconds")?.and_then(|seconds| i64::try_from(seconds).ok());
    let some = |pointer: &str| Some(text(&body, pointer).to_owned()).filter(|value| !value.is_empty());
    Ok(DeleteOptions {
        propagation,
        grace: int(&body, "/gracePeriodSeconds").or(query),
        uid: some("/preconditions/uid"),
        version: some("/preconditions/resourceVersion"),
        dry_run: call.dry_run()? || !crate::value::list(&body, "/dryRun").is_empty(),
    })
}

fn delete(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let options = options(call)?;
    let (last, gone) = core.delete(&call.resource, call.space(), call.own(), &options)?;
    if !gone {
        return Ok(shown(core, call, StatusCode::OK, &last));
    }
    let mut details = json!({ "name": call.own(), "kind": call.resource.plural, "uid": uid(&last) });
    if !call.resource.group.is_empty() {
        details["group"] = json!(call.resource.group);
    }
    Ok(Answer::ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    })))
}

fn delete_collection(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let options = options(call)?;
    let (labels, fields) = (call.labels()?, call.fields()?);
    let id = call.resource.id();
    let chosen: Vec<_> = core
        .list(&id, call.namespace.as_deref())
        .into_iter()
        .filter(|object| labels.matches(object) && fields.matches(object))
        .collect();
    for object in &chosen {
        core.delete(&call.resource, namespace(object), name(object), &options)?;
    }
    let meta = json!({ "resourceVersion": core.objects.version().to_string() });
    Ok(Form::Whole.many(&call.resource, &chosen, meta, core.now()))
}
