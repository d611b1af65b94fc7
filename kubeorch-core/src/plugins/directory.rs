//! Plugins under development: components of a directory, read once at the start.
//!
//! They are served unsigned and never stored. So this is not a way to install anything, and the log says at every start
//! that it is on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::service::Inner;
use super::{Error, MAX_INSTALLED, adopt, ready, source};
use crate::plugin::{DownloadError, Manifest};

/// A file of the directory.
#[derive(Debug, Clone)]
pub(super) struct Dev {
    /// The plugin's id, or the file's name when it has told none.
    pub(super) id: String,
    pub(super) path: PathBuf,
    /// Why it is not served.
    pub(super) error: Option<String>,
}

/// Serves what can be served.
pub(super) async fn serve(inner: &Inner, dir: &Path) {
    tracing::warn!(dir = %dir.display(), "serving unsigned plugins from a directory, for development");
    let files = tokio::task::spawn_blocking({
        let dir = dir.to_owned();
        move || components(&dir)
    });
    let files = match files.await {
        Ok(Ok(files)) => files,
        Ok(Err(error)) => {
            tracing::warn!(dir = %dir.display(), %error, "the directory of plugins cannot be read");
            return;
        }
        Err(_) => return,
    };
    for path in files {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let dev = match one(inner, &path).await {
            Ok(id) => Dev { id, path, error: None },
            Err(error) => {
                let reason = adopt::reason(&error);
                tracing::warn!(file = %path.display(), reason, "a plugin is not served");
                Dev { id: name, path, error: Some(reason) }
            }
        };
        inner.directory.lock().push(dev);
    }
}

/// Files that end in `.wasm`, by name.
fn components(dir: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "wasm") {
            files.push(path);
        }
    }
    files.sort_unstable();
    if files.len() > MAX_INSTALLED {
        tracing::warn!("the directory holds {} plugins, the first {MAX_INSTALLED} are read", files.len());
        files.truncate(MAX_INSTALLED);
    }
    Ok(files)
}

/// Reads, scans, loads and serves one file; answers the plugin's id.
async fn one(inner: &Inner, path: &Path) -> Result<String, Error> {
    let limit = inner.policy.max_bytes;
    let read = tokio::task::spawn_blocking({
        let path = path.to_owned();
        move || source::read_file(&path, limit)
    });
    let bytes: Arc<[u8]> = read.await.map_err(|_| Error::Stopping)??.bytes.into();
    Manifest::of(&bytes).map_err(Error::Unusable)?;
    let sandbox = inner.sandbox()?;
    let candidate = sandbox.load(&path.to_string_lossy(), bytes).await?;
    let about = candidate.about();
    let others = sandbox.plugins();
    let mut findings = ready::problems(about);
    findings.extend(ready::conflicts(about, &others));
    if !findings.is_empty() {
        return Err(Error::Unusable(findings));
    }
    let id = about.info.id.clone();
    if others.iter().any(|other| other.info.id == id) || inner.is_installed(&id)? {
        let text = format!("plugin {id} is there already; remove it to serve the file");
        return Err(DownloadError::Refused(text).into());
    }
    sandbox.put(candidate)?;
    Ok(id)
}
