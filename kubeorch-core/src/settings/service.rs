//! Reading and changing the settings; admins only.

use super::model::{KEY, Settings, fresh_code};
use crate::Error;
use crate::actor::{Action, Actor, Subject, allow};
use crate::engine::Host;
use crate::users;

/// The settings, as an admin sees them. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    host: Host,
}

impl Service {
    pub(crate) fn new(host: Host) -> Self {
        Self { host }
    }

    /// The code that the next account must bring.
    pub async fn invite_code(&self, actor: &Actor) -> Result<String, Error> {
        Ok(self.load(actor)?.invite_code)
    }

    /// Replaces the code; the old one stops working at once.
    pub async fn new_invite_code(&self, actor: &Actor) -> Result<String, Error> {
        let code = fresh_code(&*self.host.entropy);
        self.change(actor, |settings| settings.invite_code.clone_from(&code)).await?;
        Ok(code)
    }

    /// Whether a used code is replaced, and the current code.
    pub async fn regenerate(&self, actor: &Actor) -> Result<(bool, String), Error> {
        let settings = self.load(actor)?;
        Ok((settings.regenerate_after_signup, settings.invite_code))
    }

    /// Decides whether a used code is replaced.
    pub async fn set_regenerate(&self, actor: &Actor, on: bool) -> Result<(), Error> {
        self.change(actor, |settings| settings.regenerate_after_signup = on).await
    }

    fn load(&self, actor: &Actor) -> Result<Settings, Error> {
        allow(actor, Action::Read, Subject::Server).map_err(users::Error::from)?;
        let settings = self.host.db.read(|reader| reader.get::<Settings>(&KEY))?;
        settings.ok_or_else(|| users::Error::NoAccounts.into())
    }

    async fn change(&self, actor: &Actor, change: impl Fn(&mut Settings) + Send + Sync) -> Result<(), Error> {
        allow(actor, Action::Write, Subject::Server).map_err(users::Error::from)?;
        let written = self
            .host
            .db
            .write(|tx| {
                let mut settings = tx.get::<Settings>(&KEY)?.ok_or(users::Error::NoAccounts)?;
                change(&mut settings);
                tx.put(&settings)?;
                Ok::<_, users::Error>(())
            })
            .await;
        written.map(|_| ()).map_err(Into::into)
    }
}
