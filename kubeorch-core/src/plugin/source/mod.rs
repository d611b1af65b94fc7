//! Source trees as import analyzers see them: files by path, read-only.
//!
//! A [`SourceTree`] has been fetched and bounded before anybody looks at it. [`Memory`] holds one in memory, `Directory`
//! reads one from disk.

#[cfg(all(unix, feature = "wasm"))]
mod directory;
mod glob;
mod memory;
mod path;

#[cfg(all(unix, feature = "wasm"))]
pub use directory::{Directory, OpenError};
pub use glob::Pattern;
pub use memory::Memory;
pub use path::{MAX_PATH, valid_path};

/// Files of one tree. Every one is far below this in a tree that people write: the kernel's has 90,000.
pub const MAX_FILES: usize = 100_000;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the root, with `/`, without `.` and `..`.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No such file.
    #[error("there is no such file")]
    NotFound,
    /// A folder where a file is needed, or the other way round.
    #[error("it is a folder, not a file")]
    WrongKind,
    /// Not a path, or not a pattern, within the tree.
    #[error("it is not a path within the tree")]
    InvalidPath,
    /// The host could not read it.
    #[error("it could not be read")]
    Failed,
}

/// A read-only tree of files.
///
/// Its methods block, for the time of one read at most; the host calls them on a thread of its own.
pub trait SourceTree: Send + Sync + 'static {
    /// Every file, in byte order of the paths, each path [valid](valid_path) and at most [`MAX_FILES`] of them.
    fn files(&self) -> &[Entry];

    /// Up to `most` bytes from `offset`; fewer at the end of the file, none after it. `path` is valid.
    fn read(&self, path: &str, offset: u64, most: usize) -> Result<Vec<u8>, ReadError>;

    /// What identifies the contents, where they can't change: equal identities mean equal trees, so that answers about
    /// one hold for the other.
    fn identity(&self) -> Option<&str> {
        None
    }
}

/// Files that match a pattern after a path, in order, at most `most`, and the path to go on after.
pub fn list(
    tree: &dyn SourceTree,
    pattern: &Pattern,
    after: Option<&str>,
    most: usize,
) -> (Vec<Entry>, Option<String>) {
    let files = tree.files();
    let prefix = pattern.prefix();
    let from = files.partition_point(|file| {
        let path = file.path.as_str();
        path < prefix || after.is_some_and(|after| path <= after)
    });
    let candidates = files.get(from..).unwrap_or_default().iter();
    let mut found =
        candidates.take_while(|file| file.path.starts_with(prefix)).filter(|f| pattern.matches(&f.path));
    let page: Vec<Entry> = found.by_ref().take(most).cloned().collect();
    let next = found.next().and(page.last()).map(|last| last.path.clone());
    (page, next)
}
