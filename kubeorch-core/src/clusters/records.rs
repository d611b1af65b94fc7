//! Which records this domain keeps, and what they must say of each other.

use super::model::{Cluster, LogEntry};
use crate::id::ClusterId;
use crate::store::verify::Faults;
use crate::store::{Error, Query, Reader, Record, Schema};
use crate::users::User;

/// The log's word for a new cluster.
pub(super) const ADDED: &str = "cluster_added";
/// The log's word for one that was removed; its log stays.
pub(super) const REMOVED: &str = "cluster_removed";

/// The record types of this domain, for tools that walk a whole store.
pub(crate) fn records(schema: Schema) -> Schema {
    schema.with::<Cluster>().with::<LogEntry>().also(owners).also(logs)
}

/// A cluster's account is there.
fn owners(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    reader.each(&Query::<Cluster>::all(), |cluster| {
        if !reader.contains::<User>(&cluster.owner)? {
            faults.add(Cluster::TABLE.0, format!("{}: its account is missing", cluster.id));
        }
        Ok::<_, Error>(!faults.full())
    })
}

/// A cluster is there from when its log says that it was added until the log says that it was removed.
fn logs(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), Error> {
    let mut last = None;
    reader.each(&Query::<LogEntry>::all(), |entry| {
        let id = entry.cluster;
        if last.replace(id) != Some(id) {
            let life = Life::of(reader, id)?;
            if !life.added {
                faults.add(LogEntry::TABLE.0, format!("{id}: that it was added is missing"));
            }
            if life.removed == reader.contains::<Cluster>(&id)? {
                faults.add(Cluster::TABLE.0, format!("{id}: its log says otherwise of whether it is there"));
            }
        }
        Ok::<_, Error>(!faults.full())
    })?;
    reader.each(&Query::<Cluster>::all(), |cluster| {
        if reader.first(Query::<LogEntry>::all().prefix(&cluster.id))?.is_none() {
            faults.add(LogEntry::TABLE.0, format!("{}: its log is missing", cluster.id));
        }
        Ok::<_, Error>(!faults.full())
    })
}

/// What the log of a cluster says of it.
#[derive(Default)]
struct Life {
    added: bool,
    removed: bool,
}

impl Life {
    fn of(reader: &Reader<'_>, cluster: ClusterId) -> Result<Self, Error> {
        let mut life = Self::default();
        reader.each(&Query::<LogEntry>::all().prefix(&cluster), |entry| {
            life.added |= entry.action == ADDED;
            life.removed |= entry.action == REMOVED;
            Ok::<_, Error>(true)
        })?;
        Ok(life)
    }
}
