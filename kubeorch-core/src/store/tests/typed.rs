//! Random work through the typed layer against plain maps: records, indexes, counters, events, trims, leases,
//! transactions that fail, stores that are reopened or move through an export. What is left is always sound.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::clock;
use super::layer::{BY_NAME, BY_PORT, Ship, ship};
use crate::store::{Batch, Db, Error, Lease, Memory, Query, Schema, Seq, Store, Tx};
use crate::time::{Clock, ManualClock, Time};

const TTL: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
enum Op {
    Put(Ship),
    Insert(Ship),
    Remove(u32),
    Event(u8),
    Next(u8),
    Guard,
}

#[derive(Debug, Clone)]
enum Step {
    /// The flag says whether its caller gives up at the end.
    Write(Vec<Op>, bool),
    Trim(u64),
    Lease(u8, u8),
    /// Renews or gives back one of the leases that were ever taken.
    Renew(prop::sample::Index),
    Release(prop::sample::Index),
    Wait(u64),
    Reopen,
    /// Through text into an empty store.
    Move,
}

/// What the store should hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    ships: BTreeMap<u32, Ship>,
    counters: BTreeMap<u8, u64>,
    /// Stream and number in it; the place is the number in the log.
    events: Vec<(String, u64)>,
    trimmed: usize,
    leases: BTreeMap<String, Lease>,
}

impl Model {
    fn apply(&mut self, op: &Op) -> Result<(), &'static str> {
        match op {
            Op::Insert(ship) if self.ships.contains_key(&ship.id) => Err("exists"),
            Op::Put(ship) | Op::Insert(ship) => self.put(ship),
            Op::Remove(id) => {
                self.ships.remove(id);
                Ok(())
            }
            Op::Event(stream) => {
                let stream = stream_name(*stream);
                let number = self.events.iter().filter(|(name, _)| *name == stream).count() as u64 + 1;
                self.events.push((stream, number));
                Ok(())
            }
            Op::Next(counter) => {
                *self.counters.entry(*counter).or_default() += 1;
                Ok(())
            }
            Op::Guard => Ok(()),
        }
    }

    fn put(&mut self, ship: &Ship) -> Result<(), &'static str> {
        if self.ships.values().any(|other| other.id != ship.id && other.name == ship.name) {
            return Err("taken");
        }
        self.ships.insert(ship.id, ship.clone());
        Ok(())
    }

    fn holds(&self, lease: &Lease, now: Time) -> bool {
        self.leases.get(&lease.name).is_some_and(|it| it.token == lease.token && it.expires > now)
    }
}

fn stream_name(stream: u8) -> String {
    ["", "ship:1", "ship:1\0", "ship:2"][usize::from(stream)].to_owned()
}

fn apply(tx: &mut Tx<'_>, op: &Op) -> Result<(), Error> {
    match op {
        Op::Put(ship) => tx.put(ship),
        Op::Insert(ship) => tx.insert(ship),
        Op::Remove(id) => tx.remove::<Ship>(id).map(drop),
        Op::Event(stream) => tx.event(stream_name(*stream), "happened", stream),
        Op::Next(counter) => tx.next(counter).map(drop),
        Op::Guard => tx.guard(&"dock"),
    }
}

fn schema() -> Schema {
    Schema::default().with::<Ship>()
}

/// A store, its model, and how to make another store like it.
struct Bench<'a> {
    clock: Arc<ManualClock>,
    make: &'a dyn Fn(Arc<ManualClock>, bool) -> Arc<dyn Store>,
    db: Option<Db>,
    model: Model,
    taken: Vec<Lease>,
}

