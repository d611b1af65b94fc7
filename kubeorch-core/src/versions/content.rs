//! Graphs as they are stored: two trees under the graph's hash, one of nodes and one of edges.
//!
//! A new version of a workflow of 1,000 nodes with one change writes the changed node and the branches above it, under
//! 4 KiB in all; everything else it shares, also with versions of other workflows.
//!
//! **Order.** The trees keep the sequence that the client sent, not one sorted by id: an editor paints nodes in
//! that order and wants a group before its members, so a restore must not shuffle them. It costs nothing, since cuts depend
//! on ids and not on places. What it does not do is tell versions apart: the hash of a graph does not see order, so of two
//! graphs that differ in nothing else the one stored first is what both versions answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Error;
use super::blob::{EdgeBlob, NodeBlob};
use super::chunk::{EDGES, Mark, split};
use super::epoch::Epoch;
use super::tree::{Root, Tree};
use crate::graph::{Edge, Graph, Hash};
use crate::store::{self, Record, Table, Tx};

/// A stored graph under its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The hash of the graph.
    pub(crate) hash: Hash,
    /// The graph without runtime state.
    #[serde(flatten)]
    pub(crate) form: Form,
}

/// How the graph is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// As a whole; the only form of schema 1. [`rewrite`] turns it into trees.
    #[serde(rename = "graph")]
    Inline(Graph),
    /// By its parts.
    #[serde(rename = "tree")]
    Trees(Roots),
}

/// Where the parts are found; `None` when there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roots {
    /// Of the tree whose leaves are [`NodeBlob`]s.
    pub(crate) nodes: Option<Root>,
    /// Of the tree whose leaves are [`EdgeBlob`]s.
    pub(crate) edges: Option<Root>,
}

impl Record for Content {
    const TABLE: Table = Table("contents");
    const SCHEMA: u8 = 2;
    type Key = Hash;

    fn key(&self) -> Hash {
        self.hash
    }

    fn upcast(from: u8, value: Value) -> Result<Value, String> {
        match from {
            // Its `graph` reads as the inline form.
            1 => Ok(value),
            _ => Err(format!("there is no schema {from}")),
        }
    }

    fn rewrite(self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        rewrite(tx, self.hash).map(drop).map_err(in_store)
    }
}

/// The store's own errors pass; no other can come of a graph that was read back.
fn in_store(error: Error) -> store::Error {
    match error {
        Error::Store(error) => error,
        other => store::Error::Damaged { what: "a content".to_owned(), reason: other.to_string() },
    }
}

/// Makes sure that a graph is stored. It must be a snapshot, and `hash` its snapshot hash.
pub(super) fn store(tx: &mut Tx<'_>, hash: Hash, graph: &Graph) -> Result<(), Error> {
    if !tx.contains::<Content>(&hash)? {
        write(tx, hash, graph)?;
    }
    Ok(())
}

/// Turns a graph of schema 1 into trees; answers whether there was anything to do.
///
/// For the background rewrite: nothing that a version shows changes.
pub(crate) fn rewrite(tx: &mut Tx<'_>, key: Hash) -> Result<bool, Error> {
    let Some(Content { form: Form::Inline(graph), .. }) = tx.get::<Content>(&key)? else { return Ok(false) };
    write(tx, key, &graph)?;
    // It may now lean on parts that a collection has marked as garbage.
    tx.overwrite(&Epoch::rewritten(key))?;
    Ok(true)
}

fn write(tx: &mut Tx<'_>, hash: Hash, graph: &Graph) -> Result<(), Error> {
    let nodes = graph.nodes.iter().map(|node| (Mark::of(&node.id), node.whole_hash()));
    let nodes = Tree::of(nodes.collect());
    nodes.store(tx, |at| NodeBlob(graph.nodes[at].clone()))?;
    let runs = runs(&graph.edges);
    let edges = runs.iter().filter_map(|run| Some((Mark::of(&run.last()?.id), Edge::hash_of_all(run))));
    let edges = Tree::of(edges.collect());
    edges.store(tx, |at| EdgeBlob(runs[at].to_vec()))?;
    let form = Form::Trees(Roots { nodes: nodes.root(), edges: edges.root() });
    tx.overwrite(&Content { hash, form })?;
    Ok(())
}

/// The edges in the runs that are leaves.
fn runs(edges: &[Edge]) -> Vec<&[Edge]> {
    let marks: Vec<_> = edges.iter().map(|edge| Mark::of(&edge.id)).collect();
    // The level that the branches above use last: their cuts are then not among these.
    split(&marks, 3, EDGES).into_iter().map(|run| &edges[run]).collect()
}
