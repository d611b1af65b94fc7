//! Compiled code on disk, so that a component is compiled once per machine and wasmtime.
//!
//! What lies here is run as it is, so nothing of it is believed: every file carries an HMAC-SHA-256 over its name and
//! all its bytes, under a key that only this installation has, and is checked in full before a byte is used. Whatever
//! is wrong with a file, it is compiled again; whatever is wrong with the folder, plugins work without it.

mod folder;
mod key;
mod options;

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use options::CacheOptions;

use super::compile::{Artefact, Seal, TAG};
use crate::time::Clock;
use folder::Folder;

/// Where code belongs: which component, compiled how.
pub(super) struct Name {
    /// SHA-256 of the component.
    pub(super) component: [u8; 32],
    /// SHA-256 of everything else that the code depends on.
    pub(super) environment: [u8; 32],
}

impl Name {
    /// Both digests in hex, 129 characters.
    fn file(&self) -> String {
        format!("{}-{}", hex(&self.component), hex(&self.environment))
    }

    /// Both digests, for the tag.
    fn place(&self) -> [u8; 64] {
        let mut place = [0; 64];
        place[..32].copy_from_slice(&self.component);
        place[32..].copy_from_slice(&self.environment);
        place
    }
}

/// What lies at a name.
pub(super) enum Found {
    /// Code that this installation made and put there.
    Artefact(Artefact),
    /// A file that is not as it was written, or was never written here.
    Damaged,
    /// No file.
    Nothing,
}

pub(super) struct Cache {
    folder: Folder,
    seal: Seal,
    clock: Arc<dyn Clock>,
    warned: AtomicBool,
}

impl Cache {
    /// The cache, or one warning and none.
    pub(super) fn open(options: CacheOptions) -> Option<Self> {
        let open = || -> io::Result<Self> {
            let folder = Folder::open(&options.folder, options.size)?;
            let seal = Seal::new(&*key::load(&options.key)?);
            Ok(Self { folder, seal, clock: Arc::clone(&options.clock), warned: AtomicBool::new(false) })
        };
        let shown = options.folder.display();
        open()
            .inspect_err(|error| {
                tracing::warn!(%error, folder = %shown, "no cache of compiled plugins; every start compiles them");
            })
            .ok()
    }

    pub(super) fn get(&self, name: &Name) -> Found {
        let mut file = match self.folder.open_file(&name.file()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(_) => return Found::Damaged,
        };
        match self.read(&mut file, name) {
            Some(artefact) => {
                // Only its turn to be removed depends on it.
                let _ = file.set_modified(self.now());
                Found::Artefact(artefact)
            }
            None => Found::Damaged,
        }
    }

    fn read(&self, file: &mut File, name: &Name) -> Option<Artefact> {
        let size = file.metadata().ok()?.len();
        let code = usize::try_from(size).ok()?.checked_sub(TAG)?;
        if size > self.folder.size {
            return None;
        }
        let mut tag = [0; TAG];
        file.read_exact(&mut tag).ok()?;
        let mut bytes = vec![0; code];
        file.read_exact(&mut bytes).ok()?;
        self.seal.open(&name.place(), &tag, bytes)
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().as_millis()).unwrap_or_default())
    }

    /// Keeps code; a failure costs the next start a compilation, and the log one line.
    pub(super) fn put(&self, name: &Name, artefact: &Artefact) {
        let tag = self.seal.tag(&name.place(), artefact);
        let kept = self.folder.write(&name.file(), &[&tag, artefact.bytes()], self.now());
        if let Err(error) = kept
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(%error, folder = %self.folder.path.display(), "compiled plugins are not kept on disk");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
