//! Stored parts back to graphs.
//!
//! A [`Loader`] lives as long as one answer: what two of its graphs share is read and parsed once. [`graph`] is for an
//! answer with a single one: it keeps no copies.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Error;
use super::blob::{Branch, EdgeBlob, NodeBlob};
use super::content::{Content, Form};
use super::tree::Root;
use crate::graph::{Graph, Hash};
use crate::store::{self, Reader, Record};

/// More parts than this are not kept: some dozens of big graphs.
const KEPT: usize = 50_000;

/// Reads graphs of one view.
pub(super) struct Loader<'r, 's> {
    reader: &'r Reader<'s>,
    branches: HashMap<Hash, Vec<Hash>>,
    nodes: HashMap<Hash, NodeBlob>,
    edges: HashMap<Hash, EdgeBlob>,
}

impl<'r, 's> Loader<'r, 's> {
    pub(super) fn new(reader: &'r Reader<'s>) -> Self {
        Self { reader, branches: HashMap::new(), nodes: HashMap::new(), edges: HashMap::new() }
    }

    /// The graph under a hash.
    pub(super) fn graph(&mut self, hash: Hash) -> Result<Graph, Error> {
        if self.nodes.len() + self.edges.len() > KEPT {
            *self = Self::new(self.reader);
        }
        let roots = match content(self.reader, hash)?.form {
            Form::Inline(graph) => return Ok(graph),
            Form::Trees(roots) => roots,
        };
        let (reader, branches) = (self.reader, &mut self.branches);
        let mut children = |hash, level| match branches.entry(hash) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(free) => Ok(free.insert(branch(reader, hash, level)?.children).clone()),
        };
        let mut graph = Graph::default();
        for hash in leaves(roots.nodes, &mut children)? {
            graph.nodes.push(kept(reader, &mut self.nodes, hash)?.0.clone());
        }
        for hash in leaves(roots.edges, &mut children)? {
            graph.edges.extend_from_slice(&kept(reader, &mut self.edges, hash)?.0);
        }
        Ok(graph)
    }
}

/// The graph under a hash.
pub(super) fn graph(reader: &Reader<'_>, hash: Hash) -> Result<Graph, Error> {
    let roots = match content(reader, hash)?.form {
        Form::Inline(graph) => return Ok(graph),
        Form::Trees(roots) => roots,
    };
    let mut children = |hash, level| Ok(branch(reader, hash, level)?.children);
    let mut graph = Graph::default();
    for hash in leaves(roots.nodes, &mut children)? {
        graph.nodes.push(get::<NodeBlob>(reader, hash)?.0);
    }
    for hash in leaves(roots.edges, &mut children)? {
        graph.edges.extend(get::<EdgeBlob>(reader, hash)?.0);
    }
    Ok(graph)
}

/// The hashes of a tree's leaves, level by level.
fn leaves(
    root: Option<Root>,
    mut children: impl FnMut(Hash, u8) -> Result<Vec<Hash>, Error>,
) -> Result<Vec<Hash>, Error> {
    let Some(root) = root else { return Ok(Vec::new()) };
    let mut hashes = vec![root.hash];
    for level in (0..root.height).rev() {
        let mut below = Vec::new();
        for hash in hashes {
            below.append(&mut children(hash, level)?);
        }
        hashes = below;
    }
    Ok(hashes)
}

fn kept<'k, L: Record<Key = Hash>>(
    reader: &Reader<'_>,
    known: &'k mut HashMap<Hash, L>,
    hash: Hash,
) -> Result<&'k L, Error> {
    Ok(match known.entry(hash) {
        Entry::Occupied(part) => part.into_mut(),
        Entry::Vacant(free) => free.insert(get(reader, hash)?),
    })
}

/// The record of a graph.
pub(super) fn content(reader: &Reader<'_>, hash: Hash) -> Result<Content, Error> {
    get(reader, hash)
}

/// A branch, which must be of the level at which it was found: what is damaged cannot lead in circles.
pub(super) fn branch(reader: &Reader<'_>, hash: Hash, level: u8) -> Result<Branch, Error> {
    let branch = get::<Branch>(reader, hash)?;
    if branch.level == level { Ok(branch) } else { Err(damaged(hash, "it is of another level")) }
}

fn get<T: Record<Key = Hash>>(reader: &Reader<'_>, hash: Hash) -> Result<T, Error> {
    match reader.get::<T>(&hash) {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(damaged(hash, "a version needs it and it is not there")),
        Err(store::Error::Damaged { reason, .. }) => Err(damaged(hash, &reason)),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn damaged(hash: Hash, reason: &str) -> Error {
    Error::Store(store::Error::Damaged { what: format!("content {hash}"), reason: reason.to_owned() })
}
