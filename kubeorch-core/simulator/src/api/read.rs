//! `get` and `list`.

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
        return Ok(Answer::ok(form.one(&call.resource, &found, core.now())));
    }
    list(core, call, form)
}

fn list(core: &Core, call: &Call, form: Form) -> Result<Answer, Status> {
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
    Ok(Answer::ok(form.many(&call.resource, &items, meta, core.now())))
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
