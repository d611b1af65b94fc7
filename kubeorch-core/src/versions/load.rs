//! Stored parts back to graphs.
//!
//! A [`Loader`] lives as long as one answer: what two of its graphs share is read and parsed once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Error;
use super::blob::{Branch, EdgeBlob, NodeBlob};
use super::content::{Content, Form, Roots};
use super::tree::Root;
use crate::graph::{Edge, Graph, Hash};
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
        match content(self.reader, hash)?.form {
            Form::Inline(graph) => Ok(graph),
            Form::Trees(Roots { nodes, edges }) => {
                let nodes = self.leaves(nodes)?;
                let nodes = parts(self.reader, &mut self.nodes, nodes, |NodeBlob(node), out| {
                    out.push(node.clone());
                })?;
                let edges = self.leaves(edges)?;
                let edges =
                    parts(self.reader, &mut self.edges, edges, |EdgeBlob(edges), out: &mut Vec<Edge>| {
                        out.extend_from_slice(edges);
                    })?;
                Ok(Graph { nodes, edges })
            }
        }
    }

    /// The hashes of a tree's leaves, level by level.
    fn leaves(&mut self, root: Option<Root>) -> Result<Vec<Hash>, Error> {
        let Some(root) = root else { return Ok(Vec::new()) };
        let mut hashes = vec![root.hash];
        for level in (0..root.height).rev() {
            let mut below = Vec::new();
            for hash in hashes {
                let children = match self.branches.entry(hash) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(free) => free.insert(branch(self.reader, hash, level)?.children),
                };
                below.extend_from_slice(children);
            }
            hashes = below;
        }
        Ok(hashes)
    }
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

fn parts<L: Record<Key = Hash>, T>(
    reader: &Reader<'_>,
    known: &mut HashMap<Hash, L>,
    hashes: Vec<Hash>,
    take: impl Fn(&L, &mut Vec<T>),
) -> Result<Vec<T>, Error> {
    let mut out = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let part = match known.entry(hash) {
            Entry::Occupied(part) => part.into_mut(),
            Entry::Vacant(free) => free.insert(get(reader, hash)?),
        };
        take(part, &mut out);
    }
    Ok(out)
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
