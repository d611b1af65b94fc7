//! A project as it is stored.

use serde::{Deserialize, Serialize};

use crate::id::{ProjectId, UserId};
use crate::store::{Index, Indexes, Query, Record, Schema, Table, Tx};
use crate::time::Time;

/// The Flow-Like `app`: a set of workflows with members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Identity.
    pub id: ProjectId,
    /// Whose it is.
    pub owner: UserId,
    /// For people.
    pub name: String,
    /// The one that came with the account; it cannot be removed.
    pub personal: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// Projects by owner.
pub(crate) const BY_OWNER: Index<Project> = Index::new("projects_by_owner");

impl Record for Project {
    const TABLE: Table = Table("projects");
    const INDEXES: &'static [Index<Self>] = &[BY_OWNER];
    type Key = ProjectId;

    fn key(&self) -> ProjectId {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_OWNER, &self.owner);
    }
}

impl Project {
    /// The project that comes with an account.
    pub(crate) fn personal(id: ProjectId, owner: UserId, now: Time) -> Self {
        Self { id, owner, name: "Personal".into(), personal: true, created_at: now, updated_at: now }
    }
}

/// The personal project of an account.
pub(crate) fn personal_of(tx: &mut Tx<'_>, owner: UserId) -> Result<Option<Project>, crate::store::Error> {
    // The personal project is the first one; nobody has more than a handful.
    let projects = tx.list(&Query::by(BY_OWNER).prefix(&owner).limit(16))?;
    Ok(projects.into_iter().find(|project| project.personal))
}

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Project>()
}
