//! The world `import-analyzer`.

use std::marker::PhantomData;

use crate::{
    analyzer::{Analyzer, Entry, Page, ReadError, Source, Tree},
    dispatch::analyzer as dispatch,
    log,
};

generate! {
    inline: "
        package kubeorch:bindings;
        world import-analyzer { include kubeorch:import-analyzer/plugin@0.1.0; }
    ",
    path: ["wit/host", "wit/import-analyzer"],
    world: "kubeorch:bindings/import-analyzer",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "kubeorch_plugin_sdk::bindings::analyzer",
}

pub use generated::{export, exports};

use exports::kubeorch::import_analyzer::analyzer::{Failure, Guest};
use generated::kubeorch::import_analyzer::source;

/// Makes any [`Analyzer`] the guest that the bindings want.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: Analyzer> Guest for Adapter<P> {
    fn describe() -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::describe::<P>().map_err(Into::into)
    }

    fn detect(tree: &source::Tree, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::detect::<P>(&Tree::new(tree), &request).map_err(Into::into)
    }

    fn analyze(tree: &source::Tree, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::analyze::<P>(&Tree::new(tree), &request).map_err(Into::into)
    }
}

impl Source for source::Tree {
    fn entries(&self, pattern: &str, after: Option<&str>) -> Result<Page, ReadError> {
        let page = source::Tree::entries(self, pattern, after).map_err(read_error)?;
        let entries = page.entries.into_iter().map(|entry| Entry { path: entry.path, size: entry.size });
        Ok(Page { entries: entries.collect(), next: page.next })
    }

    fn read(&self, path: &str, offset: u64, max: u32) -> Result<Vec<u8>, ReadError> {
        source::Tree::read(self, path, offset, max).map_err(read_error)
    }
}

fn read_error(error: source::ReadError) -> ReadError {
    match error {
        source::ReadError::NotFound => ReadError::NotFound,
        source::ReadError::WrongKind => ReadError::WrongKind,
        source::ReadError::InvalidPath => ReadError::InvalidPath,
        source::ReadError::Exhausted => ReadError::Exhausted,
        source::ReadError::Failed => ReadError::Failed,
    }
}

failure!(Failure);
