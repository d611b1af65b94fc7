//! Rows of three schemas of one type become young, also beside other work, in parts, and only once.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{db, dbs};
use crate::store::{
    Batch, Db, Error, Index, Indexes, Key, Progress, Query, Record, Rewritten, Schema, Table, Tx, Write,
};

/// A pier of three ages: 1 had a number for a name, 2 had no length, 3 keeps its bollards in rows of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pier {
    id: u32,
    name: String,
    length: u32,
    /// Only of older schemas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bollards: Vec<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Bollard {
    pier: u32,
    number: u32,
}

const BY_LENGTH: Index<Pier> = Index::new("piers.by_length");
const BY_NAME: Index<Pier> = Index::unique("piers.by_name");

impl Record for Pier {
    const TABLE: Table = Table("piers");
    const SCHEMA: u8 = 3;
    const INDEXES: &'static [Index<Self>] = &[BY_LENGTH, BY_NAME];
    type Key = u32;

    fn key(&self) -> u32 {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_LENGTH, &self.length);
        out.add(BY_NAME, &self.name);
    }

    fn upcast(from: u8, mut value: Value) -> Result<Value, String> {
        match from {
            1 => {
                value["name"] =
                    json!(format!("Pier {}", value["name"].as_u64().ok_or("its name is no number")?));
            }
            _ => value["length"] = json!(100),
        }
        Ok(value)
    }

    fn rewrite(mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        for number in std::mem::take(&mut self.bollards) {
            tx.put(&Bollard { pier: self.id, number })?;
        }
        tx.put(&self)
    }
}

impl Record for Bollard {
    const TABLE: Table = Table("bollards");
    type Key = (u32, u32);

    fn key(&self) -> Self::Key {
        (self.pier, self.number)
    }
}

fn schema() -> Schema {
    Schema::default().with::<Pier>().with::<Bollard>()
}

/// As releases of the past left it: `id % 3` has schemas 1, 2 and today's.
fn row(id: u32) -> Write {
    let name = format!("Pier {id}");
    let (schema, json) = match id % 3 {
        0 => (1, json!({ "id": id, "name": id, "bollards": [7, 8] })),
        1 => (2, json!({ "id": id, "name": name, "bollards": [9] })),
        _ => (3, json!({ "id": id, "name": name, "length": 100 })),
    };
    let mut value = vec![schema];
    serde_json::to_writer(&mut value, &json).unwrap();
    Write { table: Pier::TABLE, key: id.to_bytes(), value: Some(value) }
}

/// A store that an older release left: rows of the middle age have the one index of that time.
async fn harbour(db: &Db, piers: u32) {
    let mut writes: Vec<_> = (0..piers).map(row).collect();
    for id in (0..piers).filter(|id| id % 3 == 2) {
        let (by_length, by_name) = ((100_u32, id).to_bytes(), format!("Pier {id}").to_bytes());
        for (table, key) in [("piers.by_length", by_length), ("piers.by_name", by_name)] {
            writes.push(Write { table: Table(table), key, value: Some(id.to_bytes()) });
        }
    }
    db.store().commit(Batch { writes, ..Batch::default() }).await.unwrap();
}

fn go_on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn counts(db: &Db) -> (usize, usize, usize) {
    db.read(|reader| {
        let bollards = reader.count(&Query::<Bollard>::all())?;
        let indexed = reader.count(&Query::by(BY_LENGTH).prefix(&100_u32))?;
        Ok::<_, Error>((indexed, reader.count(&Query::by(BY_NAME))?, bollards))
    })
    .unwrap()
}

#[tokio::test]
async fn old_rows_become_young_once() {
    for (db, _folder) in dbs() {
        harbour(&db, 1_000).await;
        assert_eq!(db.verify(&schema()).unwrap(), [], "old rows are no faults");
        assert!(db.claim(&schema()).await.unwrap());
        let done = db.rewrite(&schema(), go_on).await.unwrap();
        let Rewritten::All(done) = done else { panic!("{done:?}") };
        assert_eq!((done.seen, done.rewritten, done.skipped), (1_000, 667, 0));
        assert_eq!(counts(&db), (1_000, 1_000, 334 * 2 + 333));
        assert_eq!(db.verify(&schema()).unwrap(), []);
        db.read(|reader| {
            reader.each(&Query::<Pier>::all(), |pier| {
                assert_eq!((&pier.name, &pier.bollards), (&format!("Pier {}", pier.id), &vec![]));
                Ok::<_, Error>(true)
            })
        })
        .unwrap();
        let commits = db.store().health().batches;
        assert!(!db.claim(&schema()).await.unwrap());
        assert_eq!(db.rewrite(&schema(), go_on).await.unwrap(), Rewritten::All(Progress::default()));
        assert_eq!(db.store().health().batches, commits, "nothing is written when there is nothing to do");
    }
}

