//! Leases with fencing tokens: at most one holder works, and a holder that overslept cannot write.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::{Db, Error, Table, Tx};
use crate::time::Time;

/// A right to work that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who works.
    pub holder: String,
    /// Rises with every new holder of the name, also after a release.
    pub token: u64,
    /// When it ends unless renewed.
    pub expires: Time,
}

impl Record for Lease {
    const TABLE: Table = Table("_leases");
    type Key = String;

    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        super::rule(self.token > 0, "its token is zero")
    }
}

impl Db {
    /// Takes a lease, or answers `None` while another holder has it. The same holder gets it again with a
    /// new token: after a restart its old self must not go on.
    pub async fn lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Option<Lease>, Error> {
        let taken = self.write(|tx| tx.lease(name, holder, ttl));
        Ok(taken.await?.0)
    }

    /// Prolongs a lease from now; [`Error::LeaseLost`] when it ran out or changed hands.
    pub async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Lease, Error> {
        let renewed = self.write(|tx| {
            let mut lease = tx.fence(lease)?;
            lease.expires = tx.now().plus(ttl);
            tx.put(&lease)?;
            Ok::<_, Error>(lease)
        });
        Ok(renewed.await?.0)
    }

    /// Gives a lease back; nothing happens when it is lost already.
    pub async fn release(&self, lease: &Lease) -> Result<(), Error> {
        let released = self.write(|tx| {
            // The row stays, so that the next holder's token is higher.
            match tx.fence(lease) {
                Ok(lease) => tx.put(&Lease { expires: tx.now(), ..lease }),
                Err(Error::LeaseLost(_)) => Ok(()),
                Err(error) => Err(error),
            }
        });
        released.await.map(|_| ())
    }
}

impl Tx<'_> {
    /// [`Db::lease`] as a part of a transaction: whatever else it writes is there with the lease, or not at all.
    pub fn lease(&mut self, name: &str, holder: &str, ttl: Duration) -> Result<Option<Lease>, Error> {
        let last: Option<Lease> = self.get(&name.to_owned())?;
        let now = self.now();
        if last.as_ref().is_some_and(|last| last.holder != holder && last.expires > now) {
            return Ok(None);
        }
        let lease = Lease {
            name: name.to_owned(),
            holder: holder.to_owned(),
            token: last.map_or(0, |last| last.token) + 1,
            expires: now.plus(ttl),
        };
        self.put(&lease)?;
        Ok(Some(lease))
    }

    /// Lets the transaction commit only under this lease: [`Error::LeaseLost`] when it ran out or changed
    /// hands, also between here and the commit.
    pub fn fence(&self, lease: &Lease) -> Result<Lease, Error> {
        match self.get::<Lease>(&lease.name)? {
            Some(now) if now.token == lease.token && now.expires > self.now() => Ok(now),
            _ => Err(Error::LeaseLost(lease.name.clone())),
        }
    }
}
