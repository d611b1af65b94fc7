//! Log lines on stderr.
//!
//! The library installs no logger; only the binary does, once.

use tracing_subscriber::EnvFilter;

use super::args::LogFormat;

/// Starts logging. `filter` is a level or directives (`info,kubeorch_core=debug`) and has been checked.
pub(crate) fn start(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // A host that has a logger keeps it.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// The filter for commands that talk to people: what goes wrong, more with `-v`.
pub(crate) fn filter(verbose: u8) -> &'static str {
    match verbose {
        0 => "error",
        1 => "warn,kubeorch_core=info,kubeorch_http=info",
        _ => "info,kubeorch_core=debug,kubeorch_http=debug",
    }
}