#[tokio::test]
async fn a_stop_loses_nothing() {
    for (db, _folder) in dbs() {
        harbour(&db, 1_000).await;
        let mut rewritten = 0;
        let mut parts = 0;
        loop {
            // One step, then the process ends.
            let mut steps = 0;
            let once = |_: &Progress| {
                steps += 1;
                if steps > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            parts += 1;
            match db.rewrite(&schema(), once).await.unwrap() {
                Rewritten::Stopped(part) => rewritten += part.rewritten,
                Rewritten::All(part) => {
                    rewritten += part.rewritten;
                    break;
                }
            }
            assert_eq!(db.verify(&schema()).unwrap(), []);
        }
        assert_eq!((rewritten, parts), (667, 5), "each row once, 256 rows a step");
        assert_eq!(counts(&db), (1_000, 1_000, 1_001));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_write_meanwhile() {
    for (db, _folder) in dbs() {
        harbour(&db, 600).await;
        let written = Arc::new(AtomicU64::new(0));
        let writers = (0..4).map(|writer| {
            let (db, written) = (db.clone(), written.clone());
            tokio::spawn(async move {
                for id in (writer..600_u32).step_by(4).chain(600 + writer * 10..605 + writer * 10) {
                    db.write(|tx| {
                        let pier = tx.get::<Pier>(&id)?;
                        let pier = pier.unwrap_or(Pier {
                            id,
                            name: format!("Pier {id}"),
                            length: 0,
                            bollards: vec![],
                        });
                        tx.put(&Pier { length: pier.length + 1, ..pier })
                    })
                    .await
                    .unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        let done = db.rewrite(&schema(), go_on).await.unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
        let Rewritten::All(done) = done else { panic!("{done:?}") };
        assert!(done.rewritten <= 400 && done.skipped == 0, "{done:?}");
        let longer = db.read(|reader| reader.count(&Query::by(BY_LENGTH).prefix(&101_u32))).unwrap();
        assert_eq!((longer, written.load(Ordering::Relaxed)), (600, 620), "no change was lost");
        assert_eq!(db.verify(&schema()).unwrap(), []);
    }
}

#[tokio::test]
async fn rows_that_cannot_be_rewritten_keep_nobody() {
    let db = db();
    let torn = Write { table: Pier::TABLE, key: 1_u32.to_bytes(), value: Some(b"\x01{".to_vec()) };
    let mut twin = row(6);
    twin.key = 99_u32.to_bytes();
    twin.value = Some(br#".{"id":99,"name":"Pier 3"}"#.to_vec());
    twin.value.as_mut().unwrap()[0] = 2;
    let writes = vec![row(0), torn, row(3), row(4), twin];
    db.store().commit(Batch { writes, ..Batch::default() }).await.unwrap();
    let done = db.rewrite(&schema(), go_on).await.unwrap();
    let Rewritten::All(done) = done else { panic!("{done:?}") };
    assert_eq!((done.seen, done.rewritten, done.skipped), (5, 3, 2));
}

#[tokio::test]
async fn a_newer_release_is_respected() {
    /// The type of an older release.
    #[derive(Serialize, Deserialize)]
    struct Old {
        id: u32,
    }
    impl Record for Old {
        const TABLE: Table = Pier::TABLE;
        const SCHEMA: u8 = 2;
        type Key = u32;
        fn key(&self) -> u32 {
            self.id
        }
    }
    let newer = |done: Result<(), Error>| assert!(matches!(done, Err(Error::Newer(_))), "{done:?}");
    let old = Schema::default().with::<Old>();
    // The row tells.
    let rows = db();
    rows.store().commit(Batch { writes: vec![row(0), row(1), row(2)], ..Batch::default() }).await.unwrap();
    newer(rows.rewrite(&old, go_on).await.map(|_| ()));
    // The claim tells, before there is such a row.
    let claimed = db();
    claimed.claim(&schema()).await.unwrap();
    newer(claimed.claim(&old).await.map(|_| ()));
    newer(claimed.rewrite(&old, go_on).await.map(|_| ()));
}
