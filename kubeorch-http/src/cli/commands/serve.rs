//! `serve`: the server.

use std::path::Path;
use std::sync::Arc;

use axum::http::HeaderValue;
use kubeorch_core::Engine;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::Redb;
use kubeorch_core::time::SystemClock;
use tokio_util::sync::CancellationToken;

use crate::cli::args;
use crate::cli::config::{EncryptionKey, Layers, Settings, environment};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Terminal;
use crate::cli::signals::Signals;
#[cfg(unix)]
use crate::cli::store::control::Control;
use crate::cli::{engine, exit, logging, simulation};
use crate::server::{Limits, Server};
use crate::{Options, Rate};

/// Serves until somebody asks to stop.
pub(crate) async fn serve(args: &args::Serve, terminal: &mut Terminal) -> Outcome {
    let layers = Layers::read(args, environment())?;
    let settings = Settings::new(&layers);
    if args.print_config {
        terminal.data(&layers.print())?;
        return settings.map(|_| exit::OK);
    }
    let settings = settings?;
    logging::start(&settings.log_level, settings.log_format);
    layers.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    run(settings, terminal).await
}

async fn run(mut settings: Settings, terminal: &mut Terminal) -> Outcome {
    let mut signals = Signals::listen()?;
    let drain = CancellationToken::new();
    let server = bind(settings.listen, Limits { drain: settings.drain, ..Limits::default() }).await?;
    let options = options(&settings, drain.clone())?;
    let given = std::mem::replace(&mut settings.encryption_key, EncryptionKey::File);
    let key = engine::key(given, &settings.data_dir)?;
    let store = engine::open_store(&settings.data_dir, settings.store)?;
    #[cfg(unix)]
    let (dir, of_control) = (settings.data_dir.clone(), store.clone());
    let engine = open_engine(settings, key, store).await?;
    #[cfg(unix)]
    let _control = control(&dir, of_control, &engine);
    let address = server.address().map_err(|error| address_failure("the address", &error))?;
    let router = crate::router(engine.clone(), options);
    terminal.data(&format!("{address}\n"))?;
    tracing::info!("serving http://{address}, version {}", env!("CARGO_PKG_VERSION"));

    let stop = drain.clone();
    tokio::spawn(async move {
        signals.asked().await;
        tracing::info!("stopping; open requests may end, a second signal stops at once");
        stop.cancel();
    });
    let drained = server.serve(router, drain).await;
    if drained.cut > 0 {
        tracing::warn!("{} connections were cut at the deadline", drained.cut);
    }
    engine.shutdown().await;
    tracing::info!("stopped");
    Ok(exit::OK)
}

/// The server is of use without its socket, so a path that is too long or a file system without sockets only warns.
#[cfg(unix)]
fn control(dir: &Path, store: Arc<Redb>, engine: &Engine) -> Option<Control> {
    Control::listen(dir, store, engine)
        .inspect_err(
            |error| tracing::warn!(%error, "no backups and no plugin commands while this server runs: its socket is missing"),
        )
        .ok()
}

async fn open_engine(settings: Settings, key: Secret, store: Arc<Redb>) -> Result<Engine, Failure> {
    let host = engine::plugin_host(Some(&settings.data_dir))?;
    let registry = engine::node_types(host.clone(), &[]).await?;
    let mut builder = Engine::builder()
        .store(store)
        .encryption_key(key)
        .users(settings.users)
        .retention(settings.retention)
        .clock(Arc::new(SystemClock));
    builder = engine::with_plugins(builder, host, registry, settings.plugins)?;
    if !settings.drift {
        builder = builder.drift(None);
    }
    if settings.simulator {
        builder = builder.cluster(simulation::NAME, simulation::cluster());
    }
    Ok(builder.build().await?)
}

/// Binds, or says in one sentence why not.
pub(super) async fn bind(address: std::net::SocketAddr, limits: Limits) -> Result<Server, Failure> {
    Server::bind(address, limits).await.map_err(|error| address_failure(&address.to_string(), &error))
}

pub(super) fn address_failure(address: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::new(
        exit::ADDRESS,
        match error.kind() {
            std::io::ErrorKind::AddrInUse => format!("{address} is in use by another program"),
            std::io::ErrorKind::PermissionDenied => format!("{address} may not be used by this user"),
            std::io::ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine"),
            _ => format!("{address} cannot be listened on: {error}"),
        },
    );
    failure.hint("Choose another one with --listen; port 0 takes a free one.")
}

fn options(settings: &Settings, drain: CancellationToken) -> Result<Options, Failure> {
    let origins = settings.cors_allowed_origins.iter().map(|origin| {
        HeaderValue::from_str(origin)
            .map_err(|_| Failure::usage(format!("cors_allowed_origins: `{origin}` is not an origin")))
    });
    let mut options =
        Options { cors_origins: origins.collect::<Result<_, _>>()?, drain, ..Options::default() };
    options.trusted_proxies.clone_from(&settings.trusted_proxies);
    options.rate = (settings.rate_limit_rps > 0)
        .then_some(Rate { per_second: settings.rate_limit_rps, burst: settings.rate_limit_burst });
    if settings.dev {
        tracing::warn!("development rules: requests and sign-ins are not limited");
        (options.rate, options.auth_rate) = (None, None);
    }
    Ok(options)
}
