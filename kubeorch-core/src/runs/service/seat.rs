//! The executors of this process, and how they are told to stop.

use tokio::sync::watch;

use super::Service;
use crate::id::RunId;
use crate::runs::execute::Control;

/// An executor's place. Empty again when the executor is gone, however it went.
pub(super) struct Seat {
    service: Service,
    run: RunId,
    pub(super) control: watch::Receiver<Control>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.service.inner.seats.lock().remove(&self.run);
    }
}

impl Service {
    /// Takes the place of a run's executor; `None` while there is one.
    pub(super) fn seat(&self, run: RunId) -> Option<Seat> {
        let mut seats = self.inner.seats.lock();
        if seats.contains_key(&run) {
            return None;
        }
        let (tell, control) = watch::channel(Control::Go);
        seats.insert(run, tell);
        Some(Seat { service: self.clone(), run, control })
    }

    /// Tells an executor of this process; answers whether there is one. A cancel is never taken back by a pause.
    pub(super) fn tell(&self, run: RunId, control: Control) -> bool {
        let seats = self.inner.seats.lock();
        let Some(tell) = seats.get(&run) else { return false };
        tell.send_if_modified(|now| {
            let stronger = *now != Control::Cancel && *now != control;
            if stronger {
                *now = control;
            }
            stronger
        });
        true
    }

    /// Waits until a run has no executor here.
    pub(super) async fn vacant(&self, run: RunId) {
        let seat = self.inner.seats.lock().get(&run).map(watch::Sender::subscribe);
        if let Some(mut seat) = seat {
            // The sender goes with the seat.
            while seat.changed().await.is_ok() {}
        }
    }
}
