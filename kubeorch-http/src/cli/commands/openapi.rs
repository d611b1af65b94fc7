//! `openapi`: the document that the server answers, without a server.

use kubeorch_core::Engine;

use crate::cli::args::DocumentFormat;
use crate::cli::failure::Outcome;
use crate::cli::output::{Format, Terminal, document};
use crate::cli::{engine, exit};

/// Prints the document.
pub(crate) async fn openapi(format: DocumentFormat, terminal: &mut Terminal) -> Outcome {
    // The routes are made over an engine; this one is never used.
    let engine = Engine::builder().drift(None).plugins(engine::no_node_types().await?).build().await?;
    let contract = crate::contract(engine.clone());
    engine.shutdown().await;
    let format = match format {
        DocumentFormat::Json => Format::Json,
        DocumentFormat::Yaml => Format::Yaml,
    };
    terminal.data(&document(format, &contract.openapi).unwrap_or_default())?;
    Ok(exit::OK)
}
