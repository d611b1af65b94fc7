//! The encryption key of a data directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use kubeorch_core::secret::Secret;
use kubeorch_core::time::{Entropy, SystemEntropy};

use super::EncryptionKey;
use crate::cli::engine::STORE;
use crate::cli::exit;
use crate::cli::failure::Failure;

/// Name of the file in the data directory.
pub(crate) const NAME: &str = "key";
/// A key of AES-256.
const BYTES: usize = 32;

/// The longest key file that is read: the digits and white space round them.
const MOST: u64 = 1024;

/// The key: as given, else from the file. Where neither the file nor a store is there, the file is made with mode 0600, so
/// call it before the store is opened: a new key never fits a store that has one.
///
/// `dir` must exist. A key that came from a file and is then given too must be the same text, or credentials in the
/// store no longer open; the store cannot tell, so nothing is checked here.
pub(crate) fn encryption_key(key: EncryptionKey, dir: &Path) -> Result<Secret, Failure> {
    let path = dir.join(NAME);
    let failed = |error: &io::Error| {
        Failure::new(exit::STORE, format!("the encryption key {} cannot be used: {error}", path.display()))
            .hint("Put the copy that you keep of it there; no backup of the store holds it.")
    };
    match key {
        EncryptionKey::Given(key) => Ok(key),
        EncryptionKey::File => match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if dir.join(STORE).exists() {
                    return Err(missing(dir));
                }
                make(dir, &path).map_err(|error| failed(&error))
            }
            read => read.map_err(|error| failed(&error)),
        },
    }
}

fn missing(dir: &Path) -> Failure {
    let message = format!("{} holds a store, and no encryption key", dir.display());
    Failure::new(exit::STORE, message).hint(
        "Put the file `key` of the server that made the store there, or give its key with KUBEORCH_ENCRYPTION_KEY.",
    )
}

/// Reads a regular file: what else there is may never end, or never begin.
fn read(path: &Path) -> io::Result<Secret> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MOST).read_to_string(&mut text)?;
    check(&text)
}

fn check(text: &str) -> io::Result<Secret> {
    let text = text.trim();
    let hex = text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is not 64 hex digits");
    hex.then(|| Secret::new(text)).ok_or_else(damaged)
}

/// Writes the key beside its place and links it there: two starts at once agree on one key, and a crash leaves none
/// or a whole one.
fn make(dir: &Path, path: &Path) -> io::Result<Secret> {
    let mut bytes = [0; BYTES];
    SystemEntropy.fill(&mut bytes);
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    let text: String = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    let draft = dir.join(format!("{NAME}.{}", std::process::id()));
    write_private(&draft, &text)?;
    let linked = fs::hard_link(&draft, path);
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read(path),
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
