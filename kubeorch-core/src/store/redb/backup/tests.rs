//! Backups of a store that is used, chains of them, and what is wrong with files.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Manifest, restore};
use crate::store::redb::{Options, Redb, compact};
use crate::store::tests::layer::{BY_NAME, Ship, ship};
use crate::store::{Db, Error, Query, Schema, Seq};
use crate::time::ManualClock;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_millis(1_767_225_600_000))
}

fn open(path: &Path) -> (Arc<Redb>, Db) {
    let store = Arc::new(Redb::open(path, Options::default(), clock()).unwrap());
    (Arc::clone(&store), Db::new(store, clock()))
}

fn schema() -> Schema {
    Schema::default().with::<Ship>()
}

fn go(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

async fn put(db: &Db, id: u32, name: &str) {
    let done = db.write(|tx| {
        tx.put(&ship(id, name, "Kiel", 0))?;
        tx.event(format!("ship:{id}"), "put", &id)?;
        tx.event("fleet", "put", &id)
    });
    done.await.unwrap();
}

fn names(db: &Db) -> Vec<String> {
    db.read(|r| r.list(&Query::<Ship>::by(BY_NAME))).unwrap().into_iter().map(|ship| ship.name).collect()
}

#[tokio::test]
async fn a_chain_restores_what_was_there_at_each_of_its_backups() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (store, db) = open(&at("live"));
    for id in 0..50 {
        put(&db, id, &format!("ship {id:02}")).await;
    }
    let full = store.backup(&at("full"), go).unwrap();
    assert_eq!((full.head, full.rows["ships"], full.base), (Seq(100), 50, None));
    // Changed, removed, added; the event of a new stream comes and goes between two backups.
    put(&db, 1, "renamed").await;
    db.write(|tx| tx.remove::<Ship>(&2).map(drop)).await.unwrap();
    put(&db, 77, "new").await;
    db.write(|tx| {
        tx.trim(Seq(103));
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    let then = names(&db);
    let first = store.backup_since(&at("full"), &at("first"), go).unwrap();
    assert_eq!((first.trimmed, first.head), (Seq(103), Seq(104)));
    put(&db, 3, "again").await;
    store.backup_since(&at("first"), &at("second"), go).unwrap();
    let now = names(&db);
    for (count, wanted) in [(2, &then), (3, &now)] {
        let chain: Vec<PathBuf> = ["full", "first", "second"][..count].iter().map(|name| at(name)).collect();
        let path = at(&format!("restored {count}"));
        restore(&chain, &path, &schema(), clock()).unwrap();
        let (_, restored) = open(&path);
        assert_eq!(&names(&restored), wanted);
        assert_eq!(restored.verify(&schema()).unwrap(), []);
        assert_eq!(restored.read(|r| Ok::<_, Error>(r.trimmed())).unwrap(), Seq(103));
        // The streams go on counting where they were, also one whose events are all gone.
        put(&restored, 77, "newer").await;
        let events = restored.read(|r| r.stream("ship:77", 0, 9)).unwrap();
        assert_eq!(events.last().map(|event| event.stream_seq), Some(2), "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_is_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (store, db) = open(&folder.path().join("live"));
    let writers: Vec<_> = (0..16)
        .map(|writer: u32| {
            let db = db.clone();
            tokio::spawn(async move {
                for round in 0..60 {
                    put(&db, writer * 100 + round % 10, &format!("{writer} {round}")).await;
                }
            })
        })
        .collect();
    let path = folder.path().to_owned();
    let backups = tokio::task::spawn_blocking(move || {
        (0..4).map(|n| store.backup(&path.join(format!("full {n}")), go).unwrap()).collect::<Vec<_>>()
    });
    let manifests = backups.await.unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    for (number, manifest) in manifests.iter().enumerate() {
        let target = folder.path().join(format!("restored {number}"));
        let restored = restore(&[folder.path().join(format!("full {number}"))], &target, &schema(), clock());
        assert_eq!(&restored.unwrap(), manifest);
        let (_, db) = open(&target);
        assert_eq!(db.read(|r| Ok::<_, Error>(r.seq())).unwrap(), manifest.head);
        // Each put is one record and two events: a ship with n events was put n times.
        for ship in db.read(|r| r.list(&Query::<Ship>::all())).unwrap() {
            let events = db.read(|r| r.stream(&format!("ship:{}", ship.id), 0, 99)).unwrap().len();
            let round: usize = ship.name.split(' ').nth(1).unwrap().parse().unwrap();
            assert_eq!(round / 10 + 1, events, "{ship:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_good_backup_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (store, db) = open(&at("live"));
    put(&db, 1, "one").await;
    store.backup(&at("full"), go).unwrap();
    put(&db, 2, "two").await;
    store.backup_since(&at("full"), &at("increment"), go).unwrap();
    // A destination that is there, a backup that is stopped.
    assert!(matches!(store.backup(&at("full"), go), Err(Error::Destination { .. })));
    let inside = store.backup(&at("live").join("folder"), go);
    assert!(matches!(&inside, Err(Error::Destination { .. })), "{inside:?}");
    assert!(store.backup(&at("stopped"), |_| ControlFlow::Break(())).is_err());
    // Another store, and a store that was restored, are not the base's.
    let (other, _) = open(&at("other"));
    assert!(matches!(other.backup_since(&at("full"), &at("wrong"), go), Err(Error::Unrelated { .. })));
    restore(&[at("full")], &at("restored"), &schema(), clock()).unwrap();
    let (restored, _) = open(&at("restored"));
    assert!(matches!(restored.backup_since(&at("full"), &at("wrong"), go), Err(Error::Unrelated { .. })));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "{left:?}");
    for chain in [vec!["increment"], vec!["full", "full"], vec!["increment", "full"], vec!["nowhere"], vec![]]
    {
        let chain: Vec<_> = chain.into_iter().map(at).collect();
        let refused = restore(&chain, &at("new"), &schema(), clock());
        assert!(refused.is_err() && !at("new").exists(), "{chain:?}");
    }
    for (backup, file) in [("full", "store"), ("increment", "changes")] {
        let path = at(backup).join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Manifest::check(&at(backup)), Err(Error::Damaged { .. })), "{backup}");
        let refused = restore(&[at("full"), at("increment")], &at("new"), &schema(), clock());
        assert!(matches!(refused, Err(Error::Damaged { .. })) && !at("new").exists(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_compacted_store_is_smaller_and_holds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live");
    let (store, db) = open(&path);
    for id in 0..30 {
        put(&db, id, &format!("{id} {}", "x".repeat(100_000))).await;
    }
    for id in 1..30 {
        db.write(|tx| tx.remove::<Ship>(&id).map(drop)).await.unwrap();
    }
    assert!(matches!(compact(&path), Err(Error::Locked(_))));
    drop((store, db));
    let done = compact(&path).unwrap();
    assert!(done.after < done.before, "{done:?}");
    let (_, db) = open(&path);
    assert_eq!(names(&db).len(), 1);
    assert_eq!(db.verify(&schema()).unwrap(), []);
    assert!(matches!(compact(&folder.path().join("nowhere")), Err(Error::Unavailable(_))));
}
