//! What the trials let a store do, and what must be in it afterwards.

use std::collections::BTreeMap;
use std::ops::Bound::Unbounded;
use std::sync::Arc;

use crate::store::{Batch, Error, Expect, NewEvent, Seq, Store, Table, Write};

pub(super) const ROWS: Table = Table("trial.rows");
pub(super) const BLOBS: Table = Table("trial.blobs");
pub(super) const MARKS: Table = Table("trial.marks");
const TABLES: [Table; 3] = [ROWS, BLOBS, MARKS];

/// Numbers that are the same for the same seed (xorshift64*).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or_default()
    }
}

/// Everything that a store holds: rows by table and key, and the newest event that is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Shared by the contents of many moments.
    rows: BTreeMap<(Table, Vec<u8>), Arc<[u8]>>,
    /// Payload, stream and number in the stream, from `trimmed + 1` on.
    events: Vec<(Vec<u8>, String, u64)>,
    trimmed: u64,
}

impl Content {
    /// Reads all of it through the public interface.
    pub(super) fn of(store: &dyn Store) -> Result<Self, Error> {
        let view = store.snapshot()?;
        let mut content = Self { trimmed: view.trimmed().0, ..Self::default() };
        for table in TABLES {
            for (key, value) in view.range(table, Unbounded, Unbounded, false, usize::MAX)? {
                content.rows.insert((table, key), value.into());
            }
        }
        for (at, event) in (content.trimmed + 1..).zip(view.events(view.trimmed(), usize::MAX)?) {
            if event.seq != Seq(at) {
                return Err(Error::Damaged { what: format!("event {at}"), reason: "missing".to_owned() });
            }
            content.events.push((event.payload, event.stream, event.stream_seq));
        }
        // A stream finds its events by a table of its own.
        let mut streams = BTreeMap::<&str, Vec<_>>::new();
        for (payload, stream, number) in &content.events {
            streams.entry(stream).or_default().push((payload, *number));
        }
        for (stream, wanted) in streams {
            let found = view.stream(stream, 0, usize::MAX)?;
            if !found.iter().map(|event| (&event.payload, event.stream_seq)).eq(wanted) {
                return Err(Error::Damaged { what: stream.to_owned(), reason: "its log differs".to_owned() });
            }
        }
        // Point reads take another way through the pages than walks.
        for ((table, key), value) in &content.rows {
            if view.get(*table, key)?.as_deref() != Some(&**value) {
                return Err(Error::Damaged { what: table.0.to_owned(), reason: "reads differ".to_owned() });
            }
        }
        Ok(content)
    }

    /// After a batch that is taken.
    pub(super) fn apply(&mut self, batch: &Batch) {
        for Write { table, key, value } in &batch.writes {
            match value {
                Some(value) => self.rows.insert((*table, key.clone()), value.as_slice().into()),
                None => self.rows.remove(&(*table, key.clone())),
            };
        }
        let gone = usize::try_from(batch.trim.0.saturating_sub(self.trimmed)).unwrap_or_default();
        let gone = gone.min(self.events.len());
        self.events.drain(..gone);
        self.trimmed += gone as u64;
        for event in &batch.events {
            // One stream per name of the script, and every one is written often enough to be found here.
            let same = |it: &&(Vec<u8>, String, u64)| it.1 == event.stream;
            let number = self.events.iter().rev().find(same).map_or(0, |it| it.2);
            self.events.push((event.payload.clone(), event.stream.clone(), number + 1));
        }
    }

    /// Whether the mark of a step is there.
    pub(super) fn has(&self, step: usize) -> bool {
        self.rows.contains_key(&(MARKS, mark(step)))
    }
}

fn mark(step: usize) -> Vec<u8> {
    (step as u64).to_be_bytes().to_vec()
}

/// A change of everything that changes: new rows, other rows, removed rows, small and large values, events of several
/// streams. Its mark tells whether it is there; a second try of the same step conflicts.
pub(super) fn step(step: usize, random: &mut Random) -> Batch {
    let put = |table, key: Vec<u8>, value| Write { table, key, value };
    let key = |random: &mut Random| format!("key-{:03}", random.below(200)).into_bytes();
    let mut writes = vec![put(MARKS, mark(step), Some(b"done".to_vec()))];
    for _ in 0..random.below(6) {
        let value = vec![b'a' + u8::try_from(random.below(26)).unwrap_or_default(); random.below(600)];
        let key = key(random);
        writes.push(put(ROWS, key, (random.below(4) > 0).then_some(value)));
    }
    if random.below(20) == 0 {
        let value = vec![u8::try_from(step % 251).unwrap_or_default(); 1_000 + random.below(30_000)];
        writes.push(put(BLOBS, vec![u8::try_from(random.below(16)).unwrap_or_default()], Some(value)));
    }
    let streams = ["run:1", "run:2", "workflow:1"];
    let events = (0..=random.below(2)).map(|_| NewEvent {
        stream: streams[random.below(streams.len())].to_owned(),
        kind: "step".to_owned(),
        payload: mark(step),
    });
    let expect = vec![Expect { table: MARKS, key: mark(step), value: None }];
    Batch { expect, events: events.collect(), writes, ..Batch::default() }
}

/// Large values that come and go, so that the file grows over more than one group of checksums and shrinks again.
pub(super) fn large(step: usize, random: &mut Random) -> Batch {
    let key = vec![u8::try_from(random.below(6)).unwrap_or_default()];
    let fill = u8::try_from(step % 251).unwrap_or_default();
    let value = (step % 8 < 6).then(|| vec![fill; (100 + random.below(2_000)) << 10]);
    let mut writes = vec![Write { table: BLOBS, key, value }];
    if step % 8 == 7 {
        writes.extend((0..6).map(|key| Write { table: BLOBS, key: vec![key], value: None }));
    }
    writes.push(Write { table: MARKS, key: mark(step), value: Some(b"done".to_vec()) });
    Batch { writes, ..Batch::default() }
}
