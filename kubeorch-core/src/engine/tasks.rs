//! Background work and its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::time::Clock;

/// The background tasks of an engine. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    set: parking_lot::Mutex<JoinSet<()>>,
    stopping: watch::Sender<bool>,
    closing: Mutex<()>,
}

impl Tasks {
    /// Runs work in the background; after a stop began, nothing new is run.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if self.stopping() {
            return;
        }
        let mut set = self.inner.set.lock();
        // Finished ones are taken out here, so the set holds what runs and little more.
        while set.try_join_next().is_some() {}
        set.spawn(work);
    }

    /// Whether a stop began.
    pub(crate) fn stopping(&self) -> bool {
        *self.inner.stopping.borrow()
    }

    /// Becomes `true` when a stop begins, and closes with the engine. Holding it keeps nothing alive.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.inner.stopping.subscribe()
    }

    /// Lets running work end for at most `grace`, then drops the rest. Calling it twice is fine.
    pub(crate) async fn stop(&self, clock: &dyn Clock, grace: Duration) {
        self.inner.stopping.send_replace(true);
        let _one_at_a_time = self.inner.closing.lock().await;
        let mut set = std::mem::take(&mut *self.inner.set.lock());
        tokio::select! {
            () = async { while set.join_next().await.is_some() {} } => {}
            () = clock.sleep(grace) => {}
        }
        set.shutdown().await;
    }
}
