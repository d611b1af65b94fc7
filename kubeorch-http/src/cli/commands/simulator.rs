//! `simulator`: the simulated cluster alone, on a port.

use std::fs;
use std::io::Write;
use std::path::Path;

use kubeorch_simulator::{Fault, Simulator};
use tokio::net::TcpListener;

use super::serve::address_failure;
use crate::cli::args;
use crate::cli::config::address;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Terminal;
use crate::cli::signals::Signals;

/// The first line of a kubeconfig that may be replaced.
const MARK: &str = "# Written by `kubeorch simulator`, which replaces it at every start.";

/// Serves a simulated cluster until somebody asks to stop.
pub(crate) async fn simulator(args: &args::Simulator, terminal: &mut Terminal) -> Outcome {
    let builder = Simulator::builder().nodes(args.nodes.into()).latency(args.latency);
    let builder = match &args.faults {
        Some(path) => builder.faults(faults(path)?),
        None => builder,
    };
    let listen = address(&args.listen)
        .map_err(|_| Failure::usage("--listen must be an address and a port, like 127.0.0.1:6443"))?;
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind(listen).await.map_err(|error| address_failure(&args.listen, &error))?;
    let bound = listener.local_addr().map_err(|error| address_failure(&args.listen, &error))?;
    if let Some(path) = &args.write_kubeconfig {
        write(path, &format!("{MARK}\n{}", kubeorch_simulator::kubeconfig(&format!("http://{bound}"))))?;
    }
    terminal.data(&format!("{bound}\n"))?;
    terminal.note(&match &args.write_kubeconfig {
        Some(path) => format!("Simulated cluster; try: kubectl --kubeconfig {} get nodes", path.display()),
        None => format!("Simulated cluster; try: kubectl --server http://{bound} get nodes"),
    });
    let simulator = builder.build();
    simulator
        .serve(listener, async move { signals.asked().await })
        .await
        .map_err(|error| Failure::new(exit::FAILURE, format!("the simulator stopped: {error}")))?;
    Ok(exit::OK)
}

/// The rules in a file.
fn faults(path: &Path) -> Result<Vec<Fault>, Failure> {
    let script = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    Fault::parse(&script).map_err(|error| {
        Failure::usage(format!("{} is no fault script\n{error}", path.display()))
            .hint("Rules look like {do: too-many-requests, verb: create, times: 2}.")
    })
}

/// Replaces the file in one step, but only one that this program wrote: a slip must not cost anybody their
/// `~/.kube/config`.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(exit::FAILURE, format!("{} cannot be written: {error}", path.display()))
    };
    match fs::read_to_string(path) {
        Ok(old) if !old.starts_with(MARK) => {
            let message = format!("{} was not written by `kubeorch simulator`", path.display());
            return Err(Failure::usage(message).hint("Name another file, or remove this one first."));
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut draft = path.to_owned().into_os_string();
    draft.push(format!(".{}", std::process::id()));
    fs::File::create(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(failed)
}
