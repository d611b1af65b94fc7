//! Finding clusters by name inside a snapshot or transaction of the caller.

use super::Error;
use super::model::{BY_NAME, Cluster};
use crate::actor::{Actor, Denied};
use crate::engine::Host;
use crate::id::ClusterId;
use crate::store::{Reader, Tx};

/// A stored cluster of the caller.
pub(crate) fn find(reader: &Reader<'_>, actor: &Actor, name: &str) -> Result<Option<Cluster>, Error> {
    let Some(owner) = actor.user() else { return anonymous(actor) };
    Ok(reader.find::<Cluster>(BY_NAME, &(owner, name.to_owned()))?)
}

/// The same inside a transaction.
pub(crate) fn find_for_change(tx: &mut Tx<'_>, actor: &Actor, name: &str) -> Result<Option<Cluster>, Error> {
    let Some(owner) = actor.user() else { return anonymous(actor) };
    Ok(tx.find::<Cluster>(BY_NAME, &(owner, name.to_owned()))?)
}

/// The id behind a name that a workflow wants to use: the caller's own cluster first, then a built-in one
/// (which has no id). Anything else is an error, never another tenant's cluster (contract 5.1 step 4).
pub(crate) fn resolve(
    tx: &mut Tx<'_>,
    host: &Host,
    actor: &Actor,
    name: &str,
) -> Result<Option<ClusterId>, Error> {
    if let Some(cluster) = find_for_change(tx, actor, name)? {
        return Ok(Some(cluster.id));
    }
    if host.clusters.contains_key(name) { Ok(None) } else { Err(Error::Unknown(name.to_owned())) }
}

/// The engine itself owns no stored cluster; a stranger may not ask.
fn anonymous(actor: &Actor) -> Result<Option<Cluster>, Error> {
    match actor {
        Actor::Anonymous => Err(Denied::Anonymous.into()),
        _ => Ok(None),
    }
}
