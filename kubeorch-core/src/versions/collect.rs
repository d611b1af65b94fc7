//! Garbage collection of contents: what no version reaches any more is removed.
//!
//! **Mark** walks one view from every version record. **Sweep** removes the rest in transactions of at most [`BATCH`] rows.
//! Appends go on meanwhile and may lean on parts that the mark found unreached. Two rules keep them safe:
//!
//! * Every sweep reads the [`Epoch`] that every append changes: after an append it removes nothing, and the plan is
//!   brought up to date first.
//! * Parents go before children, so a part that is there has everything below it ([`tree`](super::tree)); an append's
//!   precondition that a part is there then speaks for the whole part.
//!
//! A plan holds 32 bytes per reached and per removed part in memory.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::Error;
use super::blob::{Branch, EdgeBlob, NodeBlob};
use super::content::{Content, Form};
use super::epoch::Epoch;
use super::load::{branch, content};
use super::model::Version;
use super::tree::Root;
use crate::graph::Hash;
use crate::store::{self, Db, Query, Reader, Record, Tx};

/// Rows that one transaction removes at most: it must not hold up the group commit.
pub(crate) const BATCH: usize = 1000;
/// After so many appends in a row that came between, the collection leaves the rest to the next one.
const PATIENCE: usize = 100;

/// What a collection did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Collected {
    /// Rows removed.
    pub(crate) rows: usize,
    /// Whether nothing of the plan is left; `false` when appends came too fast.
    pub(crate) complete: bool,
}

/// What is reached, and what is to be removed.
pub(crate) struct Plan {
    epoch: Option<Epoch>,
    reached: HashSet<Hash>,
    /// Parents before children.
    garbage: Vec<Garbage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Garbage {
    Content(Hash),
    Branch(Hash),
    Node(Hash),
    Edges(Hash),
}

/// Marks and sweeps until done. Reads block the thread for as long as a walk over all contents takes.
pub(crate) async fn collect(db: &Db) -> Result<Collected, Error> {
    let mut plan = db.read(Plan::make)?;
    let (mut rows, mut late) = (0, 0);
    loop {
        let (swept, _) = db.write(|tx| plan.sweep(tx, BATCH)).await?;
        match swept {
            Some(0) => return Ok(Collected { rows, complete: true }),
            Some(count) => {
                plan.garbage.drain(..count);
                (rows, late) = (rows + count, 0);
            }
            None if late == PATIENCE => return Ok(Collected { rows, complete: false }),
            None => {
                late += 1;
                db.read(|reader| plan.update(reader))?;
            }
        }
    }
}

impl Plan {
    /// Marks everything. A version whose content cannot be walked is an error, and nothing is removed then.
    pub(crate) fn make(reader: &Reader<'_>) -> Result<Self, Error> {
        let mut plan = Self { epoch: None, reached: HashSet::new(), garbage: Vec::new() };
        plan.mark(reader)?;
        let mut branches = Vec::new();
        for hash in plan.unreached::<Branch>(reader)? {
            // One that cannot be read goes first: nothing below it is known.
            let level = match reader.get::<Branch>(&hash) {
                Ok(branch) => branch.map_or(u8::MAX, |branch| branch.level),
                Err(store::Error::Damaged { .. }) => u8::MAX,
                Err(other) => return Err(other.into()),
            };
            branches.push((level, hash));
        }
        branches.sort_unstable_by_key(|&(level, _)| Reverse(level));
        plan.garbage.extend(plan.unreached::<Content>(reader)?.into_iter().map(Garbage::Content));
        plan.garbage.extend(branches.into_iter().map(|(_, hash)| Garbage::Branch(hash)));
        plan.garbage.extend(plan.unreached::<NodeBlob>(reader)?.into_iter().map(Garbage::Node));
        plan.garbage.extend(plan.unreached::<EdgeBlob>(reader)?.into_iter().map(Garbage::Edges));
        Ok(plan)
    }

    /// Marks what was appended since and takes it off the list; what was walked before is not walked again.
    pub(crate) fn update(&mut self, reader: &Reader<'_>) -> Result<(), Error> {
        self.mark(reader)?;
        let Self { reached, garbage, .. } = self;
        garbage.retain(|it| !reached.contains(&it.hash()));
        Ok(())
    }

    /// Removes at most so many of the next rows and answers how many; `None`, and nothing removed, when something was appended since
    /// the plan was made or [updated](Self::update).
    pub(crate) fn sweep(&self, tx: &mut Tx<'_>, most: usize) -> Result<Option<usize>, Error> {
        if tx.get::<Epoch>(&Epoch::KEY)? != self.epoch {
            return Ok(None);
        }
        let batch = &self.garbage[..self.garbage.len().min(most)];
        for garbage in batch {
            match garbage {
                Garbage::Content(hash) => tx.erase::<Content>(hash),
                Garbage::Branch(hash) => tx.erase::<Branch>(hash),
                Garbage::Node(hash) => tx.erase::<NodeBlob>(hash),
                Garbage::Edges(hash) => tx.erase::<EdgeBlob>(hash),
            }
        }
        Ok(Some(batch.len()))
    }

    fn mark(&mut self, reader: &Reader<'_>) -> Result<(), Error> {
        self.epoch = reader.get::<Epoch>(&Epoch::KEY)?;
        reader.each(&Query::<Version>::all(), |version| {
            if self.reached.insert(version.content)
                && let Form::Trees(roots) = content(reader, version.content)?.form
            {
                for root in [roots.nodes, roots.edges].into_iter().flatten() {
                    self.walk(reader, root)?;
                }
            }
            Ok(true)
        })
    }

    fn walk(&mut self, reader: &Reader<'_>, root: Root) -> Result<(), Error> {
        let mut hashes = vec![root.hash];
        for level in (0..root.height).rev() {
            let mut below = Vec::new();
            for hash in hashes {
                if self.reached.insert(hash) {
                    below.extend(branch(reader, hash, level)?.children);
                }
            }
            hashes = below;
        }
        self.reached.extend(hashes);
        Ok(())
    }

    fn unreached<T: Record<Key = Hash>>(&self, reader: &Reader<'_>) -> Result<Vec<Hash>, Error> {
        let mut hashes = Vec::new();
        reader.keys::<T>(|key| {
            let hash = <[u8; 32]>::try_from(key).map(Hash::from).ok();
            hashes.extend(hash.filter(|hash| !self.reached.contains(hash)));
        })?;
        Ok(hashes)
    }
}

impl Garbage {
    fn hash(self) -> Hash {
        match self {
            Self::Content(hash) | Self::Branch(hash) | Self::Node(hash) | Self::Edges(hash) => hash,
        }
    }
}
