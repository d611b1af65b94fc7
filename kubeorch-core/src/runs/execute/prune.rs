//! Removing what the graph no longer holds, after everything else.

use super::{Execution, Stop, retry, told};
use crate::kube::DeleteOptions;
use crate::manifest::Key;
use crate::runs::plan::Removal;
use crate::runs::record::Note;

impl Execution<'_> {
    /// Removes what the plan says, and forgets what was removed and what was gone already.
    pub(super) async fn prune(&self) -> Result<(), Stop> {
        for Removal { key, uid, node } in &self.planned.removals {
            self.go_on()?;
            self.delete(key, uid.clone()).await?;
            let of = node.as_ref().map(|node| format!(" (of {node})")).unwrap_or_default();
            let line = format!("{key}{of}: removed, no longer in the graph");
            self.recorder.note(Note::default().line(line).removed(key)).await?;
        }
        let forgotten = self.planned.forgotten.iter();
        Ok(self.recorder.note(forgotten.fold(Note::default(), Note::removed)).await?)
    }

    /// Repeats what may succeed later.
    async fn delete(&self, key: &Key, uid: Option<String>) -> Result<(), Stop> {
        let options = DeleteOptions { uid, ..DeleteOptions::default() };
        let mut control = self.control.clone();
        for attempt in 1.. {
            let Err(error) = self.cluster.delete(key, &options).await else { return Ok(()) };
            let text = format!("{key} could not be removed: {error}");
            let pause = retry::pause(&error, attempt, self.options.retries, &*self.host.entropy);
            let Some(pause) = pause else { return Err(Stop::Failed(text)) };
            self.recorder.log(format!("{text}; again in {:.1} s", pause.as_secs_f64())).await?;
            tokio::select! {
                () = self.host.clock.sleep(pause) => {}
                stop = told(&mut control) => return Err(stop),
            }
        }
        Ok(())
    }
}
