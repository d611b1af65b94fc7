//! `get` and `list`.

use http::StatusCode;
use serde_json::json;

use super::render::Form;
use super::status::Status;
use super::{Answer, Call, Verb};
use crate::core::Core;
use crate::store::Place;
use crate::value::{name, namespace};

pub(super) fn read(core: &Core, call: &Call) -> Result<Answer, Status> {
    let form = Form::of(call);
    if call.verb == Verb::Get {
        let found = core
            .get(&call.resource.id(), call.space(), call.own())
            .ok_or_else(|| Status::not_found(&call.resource, call.own()))?;
        return Ok(form.answer(StatusCode::OK, &call.resource, &found, core.now()));
    }
    list(core, call, form)
}

fn list(core: &Core, call: &Call, form: Form) -> Result<Answer, Status> {
    check_version(core, call)?;
    let (labels, fields) = (call.labels()?, call.fields()?);
    let limit = call.query.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default();
    let behind = position(call.query.get("continue"))?;
    let id = call.resource.id();
    let mut chosen = core
        .objects
        .after(&id, call.namespace.as_deref(), behind)
        .filter(|object| labels.matches(object) && fields.matches(object));
    let items: Vec<_> = if limit == 0 {
        chosen.by_ref().cloned().collect()
    } else {
        chosen.by_ref().take(limit).cloned().collect()
    };
    let rest = if limit == 0 { 0 } else { chosen.count() };
    let mut meta = json!({ "resourceVersion": core.objects.version().to_string() });
    if rest > 0
        && let Some(last) = items.last()
    {
        meta["continue"] = json!(format!("{}/{}", namespace(last), name(last)));
        if call.query.get("labelSelector").is_empty() && call.query.get("fieldSelector").is_empty() {
            meta["remainingItemCount"] = json!(rest);
        }
    }
    Ok(form.many(&call.resource, &items, meta, core.now()))
}

/// Whether the present state may answer for the version a list asks for.
fn check_version(core: &Core, call: &Call) -> Result<(), Status> {
    let wanted = call.query.number("resourceVersion")?;
    let present = core.objects.version();
    match (call.query.get("resourceVersionMatch"), wanted) {
        ("", wanted) | ("NotOlderThan", wanted @ Some(_)) => match wanted {
            Some(wanted) if wanted > present => Err(Status::too_new(wanted, present)),
            _ => Ok(()),
        },
        ("Exact", Some(0)) => Err(Status::unprocessable(
            "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        )),
        ("Exact", Some(wanted)) if wanted > present => Err(Status::too_new(wanted, present)),
        // Older states are not kept: as a server answers whose storage was compacted.
        ("Exact", Some(wanted)) if wanted < present => {
            Err(Status::expired(format!("The resourceVersion for the provided list is too old: {wanted}")))
        }
        ("Exact", Some(_)) => Ok(()),
        ("Exact" | "NotOlderThan", None) => Err(Status::unprocessable(
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        )),
        (other, _) => Err(Status::unprocessable(format!(
            "resourceVersionMatch: Unsupported value: \"{other}\": supported values: \"Exact\", \"NotOlderThan\""
        ))),
    }
}

/// A continue token is the place of the last item sent. Pages read the present state, which the API
/// allows for tokens that have expired; ours never do.
fn position(token: &str) -> Result<Option<Place>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let (space, own) = token
        .split_once('/')
        .ok_or_else(|| Status::bad_request("continue key is not valid: unknown format"))?;
    Ok(Some((space.to_owned(), own.to_owned())))
}
