//! A source tree in memory.

use std::{collections::BTreeMap, fs, io, path::Path};

#[cfg(feature = "import-analyzer")]
use super::pattern::Pattern;
#[cfg(feature = "import-analyzer")]
use crate::analyzer::{Entry, Page, ReadError, Source};

/// Entries of a page, as the host gives them.
#[cfg(feature = "import-analyzer")]
const PAGE: usize = 1000;

/// A source tree in memory, which answers as the host does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryTree {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryTree {
    /// Without a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more file; its path is relative to the root, with `/`.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }

    /// The files of a folder and of those in it. Links are left out, and so are names that are no UTF-8.
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        let mut tree = Self::new();
        tree.add(folder, "")?;
        Ok(tree)
    }

    /// Path and bytes of every file, in byte order of the paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            // Not of what a link points at.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                self.files.insert(path, fs::read(entry.path())?);
            }
        }
        Ok(())
    }
}

#[cfg(feature = "import-analyzer")]
impl Source for MemoryTree {
    fn entries(&self, pattern: &str, after: Option<&str>) -> Result<Page, ReadError> {
        let pattern = Pattern::parse(pattern).ok_or(ReadError::InvalidPath)?;
        let mut found = self
            .files
            .iter()
            .filter(|(path, _)| after.is_none_or(|after| path.as_str() > after) && pattern.matches(path));
        let file =
            |(path, bytes): (&String, &Vec<u8>)| Entry { path: path.clone(), size: bytes.len() as u64 };
        let entries: Vec<_> = found.by_ref().take(PAGE).map(file).collect();
        let next = found.next().and(entries.last()).map(|entry| entry.path.clone());
        Ok(Page { entries, next })
    }

    fn read(&self, path: &str, offset: u64, max: u32) -> Result<Vec<u8>, ReadError> {
        if !is_path(path) {
            return Err(ReadError::InvalidPath);
        }
        let Some(bytes) = self.files.get(path) else {
            let folder = format!("{path}/");
            let inside = self.files.keys().any(|file| file.starts_with(&folder));
            return Err(if inside { ReadError::WrongKind } else { ReadError::NotFound });
        };
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let most = usize::try_from(max).unwrap_or(usize::MAX);
        Ok(rest.iter().copied().take(most).collect())
    }
}

/// Relative, with `/`, without empty parts, `.` and `..`.
#[cfg(feature = "import-analyzer")]
fn is_path(path: &str) -> bool {
    !path.contains(['\0', '\\'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(all(test, feature = "import-analyzer"))]
mod tests {
    use super::*;
    use crate::analyzer::Tree;

    #[test]
    fn listings_come_in_pages_and_reads_in_parts() {
        let many = (0..2500).fold(MemoryTree::new(), |tree, n| tree.file(&format!("a/{n:05}"), "x"));
        let tree = many.file("b", vec![7; 3_000_000]);
        assert_eq!(Source::entries(&tree, "a/*", None).unwrap().entries.len(), PAGE);
        let files = Tree::new(&tree).files("a/*").unwrap();
        assert_eq!(files.len(), 2500);
        assert!(files.is_sorted_by(|left, right| left.path < right.path));
        assert_eq!(Tree::new(&tree).read("b", usize::MAX).unwrap().len(), 3_000_000);
        assert_eq!(Tree::new(&tree).read("b", 10).unwrap().len(), 10);
    }

    #[test]
    fn what_is_no_file_is_told_apart() {
        let tree = MemoryTree::new().file("a/b", "x");
        for (path, error) in [
            ("a", ReadError::WrongKind),
            ("c", ReadError::NotFound),
            ("a/../a/b", ReadError::InvalidPath),
            ("/a/b", ReadError::InvalidPath),
            ("", ReadError::InvalidPath),
        ] {
            assert_eq!(Source::read(&tree, path, 0, 1), Err(error), "{path:?}");
        }
        assert_eq!(Source::read(&tree, "a/b", 9, 1), Ok(Vec::new()));
        assert_eq!(Source::entries(&tree, "", None), Err(ReadError::InvalidPath));
    }
}
