//! The secret of an installation that tells its own compiled code from other files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::folder::{self, create_new};
use crate::time::{Entropy, SystemEntropy};

type Key = Zeroizing<[u8; 32]>;

/// Reads the key, or makes one.
pub(super) fn load(path: &Path) -> io::Result<Key> {
    match File::open(path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    }
}

fn read(mut file: File) -> io::Result<Key> {
    let metadata = file.metadata()?;
    folder::ours(&metadata)?;
    let mut key = Key::default();
    if metadata.len() != key.len() as u64 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the key has another length; remove its file",
        ));
    }
    file.read_exact(key.as_mut())?;
    Ok(key)
}

/// Written beside its place and linked there: two starts at once agree on one key, and a crash leaves none or a whole
/// one.
fn make(path: &Path) -> io::Result<Key> {
    let mut key = Key::default();
    SystemEntropy.fill(key.as_mut());
    let draft = path.with_extension(format!("key.{}", folder::unique()));
    let mut file = create_new(&draft)?;
    let linked = file
        .write_all(key.as_ref())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read(File::open(path)?),
    }
}
