//! The versions of a workflow, as its callers see them.

use serde_json::json;

use super::model::{Full, WorkingCopy};
use super::service::stream;
use super::{Error, Service, edit, table};
use crate::actor::{Action, Actor};
use crate::id::WorkflowId;
use crate::page::{Page, Paged};
use crate::versions::{self, Comparison, Label, table as stored};

impl Service {
    /// A window on the versions, newest first, with their graphs.
    pub async fn versions(
        &self,
        actor: &Actor,
        id: WorkflowId,
        page: Page,
    ) -> Result<Paged<versions::Full>, crate::Error> {
        let listed = self.host.db.read(|reader| {
            table::open(reader, actor, Action::Read, id)?;
            Ok::<_, Error>(stored::list(reader, id, page)?)
        });
        Ok(listed?)
    }

    /// One version.
    pub async fn version(
        &self,
        actor: &Actor,
        id: WorkflowId,
        seq: u64,
    ) -> Result<versions::Full, crate::Error> {
        let found = self.host.db.read(|reader| {
            table::open(reader, actor, Action::Read, id)?;
            Ok::<_, Error>(stored::find(reader, id, seq)?)
        });
        Ok(found?)
    }

    /// Snapshots the saved graph by hand.
    pub async fn create_version(
        &self,
        actor: &Actor,
        id: WorkflowId,
        label: Label,
    ) -> Result<versions::Full, crate::Error> {
        let made = self.host.db.write(|tx| {
            let mut workflow = table::open_for_change(tx, actor, id)?;
            let graph = tx.get::<WorkingCopy>(&id)?.map(|copy| copy.graph).unwrap_or_default();
            let origin = stored::Origin { author: actor.user(), ..Default::default() };
            let version = stored::append(tx, &self.host, id, &graph, label.clone(), origin)?;
            workflow.current_version = version.seq;
            tx.put(&workflow)?;
            tx.event(stream(id), "version_created", &json!({ "version": version.seq }))?;
            Ok::<_, Error>(versions::Full { version, graph: graph.snapshot() })
        });
        Ok(made.await?.0)
    }

    /// Edits name, tag and description of a version; its content cannot be changed.
    pub async fn edit_version(
        &self,
        actor: &Actor,
        id: WorkflowId,
        seq: u64,
        label: Label,
    ) -> Result<versions::Full, crate::Error> {
        let edited = self.host.db.write(|tx| {
            table::open_for_change(tx, actor, id)?;
            Ok::<_, Error>(stored::edit(tx, id, seq, &label)?)
        });
        let (version, _) = edited.await?;
        let found = self.host.db.read(|reader| stored::find(reader, id, version.seq))?;
        Ok(found)
    }

    /// Makes version `seq` the working copy and a new version. Work that no version holds yet is kept first, as
    /// an automatic version of its own; the cluster changes with the next run.
    pub async fn restore(
        &self,
        actor: &Actor,
        id: WorkflowId,
        seq: u64,
    ) -> Result<(versions::Full, Full), crate::Error> {
        let old = self.version(actor, id, seq).await?;
        let restored = self.host.db.write(|tx| {
            let mut workflow = table::open_for_change(tx, actor, id)?;
            let current = tx.get::<WorkingCopy>(&id)?.map(|copy| copy.graph).unwrap_or_default();
            let newest = stored::newest(tx, id)?;
            if newest.is_none_or(|version| version.content != current.snapshot_hash()) {
                let label = Label {
                    description: Some(format!("Saved before restoring version {seq}")),
                    ..Label::default()
                };
                let origin = stored::Origin { author: actor.user(), automatic: true, ..Default::default() };
                stored::append(tx, &self.host, id, &current, label, origin)?;
            }
            let label =
                Label { description: Some(format!("Restored from version {seq}")), ..Label::default() };
            let origin =
                stored::Origin { author: actor.user(), restored_from: Some(seq), ..Default::default() };
            let version = stored::append(tx, &self.host, id, &old.graph, label, origin)?;
            workflow.current_version = version.seq;
            edit::store(tx, &self.host, &mut workflow, old.graph.clone())?;
            tx.put(&workflow)?;
            let payload = json!({ "version": version.seq, "restored_from": seq });
            tx.event(stream(id), "workflow_restored", &payload)?;
            Ok::<_, Error>((version, workflow))
        });
        let ((version, workflow), _) = restored.await?;
        let full = self.host.db.read(|reader| table::full(reader, workflow))?;
        Ok((versions::Full { version, graph: old.graph }, full))
    }

    /// What changed from version `from` to version `to`.
    pub async fn compare(
        &self,
        actor: &Actor,
        id: WorkflowId,
        from: u64,
        to: u64,
    ) -> Result<Comparison, crate::Error> {
        let compared = self.host.db.read(|reader| {
            table::open(reader, actor, Action::Read, id)?;
            Ok::<_, Error>(stored::compare(reader, id, from, to)?)
        });
        Ok(compared?)
    }
}
