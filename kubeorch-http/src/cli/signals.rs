//! Ctrl-C and SIGTERM: the first asks to stop, the second stops.

use std::process;

use tokio::sync::watch;

use super::exit;
use super::failure::Failure;

/// Listens from now on, for the rest of the process.
#[derive(Clone)]
pub(crate) struct Signals {
    asked: watch::Receiver<bool>,
}

impl Signals {
    /// Takes the signals over. After the second one the process ends at once with [`exit::INTERRUPTED`]: whoever
    /// sends it has waited long enough for an orderly end.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let (send, asked) = watch::channel(false);
        let mut source = Source::new().map_err(|error| {
            Failure::new(exit::FAILURE, format!("signals of the system cannot be received: {error}"))
        })?;
        tokio::spawn(async move {
            source.next().await;
            send.send_replace(true);
            source.next().await;
            process::exit(exit::INTERRUPTED.into());
        });
        Ok(Self { asked })
    }

    /// Waits until somebody asks to stop; at once when somebody did.
    pub(crate) async fn asked(&mut self) {
        // The sender lives as long as the process.
        let _ = self.asked.wait_for(|asked| *asked).await;
    }

    /// Ends work that changes nothing when somebody asks to stop.
    pub(crate) async fn or<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            result = work => result,
            () = self.asked() => Err(Failure::new(exit::INTERRUPTED, "interrupted; nothing was changed")),
        }
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    #[allow(clippy::unnecessary_wraps)]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
