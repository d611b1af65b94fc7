//! Telling: the state of a workflow's drift, and an event for each change of it, in one transaction.

use serde_json::json;

use crate::engine::Host;
use crate::id::{RunId, WorkflowId};
use crate::runs::Error;
use crate::workflows::{self, Drift, Drifted, MAX_DRIFTED, Workflow};

/// Stores what has drifted since a run; what is there already keeps its time.
pub(super) async fn report(
    host: &Host,
    workflow: WorkflowId,
    run: RunId,
    objects: &[Drifted],
) -> Result<(), Error> {
    let stream = workflows::stream(workflow);
    let mut objects = objects.to_vec();
    objects.truncate(MAX_DRIFTED);
    let written = host.db.write(|tx| {
        let before = tx.get::<Drift>(&workflow)?.map(|drift| drift.objects).unwrap_or_default();
        if !tx.contains::<Workflow>(&workflow)? {
            return Ok(());
        }
        for object in &objects {
            let known = before.iter().find(|known| same(known, object));
            if known.is_none_or(|known| told(known) != told(object)) {
                tx.event(stream.as_str(), "drift", &json!({ "node_id": object.node, "drift": object }))?;
            }
            if let Some(held) =
                object.held.as_ref().filter(|_| known.is_none_or(|known| known.held.is_none()))
            {
                let payload = json!({ "node_id": object.node, "drift": object, "reason": held });
                tx.event(stream.as_str(), "drift_held", &payload)?;
            }
        }
        for gone in before.iter().filter(|known| !objects.iter().any(|object| same(known, object))) {
            tx.event(stream.as_str(), "drift_resolved", &json!({ "node_id": gone.node, "drift": gone }))?;
        }
        if objects.is_empty() && before.is_empty() {
            return Ok(());
        }
        if objects.is_empty() {
            tx.remove::<Drift>(&workflow)?;
        } else {
            tx.put(&Drift { workflow, run, objects: objects.clone() })?;
        }
        Ok::<_, Error>(())
    });
    written.await.map(|_| ())
}

/// What was told before a stop of the process, if it was about the same run.
pub(super) fn before(host: &Host, workflow: WorkflowId, run: RunId) -> Result<Vec<Drifted>, Error> {
    let drift = host.db.read(|reader| Ok::<_, Error>(reader.get::<Drift>(&workflow)?))?;
    Ok(drift.filter(|drift| drift.run == run).map(|drift| drift.objects).unwrap_or_default())
}

pub(super) fn same(one: &Drifted, other: &Drifted) -> bool {
    (&one.kind, &one.namespace, &one.name) == (&other.kind, &other.namespace, &other.name)
}

/// What makes it news.
fn told(object: &Drifted) -> (bool, &[String], &[String]) {
    (object.missing, &object.fields, &object.managers)
}
