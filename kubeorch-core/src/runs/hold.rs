//! Who executes a run: one server, by a lease in the store.
//!
//! Every write of an executor asks whether the lease is still its own, so that one that lost it can do no harm. A server
//! that starts again is its own successor and takes its runs at once; another server waits until the lease ends.

use std::time::Duration;

use super::model::{Asked, Run};
use crate::id::RunId;
use crate::store::{self, Db, Lease, Tx};

/// How long another server waits for one that stopped.
pub(super) const TTL: Duration = Duration::from_secs(15);

/// The lease's name; gone with the run's end.
pub(super) fn name(run: RunId) -> String {
    format!("run/{run}")
}

/// Lets the transaction commit only while nobody else took the run over. A lease that ended and was not taken still
/// counts: the executor overslept, and nobody did its work.
pub(super) fn check(tx: &Tx<'_>, lease: &Lease) -> Result<(), store::Error> {
    match tx.get::<Lease>(&lease.name)? {
        Some(now) if now.token == lease.token => Ok(()),
        _ => Err(store::Error::LeaseLost(lease.name.clone())),
    }
}

/// Gives it up inside a transaction, so that the next holder need not wait.
pub(super) fn release(tx: &mut Tx<'_>, lease: &Lease) -> Result<(), store::Error> {
    check(tx, lease)?;
    let now = tx.now();
    tx.put(&Lease { expires: now, ..lease.clone() })
}

/// Prolongs it until it is lost, and passes on what another server stored that is asked of the run. A store that takes no
/// writes for a while loses nothing: whoever wants the run needs it too.
pub(super) async fn keep(db: &Db, lease: &Lease, run: RunId, asked: impl Fn(Asked)) {
    loop {
        db.clock().sleep(TTL / 3).await;
        let renewed = db.write(|tx| {
            check(tx, lease)?;
            let expires = tx.now().plus(TTL);
            tx.put(&Lease { expires, ..lease.clone() })?;
            Ok::<_, store::Error>(tx.get::<Run>(&run)?.and_then(|run| run.asked))
        });
        match renewed.await {
            Ok((Some(what), _)) => asked(what),
            Ok((None, _)) => {}
            Err(store::Error::LeaseLost(_)) => return,
            Err(error) => tracing::warn!(lease = lease.name, %error, "a lease could not be prolonged"),
        }
    }
}
