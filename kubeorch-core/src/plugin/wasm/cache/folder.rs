//! A folder of files of one owner, with a bound on their sum.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) size: u64,
}

impl Folder {
    /// Makes the folder if it is not there. One that others may write to, or that is somebody else's, is refused.
    pub(super) fn open(path: &Path, size: u64) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let metadata = fs::symlink_metadata(path)?;
        if !metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder"));
        }
        ours(&metadata)?;
        Ok(Self { path: path.to_owned(), size })
    }

    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        // For writing as well, because a use is noted on the file.
        match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
            opened => opened,
        }
    }

    /// Writes a whole file or none, and makes room for it.
    pub(super) fn write(&self, name: &str, parts: &[&[u8]], now: SystemTime) -> io::Result<()> {
        let size = parts.iter().map(|part| part.len() as u64).sum::<u64>();
        let Some(room) = self.size.checked_sub(size) else {
            return Err(io::Error::other("the code is larger than the whole cache may be"));
        };
        self.shrink(room, name)?;
        let draft = self.path.join(format!("{}.draft", unique()));
        let written = create_new(&draft).and_then(|mut file| {
            parts.iter().try_for_each(|part| file.write_all(part))?;
            file.set_modified(now)?;
            file.sync_all()?;
            fs::rename(&draft, self.path.join(name))
        });
        if written.is_err() {
            // A full disk needs the room back; the draft may also never have come to be.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    /// Removes what was used least recently until the rest is no larger. The file that is about to be replaced
    /// counts as gone. Drafts of writers that died are files like others and go when their time comes.
    fn shrink(&self, size: u64, replaced: &str) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Another process may have removed it meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() && entry.file_name() != replaced {
                files.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        files.sort();
        let mut sum: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, freed, path) in files {
            if sum <= size {
                break;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => sum -= freed,
            }
        }
        Ok(())
    }
}

/// A new file for its owner only.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A name that nobody else uses at the same time.
pub(super) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Refuses what is not this user's own, or opens for others.
#[cfg(unix)]
pub(super) fn ours(metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let denied = |reason: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return denied(format!("it belongs to user {}, not to {user}", metadata.uid()));
    }
    let open = metadata.mode() & 0o077;
    if open != 0 {
        return denied(format!(
            "it opens for others (mode {:o}); take that back with chmod go=",
            metadata.mode() & 0o777
        ));
    }
    Ok(())
}

/// Elsewhere the data directory's own protection has to do.
#[cfg(not(unix))]
pub(super) fn ours(_: &Metadata) -> io::Result<()> {
    Ok(())
}
