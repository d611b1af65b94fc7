//! A tree on disk, opened so that nothing leads out of it.
//!
//! Every step down is `openat` on an open folder with `O_NOFOLLOW`, so a link that is planted while the tree is read is
//! refused by the kernel, not by a check that came before. What is no regular file is never opened for reading.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

use super::{Entry, MAX_FILES, ReadError, SourceTree, valid_path};

/// Folders within folders. Source trees of people stay below 30; a deeper one is made by a program that loops.
const DEPTH: usize = 64;

/// The history of the sources is not the sources, and is larger than they are.
const HISTORY: &str = ".git";

/// A folder on disk. It is listed when it is opened: files that come later are not seen, files that go are not found.
#[derive(Debug)]
pub struct Directory {
    root: OwnedFd,
    files: Vec<Entry>,
}

/// Why a folder was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refused.
    #[error("{path} cannot be read: {reason}")]
    Io {
        /// What was to be opened; empty for the root.
        path: String,
        /// The system's answer.
        reason: std::io::Error,
    },
    /// A limit was passed: a tree is taken whole or not at all.
    #[error("the tree has more than {most} {what}")]
    TooLarge {
        /// `files` or `levels of folders`.
        what: &'static str,
        /// How many are taken.
        most: usize,
    },
}

impl Directory {
    /// Opens and lists a folder. Links, devices, pipes and `.git` are left out, and so are names that are no
    /// [path](valid_path) in UTF-8. Blocks for the time of the listing.
    pub fn open(root: &Path) -> Result<Self, OpenError> {
        let root = open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| io("", error))?;
        let mut files = Vec::new();
        walk(root.as_fd(), "", 0, &mut files)?;
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root, files })
    }

    /// Opens a file step by step.
    fn file(&self, path: &str) -> Result<File, Errno> {
        let mut steps = path.split('/').peekable();
        let mut folder: Option<OwnedFd> = None;
        while let Some(step) = steps.next() {
            let at = folder.as_ref().map_or(self.root.as_fd(), AsFd::as_fd);
            if steps.peek().is_none() {
                // Without blocking, because a pipe in the place of a file would wait for its other end.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
                return openat(at, step, flags, Mode::empty()).map(File::from);
            }
            folder = Some(open_folder(at, step)?);
        }
        Err(Errno::NOENT)
    }
}

impl SourceTree for Directory {
    fn files(&self) -> &[Entry] {
        &self.files
    }

    fn read(&self, path: &str, offset: u64, most: usize) -> Result<Vec<u8>, ReadError> {
        let file = self.file(path).map_err(|error| match error {
            Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::MLINK => ReadError::NotFound,
            _ => ReadError::Failed,
        })?;
        let status = fstat(&file).map_err(|_| ReadError::Failed)?;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(ReadError::WrongKind),
            _ => return Err(ReadError::NotFound),
        }
        let left = u64::try_from(status.st_size).unwrap_or_default().saturating_sub(offset);
        let mut bytes = vec![0; most.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err(ReadError::Failed),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

fn walk(folder: BorrowedFd<'_>, path: &str, depth: usize, files: &mut Vec<Entry>) -> Result<(), OpenError> {
    if depth > DEPTH {
        return Err(OpenError::TooLarge { what: "levels of folders", most: DEPTH });
    }
    for entry in Dir::read_from(folder).map_err(|error| io(path, error))? {
        let entry = entry.map_err(|error| io(path, error))?;
        let Some((name, path)) = named(path, entry.file_name()) else { continue };
        let status = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) => status,
            // Gone since it was listed.
            Err(Errno::NOENT) => continue,
            Err(error) => return Err(io(&path, error)),
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile if files.len() == MAX_FILES => {
                return Err(OpenError::TooLarge { what: "files", most: MAX_FILES });
            }
            FileType::RegularFile => {
                files.push(Entry { path, size: u64::try_from(status.st_size).unwrap_or_default() });
            }
            FileType::Directory if name != HISTORY => match open_folder(folder, name) {
                Ok(below) => walk(below.as_fd(), &path, depth + 1, files)?,
                // Gone, or changed into a link, since it was listed.
                Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {}
                Err(error) => return Err(io(&path, error)),
            },
            _ => {}
        }
    }
    Ok(())
}

/// An entry's name and path; `None` for what a tree does not hold.
fn named<'a>(folder: &str, name: &'a CStr) -> Option<(&'a str, String)> {
    let name = name.to_str().ok()?;
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    valid_path(&path).then_some((name, path))
}

fn open_folder(at: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(at, name, flags, Mode::empty())
}

fn io(path: &str, error: Errno) -> OpenError {
    OpenError::Io { path: path.to_owned(), reason: error.into() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn paths(tree: &Directory) -> Vec<&str> {
        tree.files().iter().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn only_files_of_the_tree_are_seen() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::create_dir(at(".git")).unwrap();
        for (path, text) in [("b/c/d.txt", "deep"), ("a.txt", "hello"), (".git/config", "x"), (".env", "y")] {
            fs::write(at(path), text).unwrap();
        }
        symlink(outside.path().join("secret"), at("link")).unwrap();
        symlink(outside.path(), at("b/folder")).unwrap();
        symlink(at("a.txt"), at("inside")).unwrap();
        let tree = Directory::open(root.path()).unwrap();
        assert_eq!(paths(&tree), [".env", "a.txt", "b/c/d.txt"]);
        assert_eq!(tree.files()[2].size, 4);
        for (path, expected) in [
            ("b/c/d.txt", Ok("deep")),
            ("link", Err(ReadError::NotFound)),
            ("b/folder/secret", Err(ReadError::NotFound)),
            ("inside", Err(ReadError::NotFound)),
            ("b", Err(ReadError::WrongKind)),
            ("a.txt/x", Err(ReadError::NotFound)),
            ("none", Err(ReadError::NotFound)),
        ] {
            assert_eq!(tree.read(path, 0, 100), expected.map(|text| text.as_bytes().to_vec()), "{path}");
        }
        assert_eq!(tree.read("a.txt", 3, 1).unwrap(), b"l");
        assert_eq!(tree.read("a.txt", 9, 1).unwrap(), b"");
    }

    #[test]
    fn a_link_that_is_planted_later_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("a.txt"), "secret").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("b")).unwrap();
        fs::write(root.path().join("b/a.txt"), "mine").unwrap();
        let tree = Directory::open(root.path()).unwrap();
        fs::remove_file(root.path().join("b/a.txt")).unwrap();
        fs::remove_dir(root.path().join("b")).unwrap();
        symlink(outside.path(), root.path().join("b")).unwrap();
        assert_eq!(tree.read("b/a.txt", 0, 100), Err(ReadError::NotFound));
    }

    #[test]
    fn a_tree_that_is_too_deep_is_refused_whole() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("d/".repeat(DEPTH + 1))).unwrap();
        let error = Directory::open(root.path()).map(drop).unwrap_err().to_string();
        assert_eq!(error, "the tree has more than 64 levels of folders");
        let missing = Directory::open(&root.path().join("none")).map(drop).unwrap_err().to_string();
        assert!(missing.contains("cannot be read"), "{missing}");
    }
}
