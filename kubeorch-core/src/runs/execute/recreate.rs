//! Making room for an object that cannot be changed in place.

use futures::StreamExt;

use super::apply::Refused;
use super::{Execution, explain, told};
use crate::kube::{DeleteOptions, Event, Scope};
use crate::manifest::Object;

impl Execution<'_> {
    /// Deletes the object that the plan saw, and waits until it is gone; what holds it may take its time.
    pub(super) async fn remove(&self, at: usize, object: &Object, uid: &str) -> Result<(), Refused> {
        let key = object.key();
        let options = DeleteOptions { uid: Some(uid.to_owned()), ..DeleteOptions::default() };
        let deleted = self.cluster.delete(&key, &options).await;
        if !deleted.map_err(|error| Refused::Told(explain(object, &error)))?.pending {
            return Ok(());
        }
        let mut control = self.control.clone();
        let patience = self.patience(at);
        tokio::select! {
            gone = self.gone(object, uid) => gone,
            stop = told(&mut control) => Err(Refused::Stop(stop)),
            () = self.host.clock.sleep(patience) => {
                Err(Refused::Told(format!("{key}: still being deleted after {} s", patience.as_secs())))
            }
        }
    }

    async fn gone(&self, object: &Object, uid: &str) -> Result<(), Refused> {
        let scope = Scope {
            kind: object.kind(),
            namespace: object.namespace().map(str::to_owned),
            labels: String::new(),
        };
        let mut events = self.cluster.watch(&scope);
        let mut there = false;
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Restarted) => there = false,
                Ok(Event::Applied(other)) => there |= other.uid() == Some(uid),
                Ok(Event::Deleted(other)) if other.uid() == Some(uid) => return Ok(()),
                Ok(Event::Synced) if !there => return Ok(()),
                Ok(Event::Deleted(_) | Event::Synced) => {}
                Err(error) if error.retry() => {}
                Err(error) => return Err(Refused::Told(explain(object, &error))),
            }
        }
        Err(Refused::Told(format!("{}: its end could not be watched", object.key())))
    }
}
