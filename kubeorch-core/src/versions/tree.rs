//! A sequence as a Merkle tree: made of chunks whose hashes are chunked in turn, up to one root.
//!
//! Writing goes from the root down and stops where a part is there already. That is sound because of one invariant:
//! *a part that is in the store has everything below it in the store.* Writers put whole trees in one transaction, and
//! [`collect`](super::collect) removes parents before children. What was found there is a precondition of the
//! commit, so a collection that ran meanwhile is noticed.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::blob::Branch;
use super::chunk::{BRANCHES, Mark, split};
use crate::graph::Hash;
use crate::store::{Error, Record, Tx};

/// Where a tree begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Root {
    /// How many branches lie between the root and a leaf, the root included; 0 when the root is the only leaf.
    pub(crate) height: u8,
    /// The root's.
    pub(crate) hash: Hash,
}

/// A tree in memory, without its leaves.
pub(super) struct Tree {
    leaves: Vec<Hash>,
    /// From the lowest; the last has one branch.
    levels: Vec<Vec<Grown>>,
}

/// A branch, and the places of its children in the level below.
struct Grown {
    hash: Hash,
    branch: Branch,
    children: Range<usize>,
}

impl Tree {
    /// Over leaves, each with the mark of its last id.
    pub(super) fn of(leaves: Vec<(Mark, Hash)>) -> Self {
        let (mut marks, mut hashes): (Vec<_>, Vec<_>) = leaves.into_iter().unzip();
        let mut tree = Self { leaves: hashes.clone(), levels: Vec::new() };
        // A level is smaller than the one below: 64 of them would need more leaves than memory holds.
        for level in 0..u8::MAX {
            if marks.len() <= 1 {
                break;
            }
            let grow = |children: Range<usize>| {
                let branch = Branch { level, children: hashes[children.clone()].to_vec() };
                Grown { hash: branch.key(), branch, children }
            };
            let grown: Vec<_> = split(&marks, usize::from(level), BRANCHES).into_iter().map(grow).collect();
            marks = grown.iter().map(|it| marks[it.children.end - 1]).collect();
            hashes = grown.iter().map(|it| it.hash).collect();
            tree.levels.push(grown);
        }
        tree
    }

    /// `None` for a tree without leaves.
    pub(super) fn root(&self) -> Option<Root> {
        let top = self.levels.last().map_or(self.leaves.first(), |top| top.first().map(|it| &it.hash));
        let height = u8::try_from(self.levels.len()).unwrap_or(u8::MAX);
        top.map(|&hash| Root { height, hash })
    }

    /// Writes what is not there; `leaf` makes the record of a leaf.
    pub(super) fn store<L: Record<Key = Hash>>(
        &self,
        tx: &mut Tx<'_>,
        leaf: impl Fn(usize) -> L,
    ) -> Result<(), Error> {
        let mut wanted: Vec<usize> = if self.leaves.is_empty() { Vec::new() } else { vec![0] };
        for level in self.levels.iter().rev() {
            let mut below = Vec::new();
            for grown in wanted.into_iter().map(|at| &level[at]) {
                if !tx.contains::<Branch>(&grown.hash)? {
                    tx.overwrite(&grown.branch)?;
                    below.extend(grown.children.clone());
                }
            }
            wanted = below;
        }
        for at in wanted {
            if !tx.contains::<L>(&self.leaves[at])? {
                tx.overwrite(&leaf(at))?;
            }
        }
        Ok(())
    }
}
