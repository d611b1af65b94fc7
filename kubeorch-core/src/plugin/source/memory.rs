//! A tree in memory: an unpacked archive, a test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Entry, MAX_FILES, ReadError, SourceTree, valid_path};

/// Files in memory. They never change, so a tree has an identity.
#[derive(Debug, Clone)]
pub struct Memory {
    entries: Vec<Entry>,
    contents: Vec<Vec<u8>>,
    identity: String,
}

impl Memory {
    /// Of these files; the last of two with one path stays. The first path that is not [valid](valid_path), or that has
    /// too many before it, is the error.
    pub fn new<P, B>(files: impl IntoIterator<Item = (P, B)>) -> Result<Self, String>
    where
        P: Into<String>,
        B: Into<Vec<u8>>,
    {
        let mut sorted = BTreeMap::new();
        for (path, bytes) in files {
            let path = path.into();
            if !valid_path(&path) || sorted.len() >= MAX_FILES {
                return Err(path);
            }
            sorted.insert(path, bytes.into());
        }
        let identity = identity(&sorted);
        let entry = |(path, bytes): (String, Vec<u8>)| (Entry { path, size: bytes.len() as u64 }, bytes);
        let (entries, contents) = sorted.into_iter().map(entry).unzip();
        Ok(Self { entries, contents, identity })
    }
}

/// SHA-256 over paths and contents, each with its length in front, so that no two trees write the same.
fn identity(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        for part in [path.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().fold(String::from("sha256:"), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl SourceTree for Memory {
    fn files(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, path: &str, offset: u64, most: usize) -> Result<Vec<u8>, ReadError> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path));
        let Some(bytes) = found.ok().and_then(|place| self.contents.get(place)) else {
            let folder = format!("{path}/");
            let below = self.entries.partition_point(|entry| entry.path < folder);
            let is_folder = self.entries.get(below).is_some_and(|entry| entry.path.starts_with(&folder));
            return Err(if is_folder { ReadError::WrongKind } else { ReadError::NotFound });
        };
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        Ok(rest.get(..most).unwrap_or(rest).to_vec())
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pattern, list};
    use super::*;

    fn tree() -> Memory {
        Memory::new([("b/c.txt", "see"), ("a.txt", "hello"), ("b/d/e.txt", ""), ("b.txt", "be")]).unwrap()
    }

    #[test]
    fn reads_what_is_there_and_says_what_is_not() {
        for (path, offset, most, expected) in [
            ("a.txt", 0, 100, Ok("hello")),
            ("a.txt", 1, 3, Ok("ell")),
            ("a.txt", 5, 3, Ok("")),
            ("a.txt", u64::MAX, 3, Ok("")),
            ("b", 0, 1, Err(ReadError::WrongKind)),
            ("b/d", 0, 1, Err(ReadError::WrongKind)),
            ("b/x", 0, 1, Err(ReadError::NotFound)),
        ] {
            let read = tree().read(path, offset, most);
            assert_eq!(read, expected.map(|text| text.as_bytes().to_vec()), "{path} {offset}");
        }
    }

    #[test]
    fn paths_out_of_the_tree_are_refused() {
        for path in ["", "/a", "a/", "a//b", "./a", "a/..", "..", "a\\b", "a\0"] {
            assert_eq!(Memory::new([(path, "")]).map(drop), Err(path.to_owned()));
        }
    }

    #[test]
    fn equal_trees_have_one_identity() {
        let other = Memory::new([("b.txt", "be"), ("b/d/e.txt", ""), ("a.txt", "hello"), ("b/c.txt", "see")]);
        assert_eq!(tree().identity(), other.unwrap().identity());
        let moved = |files: [(&'static str, &'static str); 2]| Memory::new(files).unwrap().identity;
        assert_ne!(moved([("a", "bc"), ("d", "")]), moved([("ab", "c"), ("d", "")]));
    }

    #[test]
    fn listings_come_in_order_and_in_pages() {
        let all = Pattern::new("**").unwrap();
        let paths = |page: &[Entry]| page.iter().map(|entry| entry.path.clone()).collect::<Vec<_>>();
        let (page, next) = list(&tree(), &all, None, 3);
        assert_eq!(
            (paths(&page), next.as_deref()),
            (vec!["a.txt".into(), "b.txt".into(), "b/c.txt".into()], Some("b/c.txt"))
        );
        let (page, next) = list(&tree(), &all, next.as_deref(), 3);
        assert_eq!((paths(&page), next), (vec!["b/d/e.txt".into()], None));
        let (page, next) = list(&tree(), &Pattern::new("b/*").unwrap(), None, 3);
        assert_eq!((paths(&page), next), (vec!["b/c.txt".into()], None));
        // Exactly a page: nothing follows.
        assert_eq!(list(&tree(), &all, None, 4).1, None);
    }
}
