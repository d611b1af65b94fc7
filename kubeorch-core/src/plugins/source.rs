//! Where a component comes from, and whether it is the one that was meant.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::service::Inner;
use super::trust::MAX_SIGNATURE;
use super::{Error, bytes};
use crate::plugin::Downloaded;

/// Where a component lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here.
    Bytes {
        /// What messages call it, a file name for instance.
        name: String,
        /// The component.
        bytes: Arc<[u8]>,
    },
    /// In a file of this machine; a signature may lie in `<file>.minisig` beside it.
    File(PathBuf),
    /// `https://…`, which needs a pinned digest, or `oci://registry/repository:tag` (or `@sha256:…`).
    Remote(String),
}

impl Source {
    /// How records and messages call it.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Bytes { name, .. } => format!("upload:{}", shown(name)),
            Self::File(path) => format!("file:{}", shown(&path.to_string_lossy())),
            Self::Remote(source) => shown(source),
        }
    }
}

/// What to install, and how to know that it is that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where the component lies.
    pub source: Source,
    /// SHA-256 that the component must have, in hex.
    pub sha256: Option<String>,
    /// The text of a minisign signature over the component's bytes; one that lies beside the source counts without it.
    pub signature: Option<String>,
}

impl Package {
    /// The source alone.
    pub fn new(source: Source) -> Self {
        Self { source, sha256: None, signature: None }
    }

    /// Bytes that are here already.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(Source::Bytes { name: name.into(), bytes: bytes.into() })
    }

    /// With the digest that the component must have.
    #[must_use]
    pub fn sha256(mut self, digest: impl Into<String>) -> Self {
        self.sha256 = Some(digest.into());
        self
    }

    /// With a signature.
    #[must_use]
    pub fn signature(mut self, text: impl Into<String>) -> Self {
        self.signature = Some(text.into());
        self
    }
}

/// A component that was fetched, has the right digest and comes from somebody who may.
pub(super) struct Fetched {
    pub(super) bytes: Arc<[u8]>,
    pub(super) sha256: String,
    pub(super) source: String,
    pub(super) signer: Option<String>,
}

/// Fetches and proves a component; nothing of it has run then.
pub(super) async fn fetch(inner: &Inner, package: Package) -> Result<Fetched, Error> {
    let limit = inner.policy.max_bytes;
    let wanted = package.sha256.as_deref().map(parse_digest).transpose()?;
    let source = package.source.label();
    let (bytes, beside) = match package.source {
        Source::Bytes { bytes, .. } => (bytes, None),
        Source::File(path) => {
            let read = tokio::task::spawn_blocking(move || read_file(&path, limit));
            let read = read.await.map_err(|_| Error::Stopping)?;
            let Downloaded { bytes, signature } = read?;
            (bytes.into(), signature)
        }
        Source::Remote(address) => {
            if wanted.is_none() && !address.starts_with("oci://") {
                return Err(Error::Invalid(
                    "Give the `sha256` that the component at this address has.".into(),
                ));
            }
            let no_network = "this engine fetches no components: give the bytes";
            let download = inner.download.as_ref().ok_or(Error::NoSource(no_network))?;
            let Downloaded { bytes, signature } = download.component(&address, limit).await?;
            (bytes.into(), signature)
        }
    };
    if bytes.len() > limit {
        return Err(Error::TooLarge(limit));
    }
    let found = bytes::digest(&bytes);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
        return Err(Error::OtherDigest { wanted, found });
    }
    let signature = package.signature.or(beside);
    if signature.as_ref().is_some_and(|text| text.len() > MAX_SIGNATURE) {
        return Err(Error::BadSignature(format!("it is longer than {MAX_SIGNATURE} bytes")));
    }
    let signer = inner.policy.trust.verify(&bytes, signature.as_deref())?;
    Ok(Fetched { bytes, sha256: found, source, signer })
}

/// A component's file with the signature beside it, never more than `limit` bytes of it.
pub(super) fn read_file(path: &Path, limit: usize) -> Result<Downloaded, Error> {
    let failed = |error: io::Error| {
        let text = format!("{} cannot be read: {}", shown(&path.to_string_lossy()), error.kind());
        Error::Download(crate::plugin::DownloadError::Failed(text))
    };
    let bytes = read_at_most(path, limit).map_err(failed)?.ok_or(Error::TooLarge(limit))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".minisig");
    let signature = match read_at_most(Path::new(&beside), MAX_SIGNATURE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
        Ok(text) => Some(text.and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()),
    };
    Ok(Downloaded { bytes, signature })
}

/// `None` for a longer file.
fn read_at_most(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// `sha256:` in front is taken too.
fn parse_digest(text: &str) -> Result<String, Error> {
    let hex = text.trim().trim_start_matches("sha256:").to_ascii_lowercase();
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(hex);
    }
    Err(Error::Invalid("`sha256` must have 64 hex digits.".into()))
}

/// A stranger's name, fit for a log and a terminal.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(256).collect()
}
