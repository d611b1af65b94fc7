//! What a backup says of itself.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::file::Failure;
use super::super::medium::{beside, sync_folder};
use super::{CHANGES, STORE};
use crate::store::{Error, Seq};
use crate::time::Time;

const FILE: &str = "manifest.json";
/// The form of backups that this release reads and writes.
const FORMAT: u32 = 1;

/// The manifest of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// The release that made it.
    pub release: String,
    /// Which store; a restored store is another one.
    pub store: String,
    /// The newest commit that is in it.
    pub commit: u64,
    /// The newest event that is in it.
    pub head: Seq,
    /// The newest event that retention had removed.
    pub trimmed: Seq,
    /// When it was made.
    pub created_at: Time,
    /// Size of its file.
    pub bytes: u64,
    /// SHA-256 of its file, hex.
    pub sha256: String,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// What an incremental one goes on from; a full one has none.
    pub base: Option<Base>,
    /// SHA-256 of everything above, hex: of the manifest as JSON without white space and with this empty.
    pub seal: String,
}

/// The backup before an incremental one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its newest commit.
    pub commit: u64,
    /// SHA-256 of its file, hex.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup, and nothing else of it. [`Error::Newer`] when a newer release made it.
    pub fn read(backup: &Path) -> Result<Self, Error> {
        let text = fs::read(backup.join(FILE)).map_err(|error| no_backup(backup, &error))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| no_backup(backup, &error))?;
        if manifest.format > FORMAT {
            return Err(Error::Newer(backup.display().to_string()));
        }
        if manifest.sum().ok().as_ref() != Some(&manifest.seal) {
            return Err(no_backup(backup, &"its manifest is not as it was written"));
        }
        Ok(manifest)
    }

    fn sum(&self) -> io::Result<String> {
        let text = serde_json::to_vec(&Self { seal: String::new(), ..self.clone() })?;
        Ok(hex(&Sha256::digest(text)))
    }

    /// Reads the manifest and the whole file of a backup: whether its bytes are those that were written.
    pub fn check(backup: &Path) -> Result<Self, Error> {
        let manifest = Self::read(backup)?;
        let (bytes, sha256) = digest(&manifest.file(backup)).map_err(|error| no_backup(backup, &error))?;
        if (bytes, sha256.as_str()) != (manifest.bytes, manifest.sha256.as_str()) {
            return Err(no_backup(backup, &"its file is not as it was written"));
        }
        Ok(manifest)
    }

    pub(super) fn file(&self, backup: &Path) -> std::path::PathBuf {
        backup.join(if self.base.is_some() { CHANGES } else { STORE })
    }

    pub(super) fn as_base(&self) -> Base {
        Base { commit: self.commit, sha256: self.sha256.clone() }
    }
}

/// Fills a folder beside `destination` and gives it that name when it is complete and on the disk.
pub(super) fn publish(
    destination: &Path,
    fill: impl FnOnce(&Path) -> Result<Manifest, Error>,
) -> Result<Manifest, Error> {
    let failed = |error: io::Error| failed(destination, &error);
    if destination.exists() {
        return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let draft = beside(destination, "partial");
    // What a backup that was stopped left.
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(failed)?;
    }
    private_folder(&draft).map_err(failed)?;
    let filled = fill(&draft).and_then(|mut manifest| {
        let file = manifest.file(&draft);
        File::open(&file).and_then(|file| file.sync_all()).map_err(failed)?;
        (manifest.bytes, manifest.sha256) = digest(&file).map_err(failed)?;
        manifest.seal = manifest.sum().map_err(failed)?;
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(error.into()))?;
        fs::write(draft.join(FILE), text).map_err(failed)?;
        File::open(draft.join(FILE)).and_then(|file| file.sync_all()).map_err(failed)?;
        sync_folder(&draft.join(FILE)).map_err(failed)?;
        fs::rename(&draft, destination).map_err(failed)?;
        sync_folder(destination).map_err(failed)?;
        Ok(manifest)
    });
    if filled.is_err() {
        // The error of the backup is the one to tell.
        let _ = fs::remove_dir_all(&draft);
    }
    filled
}

/// Addresses and password hashes are in it.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

pub(super) fn new(store: u64, commit: u64, head: Seq, trimmed: Seq, at: Time) -> Manifest {
    Manifest {
        format: FORMAT,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        store: format!("{store:016x}"),
        commit,
        head,
        trimmed,
        created_at: at,
        bytes: 0,
        sha256: String::new(),
        rows: BTreeMap::new(),
        base: None,
        seal: String::new(),
    }
}

fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hasher, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
    }
    Ok((bytes, hex(&hasher.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn no_backup(path: &Path, reason: &impl ToString) -> Error {
    Error::Damaged { what: format!("the backup {}", path.display()), reason: reason.to_string() }
}

/// Why a backup cannot be written, or a store not be restored, where it is to go.
pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "its disk is full".to_owned(),
        io::ErrorKind::AlreadyExists => "it is there already; choose another name".to_owned(),
        _ => error.to_string(),
    };
    Error::Destination { path: path.display().to_string(), reason }
}

/// The same of a file that the backend writes.
pub(super) fn lost(failure: Failure, path: &str) -> Failure {
    let reason = match failure {
        Failure::Refused(Error::Damaged { reason, .. }) => reason,
        Failure::Refused(error) => return Failure::Refused(error),
        other => other.to_string(),
    };
    Failure::Refused(Error::Destination { path: path.to_owned(), reason })
}

pub(super) fn unrelated(backup: &Path, reason: impl Into<String>) -> Error {
    Error::Unrelated { backup: backup.display().to_string(), reason: reason.into() }
}
