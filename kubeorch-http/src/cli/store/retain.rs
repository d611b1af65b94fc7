//! `retain`: what retention no longer keeps goes now, instead of within the hour.

use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::retention::{Policy, Report};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Error, Redb};
use kubeorch_core::time::SystemClock;

use super::present;
use crate::cli::config::{EncryptionKey, Layers, Settings, environment};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Terminal, document, seconds};
use crate::cli::signals::Signals;
use crate::cli::{args, engine, exit};

/// Sweeps, or has the server do it that has the store open.
pub(crate) async fn retain(args: &args::Retain, terminal: &mut Terminal) -> Outcome {
    let began = Instant::now();
    let mut settings = Settings::new(&Layers::of_file(args.config.as_deref(), environment())?)?;
    let dir = args.place.data_dir.clone().unwrap_or(settings.data_dir);
    let file = present(&dir)?;
    let options = settings.store;
    let opened = tokio::task::spawn_blocking(move || Redb::open(&file, options, Arc::new(SystemClock)));
    let report = match opened.await.map_err(|error| Failure::new(exit::FAILURE, error.to_string()))? {
        Ok(store) => {
            let given = std::mem::replace(&mut settings.encryption_key, EncryptionKey::File);
            alone(engine::key(given, &dir)?, store, settings.retention).await?
        }
        #[cfg(unix)]
        Err(Error::Locked(_)) => {
            terminal.note("A server has the store open and does it itself, by its own policy.");
            super::control::ask(&dir, &super::control::Request::Retain, terminal).await?
        }
        Err(error) => return Err(kubeorch_core::Error::from(error).into()),
    };
    let Report { versions, runs, log_lines, events } = report;
    let told = || {
        let took = seconds(began.elapsed());
        format!(
            "Removed {versions} versions, {runs} runs, {log_lines} log lines and {events} events in {took}\n"
        )
    };
    terminal.data(&document(args.output, &report).unwrap_or_else(told))?;
    Ok(exit::OK)
}

/// On the store of a data directory that nobody uses. Broken off between two steps, the next one goes on.
async fn alone(key: Secret, store: Redb, policy: Policy) -> Result<Report, Failure> {
    let mut signals = Signals::listen()?;
    let types = engine::no_node_types().await?;
    let builder = Engine::builder().store(Arc::new(store)).encryption_key(key).plugins(types);
    let engine = builder.retention(policy).build().await?;
    let swept = tokio::select! {
        swept = engine.retention().sweep(&Actor::System) => swept.map_err(Failure::from),
        () = signals.asked() => Err(Failure::new(exit::INTERRUPTED, "interrupted; what was removed stays so")),
    };
    engine.shutdown().await;
    swept
}
