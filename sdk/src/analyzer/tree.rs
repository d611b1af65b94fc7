//! The source tree as an analyzer sees it.

use std::fmt;

use crate::Failure;

/// Bytes of one read; the host gives no more at once.
const CHUNK: u32 = 1024 * 1024;
/// Files of one listing that are kept. A tree beyond it is no place for a person to look through its import.
const MOST_FILES: usize = 10_000;

/// Reads of a source tree, as the host answers them: a part at a time. Implemented by the handle of the host and by the
/// trees of the test kit.
pub trait Source {
    /// The files whose path matches a pattern, in byte order, beginning after `after`. `*` and `?` stay within a folder,
    /// `**` crosses folders.
    fn entries(&self, pattern: &str, after: Option<&str>) -> Result<Page, ReadError>;

    /// Up to `max` bytes of a file from `offset`; none after its end.
    fn read(&self, path: &str, offset: u64, max: u32) -> Result<Vec<u8>, ReadError>;
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The files.
    pub entries: Vec<Entry>,
    /// Where the next part starts; absent after the last.
    pub next: Option<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the root of the tree, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// No such file.
    NotFound,
    /// A folder where a file is needed, or the other way round.
    WrongKind,
    /// Not a path, or not a pattern.
    InvalidPath,
    /// The call has read as much as it may.
    Exhausted,
    /// The host could not read it.
    Failed,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such file",
            Self::WrongKind => "it is a folder, not a file",
            Self::InvalidPath => "it is not a path within the tree",
            Self::Exhausted => "the analysis has read as much as it may",
            Self::Failed => "the host could not read it",
        })
    }
}

impl std::error::Error for ReadError {}

/// For `?`: a tree that can't be read fails the call.
impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::NotFound => "tree.not_found",
            ReadError::WrongKind => "tree.wrong_kind",
            ReadError::InvalidPath => "tree.invalid_path",
            ReadError::Exhausted => "tree.exhausted",
            ReadError::Failed => "tree.failed",
        };
        Self::new(code, error.to_string())
    }
}

/// A source tree, read-only, for the time of one call.
#[derive(Clone, Copy)]
pub struct Tree<'a>(&'a dyn Source);

impl<'a> Tree<'a> {
    /// A tree over a source.
    pub fn new(source: &'a dyn Source) -> Self {
        Self(source)
    }

    /// All files that match a pattern, in byte order of their paths; the first 10,000 of them.
    pub fn files(&self, pattern: &str) -> Result<Vec<Entry>, ReadError> {
        let mut files = Vec::new();
        let mut after = None;
        while files.len() < MOST_FILES {
            let page = self.0.entries(pattern, after.as_deref())?;
            files.extend(page.entries);
            // A host that would answer the same part again must not hold the analyzer.
            match page.next {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => break,
            }
        }
        files.truncate(MOST_FILES);
        Ok(files)
    }

    /// The first `most` bytes of a file.
    pub fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        while bytes.len() < most {
            let left = u32::try_from(most - bytes.len()).unwrap_or(u32::MAX);
            let part = self.0.read(path, bytes.len() as u64, left.min(CHUNK))?;
            if part.is_empty() {
                break;
            }
            bytes.extend(part);
        }
        bytes.truncate(most);
        Ok(bytes)
    }

    /// The first `most` bytes of a file as text; what is no UTF-8 becomes the replacement character.
    pub fn text(&self, path: &str, most: usize) -> Result<String, ReadError> {
        let bytes = self.read(path, most)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

impl fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tree")
    }
}
