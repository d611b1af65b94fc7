//! What happens to the file: reopening, foreign files, a disk that fails.
#![cfg(feature = "redb")]

use std::path::Path;
use std::sync::Arc;

use ::redb::{Database, ReadableDatabase, TableDefinition};

use super::layer::{BY_NAME, Ship, ship};
use super::{START, clock};
use crate::store::redb::{Options, Redb};
use crate::store::{Db, Error, Schema, Seq};

pub(super) fn open(folder: &Path) -> Result<Redb, Error> {
    Redb::open(folder.join("store.redb"), Options::default(), clock())
}

#[tokio::test]
async fn a_reopened_file_has_everything_and_goes_on_counting() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let db = Db::new(Arc::new(open(folder.path()).unwrap()), clock());
        assert_eq!(*db.head().borrow(), Seq(u64::from(round - 1)));
        let (number, seq) = db
            .write(|tx| {
                tx.insert(&ship(round, &format!("ship {round}"), "Kiel", 0))?;
                tx.event("fleet", "grown", &round)?;
                tx.next(&"ships")
            })
            .await
            .unwrap();
        assert_eq!((number, seq), (u64::from(round), Seq(u64::from(round))));
        let events = db.read(|r| r.stream("fleet", 0, 9)).unwrap();
        assert_eq!(events.len(), round as usize);
        assert!(events.iter().all(|event| event.at == START));
        assert_eq!(db.read(|r| r.find(BY_NAME, &"ship 1")).unwrap().unwrap().id, 1);
        assert_eq!(db.verify(&Schema::default().with::<Ship>()).unwrap(), []);
    }
}

#[test]
fn dropping_the_store_writes_what_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::new(Arc::new(open(folder.path()).unwrap()), clock());
    // Polled once, so each batch is in the queue, and then abandoned.
    for id in 0..50 {
        use futures::FutureExt;
        let _ = db.write(|tx| tx.insert(&ship(id, &id.to_string(), "", 0))).now_or_never();
    }
    drop(db);
    let db = Db::new(Arc::new(open(folder.path()).unwrap()), clock());
    assert_eq!(db.read(|r| r.count(&crate::store::Query::<Ship>::all())).unwrap(), 50);
}

#[test]
fn a_second_opener_is_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let second = open(folder.path()).map(|_| ());
    assert!(matches!(second, Err(Error::Locked(_))), "{second:?}");
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn files_that_are_no_store_are_left_alone() {
    type Make = fn(&Path);
    let cases: [(&str, Make, &str); 5] = [
        ("text", |path| std::fs::write(path, "Dear diary").unwrap(), "store.damaged"),
        ("zeros", |path| std::fs::write(path, vec![0; 65_536]).unwrap(), "store.damaged"),
        ("foreign", |path| fill(path, "recipes", 1), "store.damaged"),
        ("newer", |path| fill(path, "!meta", 2), "store.newer"),
        ("older", |path| fill(path, "!meta", 0), "store.damaged"),
    ];
    for (name, make, code) in cases {
        let folder = tempfile::tempdir().unwrap();
        make(&folder.path().join("store.redb"));
        let error = crate::Error::from(open(folder.path()).map(|_| ()).unwrap_err());
        assert_eq!(error.code().name, code, "{name}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = Redb::open(folder.path().join("no/such/folder"), Options::default(), clock()).map(|_| ());
    assert!(matches!(error, Err(Error::Unavailable(_))), "{error:?}");
}

/// A redb file with one table.
fn fill(path: &Path, table: &str, format: u64) {
    let database = Database::create(path).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(TableDefinition::<&str, u64>::new(table)).unwrap().insert("format", format).unwrap();
    write.commit().unwrap();
    drop(database.begin_read().unwrap());
}
