//! Which node is next: in-degree counters, and of those that are free the one that most others wait for.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A node as the schedule sees it.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    pub(super) id: &'a str,
    pub(super) rank: i32,
    /// Indexes of the nodes that come before it.
    pub(super) after: &'a [usize],
}

/// Longest way to the end first, then the lower rank, then the name.
type Place<'a> = (Reverse<usize>, i32, &'a str, usize);

/// The ready set of a part of a graph. Dependencies on nodes outside of the part count as met.
pub(super) struct Schedule<'a> {
    waiting: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    places: Vec<Place<'a>>,
    ready: BTreeSet<Place<'a>>,
}

impl<'a> Schedule<'a> {
    /// Over the nodes of `part`, indexes into `all`. The graph has no cycle.
    pub(super) fn new(all: &[Item<'a>], part: &[usize]) -> Self {
        let mut inside = vec![false; all.len()];
        for &at in part {
            inside[at] = true;
        }
        let mut waiting = vec![0; all.len()];
        let mut dependents = vec![Vec::new(); all.len()];
        for &at in part {
            for &first in all[at].after.iter().filter(|first| inside[**first]) {
                waiting[at] += 1;
                dependents[first].push(at);
            }
        }
        let lengths = lengths(&waiting, &dependents, part);
        let place = |(at, item): (usize, &Item<'a>)| (Reverse(lengths[at]), item.rank, item.id, at);
        let places: Vec<_> = all.iter().enumerate().map(place).collect();
        let ready = part.iter().filter(|at| waiting[**at] == 0).map(|&at| places[at]).collect();
        Self { waiting, dependents, places, ready }
    }

    /// The next node that may begin.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop_first().map(|(.., at)| at)
    }

    /// A node is applied: what waited for it alone may begin.
    pub(super) fn done(&mut self, at: usize) {
        for &next in &self.dependents[at] {
            self.waiting[next] -= 1;
            if self.waiting[next] == 0 {
                self.ready.insert(self.places[next]);
            }
        }
    }
}

/// For each node how many follow each other from it to the end.
fn lengths(waiting: &[usize], dependents: &[Vec<usize>], part: &[usize]) -> Vec<usize> {
    let mut left = waiting.to_vec();
    let mut order: Vec<usize> = part.iter().copied().filter(|&at| left[at] == 0).collect();
    let mut seen = 0;
    while seen < order.len() {
        for &next in &dependents[order[seen]] {
            left[next] -= 1;
            if left[next] == 0 {
                order.push(next);
            }
        }
        seen += 1;
    }
    let mut lengths = vec![0; waiting.len()];
    for &at in order.iter().rev() {
        lengths[at] = dependents[at].iter().map(|&next| lengths[next] + 1).max().unwrap_or(0);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nodes one at a time, each done before the next.
    fn order(nodes: &[(&str, i32, &[usize])], part: &[usize]) -> String {
        let items: Vec<_> = nodes.iter().map(|(id, rank, after)| Item { id, rank: *rank, after }).collect();
        let mut schedule = Schedule::new(&items, part);
        let mut out = String::new();
        while let Some(at) = schedule.next() {
            out.push_str(items[at].id);
            schedule.done(at);
        }
        out
    }

    #[test]
    fn the_longest_way_goes_first_then_rank_then_name() {
        let all: Vec<usize> = (0..5).collect();
        for (nodes, expected) in [
            // c → d → e is the critical path; a and b are free.
            (&[("a", 0, &[][..]), ("b", 0, &[]), ("c", 9, &[]), ("d", 9, &[2]), ("e", 9, &[3])][..], "cdabe"),
            (&[("a", 2, &[]), ("b", 1, &[]), ("c", 1, &[]), ("d", 0, &[]), ("e", 2, &[])], "dbcae"),
            (&[("a", 0, &[1]), ("b", 0, &[2]), ("c", 0, &[3]), ("d", 0, &[4]), ("e", 0, &[])], "edcba"),
            // A diamond: nothing before both of its ways.
            (&[("a", 0, &[1, 2]), ("b", 0, &[3]), ("c", 0, &[3]), ("d", 5, &[]), ("e", 0, &[])], "dbcae"),
        ] {
            assert_eq!(order(nodes, &all), expected);
        }
    }

    #[test]
    fn what_is_not_in_the_part_counts_as_done() {
        let nodes = [("a", 0, &[1][..]), ("b", 0, &[2]), ("c", 0, &[])];
        assert_eq!(order(&nodes, &[0, 2]), "ac");
        assert_eq!(order(&nodes, &[]), "");
    }
}
