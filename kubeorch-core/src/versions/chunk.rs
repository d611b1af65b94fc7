//! Where a sequence is cut into chunks: by what its ids hash to, so that equal stretches are cut alike.
//!
//! A cut follows every entry whose mark is the smallest among so many neighbours on either side: its reach. Marks come
//! from ids alone: changing a node moves no cut, adding or removing one moves only those within reach. Chunks have
//! `reach + 1` to [`MOST`] entries, `2 * reach + 1` on average with little variance: long ones need ever falling and then
//! ever rising marks, and whoever looks for such ids only makes his own graph be cut at [`MOST`].

use std::ops::Range;

use sha2::{Digest, Sha256};

/// Of hashes in a branch; 2 makes the path to one node of 1,000 shortest in bytes.
pub(super) const BRANCHES: usize = 2;
/// Of edges in a leaf: one of them costs as much as some hashes.
pub(super) const EDGES: usize = 1;
/// A chunk has at most so many entries.
const MOST: usize = 32;

/// What an id hashes to: a number for each of four levels, the fifth takes the first again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u64; 4]);

impl Mark {
    pub(super) fn of(id: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let (words, _) = digest.as_chunks::<8>();
        Self(std::array::from_fn(|at| u64::from_be_bytes(words[at])))
    }
}

/// Cuts a sequence at a level; the ranges follow each other and none is empty. Of two entries or more there are always
/// fewer chunks than entries, so that levels of chunks come to an end.
pub(super) fn split(marks: &[Mark], level: usize, reach: usize) -> Vec<Range<usize>> {
    let few = marks.len() <= 2 * (reach + 1);
    let mut chunks = Vec::new();
    let mut start = 0;
    for at in 0..marks.len() {
        let whole = at + 1 == marks.len();
        let cut = !few && (at + 1 - start == MOST || is_least(marks, level, reach, at));
        if whole || cut {
            chunks.push(start..at + 1);
            start = at + 1;
        }
    }
    chunks
}

/// Of equal marks in reach of each other the first is the least.
fn is_least(marks: &[Mark], level: usize, reach: usize, at: usize) -> bool {
    let mark = |mark: &Mark| mark.0[level % mark.0.len()];
    let own = mark(&marks[at]);
    let end = marks.len().min(at + 1 + reach);
    marks[at.saturating_sub(reach)..at].iter().all(|before| own < mark(before))
        && marks[at + 1..end].iter().all(|after| own <= mark(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(count: usize) -> Vec<Mark> {
        (0..count).map(|at| Mark::of(&format!("node-{at}"))).collect()
    }

    #[test]
    fn chunks_are_small_and_never_single_but_at_the_ends() {
        for (level, reach) in [(0, 1), (0, 2), (1, 2), (2, 2), (3, 2), (4, 2), (0, 3)] {
            let chunks = split(&marks(10_000), level, reach);
            let mean = 10_000.0 / f64::from(u32::try_from(chunks.len()).unwrap());
            let wanted = f64::from(u32::try_from(2 * reach + 1).unwrap());
            assert!((mean - wanted).abs() < 0.2, "{mean}");
            assert!(
                chunks[1..chunks.len() - 1].iter().all(|chunk| (reach + 1..=MOST).contains(&chunk.len()))
            );
            let long = chunks.iter().filter(|chunk| chunk.len() > 4 * reach + 2).count();
            assert!(long < 40, "{long} long chunks");
        }
    }

    #[test]
    fn every_level_is_smaller_whatever_the_marks() {
        let falling = |count: u64| (0..count).rev().map(|at| Mark([at; 4])).collect::<Vec<_>>();
        let same = |count: u64| (0..count).map(|_| Mark([0; 4])).collect::<Vec<_>>();
        let zigzag = |count: u64| (0..count).map(|at| Mark([at % 3; 4])).collect::<Vec<_>>();
        for (count, reach) in (2..200).flat_map(|count| [(count, EDGES), (count, BRANCHES)]) {
            for marks in [falling(count), same(count), zigzag(count)] {
                let chunks = split(&marks, 0, reach);
                assert!(chunks.len() < marks.len());
                assert!(chunks.iter().all(|chunk| (1..=MOST).contains(&chunk.len())));
                assert!(chunks.iter().cloned().flatten().eq(0..marks.len()));
            }
        }
    }

    #[test]
    fn an_entry_more_moves_only_cuts_in_reach() {
        let whole = marks(300);
        let ends = |marks: &[Mark]| -> Vec<Mark> {
            split(marks, 0, BRANCHES).into_iter().map(|chunk| marks[chunk.end - 1]).collect()
        };
        let before = ends(&whole);
        for gone in 0..whole.len() {
            let mut fewer = whole.clone();
            fewer.remove(gone);
            let after = ends(&fewer);
            let news = after.iter().filter(|mark| !before.contains(mark)).count();
            let lost = before.iter().filter(|mark| !after.contains(mark)).count();
            assert!(news <= 2 && lost <= 2, "{gone}: {news} new, {lost} lost");
        }
    }
}