impl Bench<'_> {
    fn db(&self) -> &Db {
        self.db.as_ref().unwrap()
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Write(ops, gives_up) => self.write(&ops, gives_up).await,
            Step::Trim(upto) => {
                self.db().store().commit(Batch { trim: Seq(upto), ..Batch::default() }).await.unwrap();
                let upto = usize::try_from(upto).unwrap().min(self.model.events.len());
                self.model.trimmed = self.model.trimmed.max(upto);
            }
            Step::Lease(name, holder) => self.lease(name.to_string(), holder.to_string()).await,
            Step::Renew(which) if !self.taken.is_empty() => {
                let lease = which.get(&self.taken).clone();
                let holds = self.model.holds(&lease, self.clock.now());
                let done = self.db().renew(&lease, TTL).await;
                assert_eq!(done.is_ok(), holds, "{done:?}");
                if let Ok(lease) = done {
                    self.model.leases.insert(lease.name.clone(), lease);
                }
            }
            Step::Release(which) if !self.taken.is_empty() => {
                let lease = which.get(&self.taken).clone();
                let now = self.clock.now();
                self.db().release(&lease).await.unwrap();
                if self.model.holds(&lease, now) {
                    self.model.leases.get_mut(&lease.name).unwrap().expires = now;
                }
            }
            Step::Renew(_) | Step::Release(_) => {}
            Step::Wait(seconds) => self.clock.advance(Duration::from_secs(seconds)),
            Step::Reopen => self.change(false).await,
            Step::Move => self.change(true).await,
        }
    }

    async fn write(&mut self, ops: &[Op], gives_up: bool) {
        let mut after = self.model.clone();
        let wanted = ops.iter().try_for_each(|op| after.apply(op));
        let wanted = if gives_up { wanted.and(Err("gave up")) } else { wanted };
        let done = self.db().write(|tx| {
            ops.iter().try_for_each(|op| apply(tx, op))?;
            if gives_up { Err(Error::Busy) } else { Ok(()) }
        });
        match (done.await, wanted) {
            (Ok(((), seq)), Ok(())) => {
                assert_eq!(seq.0, after.events.len() as u64);
                self.model = after;
            }
            (Err(Error::Taken { index: "ships.by_name" }), Err("taken"))
            | (Err(Error::Exists { table: "ships" }), Err("exists"))
            | (Err(Error::Busy), Err("gave up")) => {}
            (done, wanted) => panic!("{done:?}, not {wanted:?}"),
        }
    }

    async fn lease(&mut self, name: String, holder: String) {
        let now = self.clock.now();
        let last = self.model.leases.get(&name);
        let wanted = match last {
            Some(last) if last.holder != holder && last.expires > now => None,
            last => {
                let token = last.map_or(0, |last| last.token) + 1;
                Some(Lease { name: name.clone(), holder: holder.clone(), token, expires: now.plus(TTL) })
            }
        };
        assert_eq!(self.db().lease(&name, &holder, TTL).await.unwrap(), wanted);
        if let Some(lease) = wanted {
            self.taken.push(lease.clone());
            self.model.leases.insert(name, lease);
        }
    }

    /// Opens the store again, or another one that an export fills.
    async fn change(&mut self, fresh: bool) {
        let mut text = Vec::new();
        if fresh {
            self.db().export(&schema(), &mut text).unwrap();
        }
        // One store in memory has no second life.
        let store = self.db().store().clone();
        if !fresh && store.health().file_bytes == 0 {
            return;
        }
        drop((store, self.db.take()));
        let db = Db::new((self.make)(self.clock.clone(), fresh), self.clock.clone());
        if fresh {
            db.import(&schema(), text.as_slice()).await.unwrap();
        }
        self.db = Some(db);
    }

    fn compare(&self) {
        let (db, model) = (self.db(), &self.model);
        assert_eq!(db.verify(&schema()).unwrap(), []);
        db.read(|reader| {
            let ships: Vec<_> = model.ships.values().cloned().collect();
            assert_eq!(reader.list(&Query::<Ship>::all())?, ships);
            for ship in &ships {
                assert_eq!(reader.find(BY_NAME, &ship.name)?.as_ref(), Some(ship));
            }
            assert_eq!(reader.count(&Query::by(BY_NAME))?, ships.len());
            let mut in_port: Vec<_> = ships.into_iter().filter(|ship| ship.port.is_some()).collect();
            in_port.sort_by_key(|ship| (ship.port.clone(), std::cmp::Reverse(ship.launched), ship.id));
            assert_eq!(reader.list(&Query::by(BY_PORT))?, in_port);
            for counter in 0..3 {
                assert_eq!(reader.counter(&counter)?, model.counters.get(&counter).copied().unwrap_or(0));
            }
            let leases = reader.list(&Query::<Lease>::all())?;
            assert!(leases.iter().eq(model.leases.values()), "{leases:?}, not {:?}", model.leases);
            assert_eq!(
                (reader.seq().0, reader.trimmed().0),
                (model.events.len() as u64, model.trimmed as u64)
            );
            let events = reader.snapshot.events(reader.trimmed(), usize::MAX)?;
            let found: Vec<_> = events.into_iter().map(|event| (event.stream, event.stream_seq)).collect();
            assert_eq!(found, model.events[model.trimmed..]);
            for stream in 0..4 {
                let mine = |it: &&(String, u64)| it.0 == stream_name(stream);
                let wanted: Vec<_> =
                    model.events[model.trimmed..].iter().filter(mine).map(|it| it.1).collect();
                let found = reader.stream(&stream_name(stream), 0, usize::MAX)?;
                assert_eq!(found.iter().map(|event| event.stream_seq).collect::<Vec<_>>(), wanted);
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}

fn any_ship() -> impl Strategy<Value = Ship> {
    const NAMES: &[&str] = &["", "a", "a\0", "b"];
    const PORTS: &[&str] = &["", "x", "x\0"];
    (0..5_u32, prop::sample::select(NAMES), prop::sample::select(PORTS), 0..3_i64)
        .prop_map(|(id, name, port, launched)| ship(id, name, port, launched))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any_ship().prop_map(Op::Put),
        2 => any_ship().prop_map(Op::Insert),
        2 => (0..5_u32).prop_map(Op::Remove),
        3 => (0..4_u8).prop_map(Op::Event),
        1 => (0..3_u8).prop_map(Op::Next),
        1 => Just(Op::Guard),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (prop::collection::vec(op(), 1..6), prop::bool::weighted(0.1)).prop_map(|(ops, up)| Step::Write(ops, up)),
        2 => (0..40_u64).prop_map(Step::Trim),
        2 => (0..2_u8, 0..2_u8).prop_map(|(name, holder)| Step::Lease(name, holder)),
        1 => any::<prop::sample::Index>().prop_map(Step::Renew),
        1 => any::<prop::sample::Index>().prop_map(Step::Release),
        1 => (0..12_u64).prop_map(Step::Wait),
        1 => Just(Step::Reopen),
        1 => Just(Step::Move),
    ]
}

fn run(steps: Vec<Step>, make: &dyn Fn(Arc<ManualClock>, bool) -> Arc<dyn Store>) {
    let clock = clock();
    let db = Some(Db::new(make(clock.clone(), true), clock.clone()));
    let mut bench = Bench { clock, make, db, model: Model::default(), taken: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for step in steps {
            bench.step(step).await;
        }
    });
    bench.compare();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_holds_what_was_written(steps in prop::collection::vec(step(), 1..40)) {
        run(steps, &|clock, _| Arc::new(Memory::new(clock)));
    }
}

#[cfg(feature = "redb")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redb_holds_what_was_written(steps in prop::collection::vec(step(), 1..30)) {
        use crate::store::redb::{Options, Redb};
        let folder = tempfile::tempdir().unwrap();
        let file = std::cell::Cell::new(0);
        run(steps, &|clock, fresh| {
            file.set(file.get() + u32::from(fresh));
            let path = folder.path().join(format!("{}.redb", file.get()));
            Arc::new(Redb::open(path, Options::default(), clock).unwrap())
        });
    }
}
