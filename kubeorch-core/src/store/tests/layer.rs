//! Records, indexes, transactions, feeds, leases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{clock, db, dbs, memory};
use crate::page::Page;
use crate::store::{
    Batch, Db, Desc, Error, Index, Indexes, Key, Query, Record, Schema, Seq, Store, Table, Write, rule,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::store) struct Ship {
    pub(in crate::store) id: u32,
    pub(in crate::store) name: String,
    pub(in crate::store) port: Option<String>,
    pub(in crate::store) launched: i64,
}

pub(in crate::store) const BY_NAME: Index<Ship> = Index::unique("ships.by_name");
pub(super) const BY_PORT: Index<Ship> = Index::new("ships.by_port");

impl Record for Ship {
    const TABLE: Table = Table("ships");
    const SCHEMA: u8 = 3;
    const INDEXES: &'static [Index<Self>] = &[BY_NAME, BY_PORT];
    type Key = u32;

    fn key(&self) -> u32 {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_NAME, &self.name);
        if let Some(port) = &self.port {
            out.add(BY_PORT, &(port.as_str(), Desc(self.launched)));
        }
    }

    fn check(&self) -> Result<(), String> {
        rule(self.launched >= 0, "it was launched too early")
    }

    fn upcast(from: u8, mut value: Value) -> Result<Value, String> {
        let ship = value.as_object_mut().ok_or("it is no object")?;
        match from {
            1 => ship.insert("port".to_owned(), Value::Null),
            2 => ship.insert("launched".to_owned(), json!(1900)),
            _ => return Err(format!("schema {from}")),
        };
        Ok(value)
    }
}

pub(in crate::store) fn ship(id: u32, name: &str, port: &str, launched: i64) -> Ship {
    let port = (!port.is_empty()).then(|| port.to_owned());
    Ship { id, name: name.to_owned(), port, launched }
}

pub(super) async fn fleet() -> Db {
    let db = db();
    for ship in [
        ship(1, "Ada", "Kiel", 1990),
        ship(2, "Bea", "Kiel", 2010),
        ship(3, "Cleo", "Kie", 2000),
        ship(4, "Cora", "Kiel", 2000),
        ship(5, "Dora", "", 1950),
    ] {
        db.write(|tx| tx.insert(&ship)).await.unwrap();
    }
    db
}

fn ids(ships: &[Ship]) -> Vec<u32> {
    ships.iter().map(|ship| ship.id).collect()
}

pub(super) fn sound(db: &Db) {
    assert_eq!(db.verify(&Schema::default().with::<Ship>()).unwrap(), []);
}

#[tokio::test]
async fn queries() {
    let db = fleet().await;
    for (query, wanted, total) in [
        (Query::all(), &[1, 2, 3, 4, 5][..], 5),
        (Query::all().reverse().limit(2), &[5, 4], 5),
        (Query::all().from(&3_u32), &[3, 4, 5], 3),
        (Query::all().after(&3_u32), &[4, 5], 2),
        (Query::all().from(&2_u32).until(&4_u32), &[2, 3], 2),
        (Query::all().page(Page::new(1, 2)), &[2, 3], 5),
        (Query::all().reverse().page(Page::new(4, 2)), &[1], 5),
        (Query::all().limit(0), &[], 5),
        (Query::by(BY_PORT), &[3, 2, 4, 1], 4),
        (Query::by(BY_PORT).prefix("Kiel"), &[2, 4, 1], 3),
        (Query::by(BY_PORT).prefix("Kie"), &[3], 1),
        (Query::by(BY_PORT).prefix("Kiel").reverse(), &[1, 4, 2], 3),
        (Query::by(BY_PORT).prefix("Kiel").from(&Desc(2000_i64)), &[4, 1], 2),
        (Query::by(BY_PORT).prefix("Kiel").after(&Desc(2000_i64)), &[1], 1),
        (Query::by(BY_PORT).prefix("Kiel").until(&Desc(1995_i64)), &[2, 4], 2),
        (Query::by(BY_PORT).prefix("Oslo"), &[], 0),
        (Query::by(BY_PORT).text_prefix("Ki"), &[3, 2, 4, 1], 4),
        (Query::by(BY_NAME).text_prefix("C"), &[3, 4], 2),
    ] {
        db.read(|r| {
            assert_eq!(ids(&r.list(&query)?), wanted, "{query:?}");
            assert_eq!(r.count(&query)?, total, "{query:?}");
            Ok::<_, Error>(())
        })
        .unwrap();
    }
    let found = db.read(|r| r.find(BY_NAME, &"Cora")).unwrap();
    assert_eq!(found.unwrap().id, 4);
    assert_eq!(db.read(|r| r.find(BY_NAME, &"Cor")).unwrap(), None);
    let first = db.read(|r| r.first(Query::by(BY_PORT).prefix("Kiel"))).unwrap();
    assert_eq!(first.unwrap().id, 2);
}

