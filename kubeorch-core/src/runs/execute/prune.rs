//! Removing what the graph no longer holds, after everything else.

use super::{Execution, Stop};
use crate::kube::DeleteOptions;
use crate::runs::plan::Removal;
use crate::runs::record::Note;

impl Execution<'_> {
    pub(super) async fn prune(&self) -> Result<(), Stop> {
        for Removal { key, uid, .. } in &self.planned.removals {
            self.go_on()?;
            let options = DeleteOptions { uid: uid.clone(), ..DeleteOptions::default() };
            match self.cluster.delete(key, &options).await {
                Ok(_) => {
                    let line = format!("{key}: removed, no longer in the graph");
                    self.recorder.note(Note::default().line(line).removed(key)).await?;
                }
                Err(error) => return Err(Stop::Failed(format!("{key} could not be removed: {error}"))),
            }
        }
        Ok(())
    }
}
