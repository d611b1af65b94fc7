//! The command's end.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{Line, NAME, Request};
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::output::Terminal;
use crate::cli::store::Size;

/// Asks the server that has the store of a data directory open, and shows its progress.
pub(in crate::cli) async fn ask<T: DeserializeOwned>(
    dir: &Path,
    request: &Request,
    terminal: &mut Terminal,
) -> Result<T, Failure> {
    ask_for_text(dir, request, terminal, |_| Err(io::Error::other("no text was asked for"))).await
}

/// As [`ask`], and passes the text of the answer on to `take`.
pub(in crate::cli::store) async fn ask_for_text<T: DeserializeOwned>(
    dir: &Path,
    request: &Request,
    terminal: &mut Terminal,
    mut take: impl FnMut(&str) -> io::Result<()>,
) -> Result<T, Failure> {
    let path = dir.join(NAME);
    let gone = |error: &dyn std::fmt::Display| {
        let message =
            format!("the program that has the store open cannot be asked at {}: {error}", path.display());
        Failure::new(exit::STORE, message).hint("Stop it, and repeat this.")
    };
    let stream = UnixStream::connect(&path).await.map_err(|error| gone(&error))?;
    let (read, mut write) = stream.into_split();
    let mut text = serde_json::to_vec(request).map_err(|error| gone(&error))?;
    text.push(b'\n');
    write.write_all(&text).await.map_err(|error| gone(&error))?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| gone(&error))? {
        match serde_json::from_str(&line).map_err(|error| gone(&error))? {
            Line::Progress(bytes) => terminal.note(&format!("{} copied", Size(bytes))),
            Line::Text(text) => take(&text).map_err(|error| {
                kubeorch_core::Error::from(kubeorch_core::store::export::Error::Io(error))
            })?,
            Line::Result(value) => return serde_json::from_value(value).map_err(|error| gone(&error)),
            Line::Error { code, message, hint } => return Err(Failure::new(code, message).hint(hint)),
        }
    }
    Err(gone(&"it stopped in the middle"))
}
