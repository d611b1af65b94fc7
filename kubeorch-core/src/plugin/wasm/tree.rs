//! `kubeorch:import-analyzer/source`: the tree that an analyzer reads.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceType};

use super::state::{Exceeded, State};
use crate::plugin::source::{self, MAX_PATH, Pattern, SourceTree, valid_path};

/// The interface; its patch releases are the same.
pub(super) const INTERFACE: &str = "kubeorch:import-analyzer/source@0.1.0";

/// What is in it.
pub(super) const NAMES: [&str; 6] =
    ["tree", "[method]tree.entries", "[method]tree.read", "entry", "page", "read-error"];

/// Entries of a page, as the interface promises.
const PAGE: usize = 1000;

/// Bytes of one read, as the interface promises.
const READ: usize = 1024 * 1024;

/// How often a guest may ask on after it was told that its bytes are used up.
const PATIENCE: u32 = 64;

/// The host's side of a handle. There is one tree to an instance, so the handle says nothing.
pub(super) struct Tree;

/// A handle to lend for one call.
pub(super) fn lend() -> Resource<Tree> {
    Resource::new_borrow(0)
}

/// A tree and what may still be read of it.
pub(super) struct Reader {
    tree: Arc<dyn SourceTree>,
    bytes: u64,
    refused: u32,
}

impl Reader {
    pub(super) fn new(tree: Arc<dyn SourceTree>, bytes: u64) -> Self {
        Self { tree, bytes, refused: 0 }
    }

    fn entries(&mut self, pattern: &str, after: Option<&str>) -> Result<Result<Page, ReadError>, Exceeded> {
        let Some(pattern) = Some(pattern).filter(|text| text.len() <= MAX_PATH).and_then(Pattern::new) else {
            return Ok(Err(ReadError::InvalidPath));
        };
        if self.bytes == 0 {
            return self.exhausted().map(Err);
        }
        let (entries, next) = source::list(&*self.tree, &pattern, after, PAGE);
        let size = entries.iter().map(|entry| entry.path.len() as u64).sum();
        self.bytes = self.bytes.saturating_sub(size);
        let entries = entries.into_iter().map(|entry| Entry { path: entry.path, size: entry.size }).collect();
        Ok(Ok(Page { entries, next }))
    }

    fn read(&mut self, path: &str, offset: u64, most: u32) -> Result<Result<Vec<u8>, ReadError>, Exceeded> {
        if !valid_path(path) {
            return Ok(Err(ReadError::InvalidPath));
        }
        if self.bytes == 0 {
            return self.exhausted().map(Err);
        }
        let most = usize::try_from(most).unwrap_or(READ).min(READ);
        let most = most.min(usize::try_from(self.bytes).unwrap_or(READ));
        Ok(self.tree.read(path, offset, most).map_err(ReadError::from).map(|mut bytes| {
            bytes.truncate(most);
            self.bytes = self.bytes.saturating_sub(bytes.len() as u64);
            bytes
        }))
    }

    /// Told as an answer at first, so that an analyzer can end with what it has.
    fn exhausted(&mut self) -> Result<ReadError, Exceeded> {
        self.refused += 1;
        if self.refused > PATIENCE { Err(Exceeded("tree bytes")) } else { Ok(ReadError::Exhausted) }
    }
}

#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum ReadError {
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "wrong-kind")]
    WrongKind,
    #[component(name = "invalid-path")]
    InvalidPath,
    #[component(name = "exhausted")]
    Exhausted,
    #[component(name = "failed")]
    Failed,
}

impl From<source::ReadError> for ReadError {
    fn from(error: source::ReadError) -> Self {
        match error {
            source::ReadError::NotFound => Self::NotFound,
            source::ReadError::WrongKind => Self::WrongKind,
            source::ReadError::InvalidPath => Self::InvalidPath,
            source::ReadError::Failed => Self::Failed,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Entry {
    path: String,
    size: u64,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Page {
    entries: Vec<Entry>,
    next: Option<String>,
}

/// Gives the interface to a component.
pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut source = linker.instance(INTERFACE)?;
    source.resource("tree", ResourceType::host::<Tree>(), |_, _| Ok(()))?;
    source.func_wrap(
        "[method]tree.entries",
        |mut store, (_, pattern, after): (Resource<Tree>, String, Option<String>)| {
            Ok((reader(&mut store)?.entries(&pattern, after.as_deref())?,))
        },
    )?;
    source.func_wrap(
        "[method]tree.read",
        |mut store, (_, path, offset, most): (Resource<Tree>, String, u64, u32)| {
            Ok((reader(&mut store)?.read(&path, offset, most)?,))
        },
    )
}

fn reader<'a>(store: &'a mut StoreContextMut<'_, State>) -> wasmtime::Result<&'a mut Reader> {
    let state = store.data_mut();
    state.host_call()?;
    state.reader.as_mut().ok_or_else(|| wasmtime::Error::msg("there is no tree in this call"))
}
