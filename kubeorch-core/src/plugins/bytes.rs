//! Components in the store, by their digest. They stand beside the records that need them, so that a backup, an export
//! and a transaction hold both or neither.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::{Installed, Release};
use crate::store::{Error, Query, Reader, Record, Table, Tx, rule};

/// Bytes of a part. Rows of some hundred KiB suit every backend; a component of 8 MiB has 32 of them.
const PART: usize = 256 << 10;

/// A piece of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// SHA-256 of the whole component, in lower-case hex.
    pub(super) digest: String,
    /// From 0.
    number: u32,
    /// Base64.
    data: String,
}

impl Record for Part {
    const TABLE: Table = Table("plugin_components");
    type Key = (String, u32);

    fn key(&self) -> Self::Key {
        (self.digest.clone(), self.number)
    }

    fn check(&self) -> Result<(), String> {
        rule(STANDARD.decode(&self.data).is_ok(), "its data is not base64")
    }
}

/// SHA-256 in lower-case hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps a component under its digest.
pub(super) fn write(tx: &mut Tx<'_>, digest: &str, bytes: &[u8]) -> Result<(), Error> {
    for (number, data) in (0..).zip(bytes.chunks(PART)) {
        let part = Part { digest: digest.to_owned(), number, data: STANDARD.encode(data) };
        tx.overwrite(&part)?;
    }
    Ok(())
}

/// The component of a version, checked against its digest.
pub(super) fn read(reader: &Reader<'_>, release: &Release) -> Result<Vec<u8>, Error> {
    let damaged = |reason: &str| Error::Damaged {
        what: format!("the component {}", release.sha256),
        reason: reason.to_owned(),
    };
    let mut bytes = Vec::new();
    reader.each(&Query::<Part>::all().prefix(&release.sha256), |part| {
        let data = STANDARD.decode(&part.data).map_err(|_| damaged("a part is not base64"))?;
        bytes.extend_from_slice(&data);
        Ok::<_, Error>(true)
    })?;
    if digest(&bytes) == release.sha256 { Ok(bytes) } else { Err(damaged("its bytes are others")) }
}

/// Removes the components of versions that no plugin keeps any more.
pub(super) fn collect(tx: &mut Tx<'_>, dropped: &[Release]) -> Result<(), Error> {
    let plugins = tx.list(&Query::<Installed>::all())?;
    let kept = |release: &Release| {
        let of = |plugin: &Installed| {
            std::iter::once(&plugin.current).chain(&plugin.previous).any(|it| it.sha256 == release.sha256)
        };
        plugins.iter().any(of)
    };
    for release in dropped.iter().filter(|release| !kept(release)) {
        let parts = usize::try_from(release.size).unwrap_or(usize::MAX).div_ceil(PART);
        for number in (0..).take(parts) {
            tx.erase::<Part>(&(release.sha256.clone(), number));
        }
    }
    Ok(())
}
