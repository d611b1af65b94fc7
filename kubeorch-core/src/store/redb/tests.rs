//! A disk that runs full or fails.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::redb::backends::FileBackend;
use ::redb::{Builder, DatabaseError, StorageBackend};

use super::{Options, Redb};
use crate::store::{Batch, Error, NewEvent, Seq, Store, Table, Write};
use crate::time::ManualClock;

const T: Table = Table("fault");
const HEALTHY: usize = usize::MAX;

/// After `left` more writes or flushes every further one fails.
#[derive(Debug)]
struct Disk {
    left: AtomicUsize,
    kind: io::ErrorKind,
}

#[derive(Debug)]
struct Faulty {
    file: FileBackend,
    disk: Arc<Disk>,
}

impl Faulty {
    fn spend(&self) -> io::Result<()> {
        let spent = self.disk.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            HEALTHY => Some(HEALTHY),
            left => left.checked_sub(1),
        });
        spent.map(drop).map_err(|_| self.disk.kind.into())
    }
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.spend()?;
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.spend()?;
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.spend()?;
        self.file.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

fn open(folder: &tempfile::TempDir, disk: &Arc<Disk>) -> Redb {
    let (path, disk) = (folder.path().join("store.redb"), disk.clone());
    let opener = move || {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        let file = FileBackend::new(file)?;
        Builder::new().create_with_backend(Faulty { file, disk: disk.clone() }) as Result<_, DatabaseError>
    };
    let clock = Arc::new(ManualClock::at_millis(0));
    Redb::start("faulty".to_owned(), &Options::default(), Box::new(opener), clock).unwrap()
}

fn batch(key: u8, bytes: usize) -> Batch {
    let event = NewEvent { stream: "s".to_owned(), kind: "k".to_owned(), payload: vec![] };
    let write = Write { table: T, key: vec![key], value: Some(vec![key; bytes]) };
    Batch { writes: vec![write], events: vec![event], ..Batch::default() }
}

fn has(store: &Redb, key: u8) -> bool {
    store.snapshot().unwrap().get(T, &[key]).unwrap().is_some()
}

/// Whatever write or flush of a commit is the first to fail: nothing is half there, and with room again
/// the same store goes on.
#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let mut failed = 0;
    for left in 0..16 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk { left: AtomicUsize::new(HEALTHY), kind: io::ErrorKind::StorageFull });
        let store = open(&folder, &disk);
        assert_eq!(store.commit(batch(1, 10)).await.unwrap(), Seq(1));
        disk.left.store(left, Ordering::SeqCst);
        let done = store.commit(batch(2, 1 << 20)).await;
        let again = store.commit(batch(3, 1 << 20)).await;
        disk.left.store(HEALTHY, Ordering::SeqCst);
        if let Err(error) = &done {
            failed += 1;
            assert!(matches!(error, Error::Full), "{left}: {error:?}");
            assert!(matches!(again, Ok(_) | Err(Error::Full)), "{left}: {again:?}");
        }
        let seq = store.commit(batch(4, 10)).await.unwrap_or_else(|error| panic!("{left}: {error}"));
        assert!(has(&store, 1) && has(&store, 4), "{left}");
        let view = store.snapshot().unwrap();
        let stored =
            u64::try_from(view.count(T, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded).unwrap());
        assert_eq!((stored.unwrap(), *store.head().borrow()), (seq.0, seq), "{left}: one event per row");
        assert!(view.events(Seq(0), 9).unwrap().iter().map(|event| event.seq.0).eq(1..=seq.0), "{left}");
        assert!(done.is_err() || has(&store, 2), "{left}");
    }
    assert!(failed > 3, "the faults must hit commits: {failed}");
}

/// After any other failure nothing is written until a restart, and that finds what was acknowledged.
#[tokio::test]
async fn a_failing_disk_ends_writing() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Disk { left: AtomicUsize::new(HEALTHY), kind: io::ErrorKind::Other });
    let store = open(&folder, &disk);
    store.commit(batch(1, 10)).await.unwrap();
    disk.left.store(0, Ordering::SeqCst);
    for key in [2, 3] {
        let done = store.commit(batch(key, 10)).await;
        assert!(matches!(done, Err(Error::Unavailable(_))), "{done:?}");
        disk.left.store(HEALTHY, Ordering::SeqCst);
    }
    drop(store);
    let store = open(&folder, &disk);
    assert!(has(&store, 1) && !has(&store, 3));
    store.commit(batch(4, 10)).await.unwrap();
}