#[tokio::test]
async fn long_lists_come_in_chunks_without_a_gap() {
    let db = db();
    db.write(|tx| (0..1000).try_for_each(|id| tx.put(&ship(id, &format!("{id:04}"), "Kiel", 0))))
        .await
        .unwrap();
    for reverse in [false, true] {
        let query = Query::by(BY_NAME);
        let query = if reverse { query.reverse() } else { query };
        let mut seen = Vec::new();
        db.read(|r| {
            r.each(&query, |ship| {
                Ok::<_, Error>({
                    seen.push(ship.id);
                    true
                })
            })
        })
        .unwrap();
        assert!(if reverse {
            seen.iter().copied().rev().eq(0..1000)
        } else {
            seen.iter().copied().eq(0..1000)
        });
        let page = db.read(|r| r.paged(query, Page::new(600, 300))).unwrap();
        assert_eq!((ids(&page.items), page.total), (seen[600..900].to_vec(), 1000));
    }
}

#[tokio::test]
async fn a_unique_index_has_one_owner() {
    let db = fleet().await;
    let taken = |done: Result<((), Seq), Error>| match done {
        Err(Error::Taken { index }) => index,
        other => panic!("{other:?}"),
    };
    assert_eq!(taken(db.write(|tx| tx.insert(&ship(9, "Ada", "", 0))).await), "ships.by_name");
    assert_eq!(taken(db.write(|tx| tx.put(&ship(2, "Ada", "", 0))).await), "ships.by_name");
    let exists = db.write(|tx| tx.insert(&ship(1, "Eva", "", 0))).await;
    assert!(matches!(exists, Err(Error::Exists { table: "ships" })), "{exists:?}");
    // A name that was given up is free, in the same transaction too.
    db.write(|tx| {
        tx.remove::<Ship>(&1)?;
        tx.insert(&ship(9, "Ada", "", 0))?;
        tx.put(&ship(2, "Bea II", "Oslo", 0))?;
        tx.insert(&ship(10, "Bea", "", 0))
    })
    .await
    .unwrap();
    assert_eq!(db.read(|r| r.find(BY_NAME, &"Ada")).unwrap().unwrap().id, 9);
    assert_eq!(ids(&db.read(|r| r.list(&Query::by(BY_PORT))).unwrap()), [3, 4, 2]);
    sound(&db);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_claims_one_wins() {
    for (db, _folder) in dbs() {
        racing_claims(db).await;
    }
}

async fn racing_claims(db: Db) {
    let claims = (0..16).map(|id| {
        let db = db.clone();
        tokio::spawn(async move { db.write(|tx| tx.insert(&ship(id, "Ada", "Kiel", 0))).await })
    });
    let done = futures::future::join_all(claims).await;
    assert_eq!(done.iter().filter(|done| done.as_ref().unwrap().is_ok()).count(), 1);
    assert!(done.iter().all(|done| matches!(done.as_ref().unwrap(), Ok(_) | Err(Error::Taken { .. }))));
    sound(&db);
}

#[tokio::test]
async fn a_transaction_reads_its_own_writes() {
    let db = fleet().await;
    let ((), seq) = db
        .write(|tx| {
            tx.put(&ship(6, "Eva", "Kiel", 2020))?;
            tx.remove::<Ship>(&2)?;
            tx.put(&ship(4, "Cora", "Oslo", 2000))?;
            assert_eq!(tx.get::<Ship>(&6)?.unwrap().name, "Eva");
            assert_eq!(tx.get::<Ship>(&2)?, None);
            let kiel = Query::by(BY_PORT).prefix("Kiel");
            assert_eq!(ids(&tx.list(&kiel)?), [6, 1]);
            assert_eq!(ids(&tx.list(&kiel.clone().reverse().limit(1))?), [1]);
            assert_eq!(tx.count(&kiel)?, 2);
            assert_eq!(ids(&tx.list(&Query::all())?), [1, 3, 4, 5, 6]);
            assert_eq!(ids(&tx.list(&Query::all().limit(2))?), [1, 3]);
            tx.event("ship:6", "launched", &json!({ "at": tx.now() }))
        })
        .await
        .unwrap();
    assert_eq!(seq, Seq(1));
    sound(&db);
}

#[tokio::test]
async fn a_failed_transaction_leaves_nothing() {
    #[derive(Debug)]
    struct Mine(Option<Error>);
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Self(Some(error))
        }
    }
    let db = fleet().await;
    let done = db
        .write(|tx| {
            tx.remove::<Ship>(&1)?;
            tx.event("ship:1", "sunk", &())?;
            tx.next(&"wrecks")?;
            Err::<(), _>(Mine(None))
        })
        .await;
    assert!(matches!(done, Err(Mine(None))), "{done:?}");
    assert!(db.read(|r| r.contains::<Ship>(&1)).unwrap());
    assert_eq!((*db.head().borrow(), db.read(|r| r.counter(&"wrecks")).unwrap()), (Seq(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counters_and_guards_serialise() {
    for (db, _folder) in dbs() {
        counters_and_guards(db).await;
    }
}

async fn counters_and_guards(db: Db) {
    let tasks = (0..64_u32).map(|id| {
        let db = db.clone();
        tokio::spawn(async move {
            db.write(|tx| {
                // At most one ship per port: a rule over a range, which only the guard makes safe.
                tx.guard(&("port", "Kiel"))?;
                if tx.count(&Query::by(BY_PORT).prefix("Kiel"))? == 0 {
                    tx.insert(&ship(id, &format!("{id}"), "Kiel", 0))?;
                }
                tx.next(&("version", 7_u32))
            })
            .await
            .map(|(number, _)| number)
        })
    });
    let mut numbers = BTreeSet::new();
    for task in futures::future::join_all(tasks).await {
        numbers.insert(task.unwrap().unwrap());
    }
    assert!(numbers.into_iter().eq(1..=64), "every number once");
    assert_eq!(db.read(|r| r.count(&Query::<Ship>::all())).unwrap(), 1);
    assert_eq!(db.read(|r| r.counter(&("version", 7_u32))).unwrap(), 64);
}

#[tokio::test]
async fn a_conflict_runs_the_closure_again_on_a_fresh_view() {
    let (db, other) = {
        let db = fleet().await;
        (db.clone(), db)
    };
    let mut seen = Vec::new();
    db.write(|tx| {
        let mut ship = tx.get::<Ship>(&1)?.unwrap();
        seen.push(ship.launched);
        if seen.len() < 4 {
            let faster = Ship { launched: ship.launched + 1, ..ship.clone() };
            now(other.write(|tx| tx.put(&faster)))?;
        }
        ship.launched += 100;
        tx.put(&ship)
    })
    .await
    .unwrap();
    assert_eq!(seen, [1990, 1991, 1992, 1993]);
    assert_eq!(db.read(|r| r.get::<Ship>(&1)).unwrap().unwrap().launched, 2093);
    let mut tries = 0;
    let done = db
        .write(|tx| {
            tries += 1;
            let ship = tx.get::<Ship>(&1)?.unwrap();
            // Straight to the store: through the handle it would wait for its turn behind this very closure.
            let faster = Ship { launched: ship.launched + 1, ..ship.clone() };
            let batch = Batch { writes: vec![row(&faster)], ..Batch::default() };
            now(other.store().commit(batch))?;
            tx.put(&ship)
        })
        .await;
    assert!(matches!(done, Err(Error::Busy)), "{done:?}");
    assert_eq!(tries, 64);
}

/// The memory store never makes anybody wait.
fn now<F: Future>(future: F) -> F::Output {
    futures::FutureExt::now_or_never(future).unwrap()
}

fn row(ship: &Ship) -> Write {
    let mut value = vec![3];
    value.extend(serde_json::to_vec(ship).unwrap());
    Write { table: Ship::TABLE, key: ship.id.to_bytes(), value: Some(value) }
}

#[tokio::test]
async fn old_rows_are_lifted_newer_and_damaged_ones_are_named() {
    let store = memory();
    let db = Db::new(store.clone(), clock());
    for (id, version, json, wanted) in [
        (1, 1, r#"{"id":1,"name":"Ada"}"#, "Ada 1900"),
        (2, 2, r#"{"id":2,"name":"Bea","port":"Kiel"}"#, "Bea 1900"),
        (3, 3, r#"{"id":3,"name":"Cleo","port":null,"launched":7}"#, "Cleo 7"),
        (4, 4, r"{}", "a record of ships was written by a newer release of this program"),
        (5, 0, r"{}", "a record of ships cannot be read: schema 0"),
        (6, 1, r"[]", "a record of ships cannot be read: it is no object"),
        (
            7,
            3,
            r#"{"id":7"#,
            "a record of ships cannot be read: EOF while parsing an object at line 1 column 7",
        ),
    ] {
        let value = [&[version], json.as_bytes()].concat();
        let writes = vec![Write { table: Ship::TABLE, key: Key::to_bytes(&id), value: Some(value) }];
        store.commit(Batch { writes, ..Batch::default() }).await.unwrap();
        let found = match db.read(|r| r.get::<Ship>(&id)) {
            Ok(ship) => ship.map(|ship| format!("{} {}", ship.name, ship.launched)).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, wanted, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_feed_misses_nothing_and_wakes_by_itself() {
    let db = db();
    let follow = |prefix: Option<&'static str>, wanted: usize| {
        let mut feed = db.feed(Seq(0), prefix);
        tokio::spawn(async move {
            let mut events = Vec::new();
            while events.len() < wanted {
                events.extend(feed.next().await.unwrap());
            }
            events
        })
    };
    let (all, one) = (follow(None, 800), follow(Some("ship:1"), 100));
    let writers = (0..8).map(|id| {
        let db = db.clone();
        tokio::spawn(async move {
            for step in 0..100 {
                db.write(|tx| tx.event(format!("ship:{id}"), "moved", &step)).await.unwrap();
            }
        })
    });
    futures::future::join_all(writers).await;
    assert!(all.await.unwrap().iter().map(|event| event.seq.0).eq(1..=800));
    let one = one.await.unwrap();
    assert!(one.iter().map(|event| event.stream_seq).eq(1..=100));
    assert!(one.iter().enumerate().all(|(step, event)| event.payload == step.to_string().as_bytes()));
    let history = db.read(|r| r.stream("ship:1", 98, 9)).unwrap();
    assert_eq!(history, one[98..]);
}

#[tokio::test]
async fn a_lease_has_one_holder_and_a_rising_token() {
    let clock = clock();
    let db = Db::new(memory(), clock.clone());
    let ttl = Duration::from_secs(10);
    let one = db.lease("scheduler", "a", ttl).await.unwrap().unwrap();
    assert_eq!(db.lease("scheduler", "b", ttl).await.unwrap(), None);
    clock.advance(Duration::from_secs(6));
    let one = db.renew(&one, ttl).await.unwrap();
    clock.advance(Duration::from_secs(6));
    assert_eq!(db.lease("scheduler", "b", ttl).await.unwrap(), None, "renewed");
    db.write(|tx| tx.fence(&one).and_then(|_| tx.put(&ship(1, "Ada", "", 0)))).await.unwrap();
    clock.advance(Duration::from_secs(4));
    let lost = |error: Error| matches!(error, Error::LeaseLost(name) if name == "scheduler");
    assert!(lost(db.renew(&one, ttl).await.unwrap_err()), "a lease ends at its time, not after it");
    let two = db.lease("scheduler", "b", ttl).await.unwrap().unwrap();
    assert!(two.token > one.token);
    let late = db.write(|tx| tx.fence(&one).and_then(|_| tx.put(&ship(2, "Bea", "", 0)))).await;
    assert!(lost(late.unwrap_err()), "the old holder cannot write");
    db.release(&one).await.unwrap();
    assert_eq!(db.lease("scheduler", "a", ttl).await.unwrap(), None, "a lost lease releases nothing");
    let again = db.lease("scheduler", "b", ttl).await.unwrap().unwrap();
    assert!(lost(db.renew(&two, ttl).await.unwrap_err()), "its former self is out");
    db.release(&again).await.unwrap();
    let three = db.lease("scheduler", "a", ttl).await.unwrap().unwrap();
    assert!(three.token > again.token);
}

/// A record without indexes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Light(u32, bool);

impl Record for Light {
    const TABLE: Table = Table("lights");
    type Key = u32;

    fn key(&self) -> u32 {
        self.0
    }
}

#[tokio::test]
async fn what_is_written_unread_is_no_conflict() {
    let db = db();
    let mut tries = 0;
    let blind = db.write(|tx| {
        tries += 1;
        tx.overwrite(&Light(1, true))?;
        tx.erase::<Light>(&2);
        assert_eq!((tx.get::<Light>(&1)?, tx.contains::<Light>(&2)?), (Some(Light(1, true)), false));
        // Another writer is quicker; a store in memory never waits.
        let quicker = db.write(|tx| {
            tx.put(&Light(1, false))?;
            tx.put(&Light(2, false))
        });
        futures::FutureExt::now_or_never(quicker).unwrap()
    });
    blind.await.unwrap();
    assert_eq!(tries, 1);
    assert_eq!(db.read(|r| r.list(&Query::<Light>::all())).unwrap(), [Light(1, true)]);
}

#[tokio::test]
async fn keys_of_what_cannot_be_read_are_seen_too() {
    let db = db();
    db.write(|tx| (0..600).try_for_each(|at| tx.put(&Light(at, false)))).await.unwrap();
    let write = Write { table: Light::TABLE, key: 7_u32.to_bytes(), value: Some(vec![0xff]) };
    db.store().commit(Batch { writes: vec![write], ..Batch::default() }).await.unwrap();
    let mut keys = Vec::new();
    db.read(|r| r.keys::<Light>(|key| keys.push(key.to_vec()))).unwrap();
    assert!(keys.into_iter().eq((0..600_u32).map(|at| at.to_bytes())));
}

#[test]
fn handles_and_futures_cross_threads() {
    fn sent<T: Send>(_: &T) {}
    let db = db();
    sent(&db.write(|tx| tx.put(&ship(1, "Ada", "", 0))));
    sent(&db.lease("l", "h", Duration::ZERO));
    sent(&db.feed(Seq(0), None));
    let schema = Schema::default();
    sent(&db.rewrite(&schema, |_| std::ops::ControlFlow::Continue(())));
    sent(&db.import(&schema, &b""[..]));
    let _: Arc<dyn Store> = db.store().clone();
}
