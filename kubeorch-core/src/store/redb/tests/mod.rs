//! A disk that runs full or fails.

mod pages;

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::redb::StorageBackend;
use ::redb::backends::FileBackend;

use super::meter::Meter;
use super::{Durability, Medium, Options, Redb};
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
    let (path, disk) = (folder.path().join("store"), disk.clone());
    let open = move || {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        let file = FileBackend::new(file).map_err(io::Error::other)?;
        Ok(Box::new(Faulty { file, disk: disk.clone() }) as Box<dyn StorageBackend>)
    };
    let medium = Medium { open: Box::new(open), free: Box::new(|| Ok(u64::MAX)) };
    let clock = Arc::new(ManualClock::at_millis(0));
    Redb::open_on("faulty", medium, Options::default(), clock).unwrap()
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
            assert!(matches!(error, Error::Full | Error::Unknown(_)), "{left}: {error:?}");
            assert!(matches!(again, Ok(_) | Err(Error::Full)), "{left}: {again:?}");
        }
        let seq = store.commit(batch(4, 10)).await.unwrap_or_else(|error| panic!("{left}: {error}"));
        assert!(has(&store, 1) && has(&store, 4), "{left}");
        let view = store.snapshot().unwrap();
        let stored =
            u64::try_from(view.count(T, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded).unwrap());
        assert_eq!((stored.unwrap(), *store.head().borrow()), (seq.0, seq), "{left}: one event per row");
        assert!(view.events(Seq(0), 9).unwrap().iter().map(|event| event.seq.0).eq(1..=seq.0), "{left}");
        match done {
            Ok(_) => assert!(has(&store, 2), "{left}"),
            Err(Error::Full) => assert!(!has(&store, 2), "{left}"),
            Err(_) => {}
        }
    }
    assert!(failed > 3, "the faults must hit commits: {failed}");
}

/// After any other failure the store reads, refuses writes, and writes again once the disk does.
#[tokio::test]
async fn a_failing_disk_is_read_only_until_it_works_again() {
    for left in 0..16 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk { left: AtomicUsize::new(HEALTHY), kind: io::ErrorKind::Other });
        let store = open(&folder, &disk);
        store.commit(batch(1, 10)).await.unwrap();
        disk.left.store(left, Ordering::SeqCst);
        let done = store.commit(batch(2, 10)).await;
        let after = store.commit(batch(3, 10)).await;
        let dead = disk.left.load(Ordering::SeqCst) == 0;
        if dead {
            assert!(matches!(after, Err(Error::ReadOnly(_) | Error::Unknown(_))), "{left}: {after:?}");
            assert!(store.health().refuses.is_some(), "{left}");
        }
        disk.left.store(HEALTHY, Ordering::SeqCst);
        store.commit(batch(4, 10)).await.unwrap_or_else(|error| panic!("{left}: {error}"));
        assert_eq!(store.health().refuses, None);
        assert!(has(&store, 1) && has(&store, 4), "{left}");
        match done {
            Ok(_) => assert!(has(&store, 2), "{left}"),
            Err(Error::ReadOnly(_)) => assert!(!has(&store, 2), "{left}"),
            Err(Error::Unknown(_)) => {}
            Err(error) => panic!("{left}: {error}"),
        }
    }
}

/// A file that a crash left on a file system without writes can be read.
#[tokio::test]
async fn a_file_that_cannot_be_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    for durability in [Durability::Safe, Durability::Fast] {
        let options = Options { durability, ..Options::default() };
        let store = Redb::open(&path, options, Arc::new(ManualClock::at_millis(0))).unwrap();
        store.commit(batch(1, 10)).await.unwrap();
        std::fs::copy(&path, &copy).unwrap();
        let source = copy.clone();
        let open = move || {
            let file = FileBackend::new(File::open(&source)?).map_err(io::Error::other)?;
            Ok(Box::new(file) as Box<dyn StorageBackend>)
        };
        let medium = Medium { open: Box::new(open), free: Box::new(|| Ok(u64::MAX)) };
        let before = std::fs::read(&copy).unwrap();
        assert!(
            super::medium::probe(&medium).is_err() && super::medium::open(&medium, &options, "f").is_err()
        );
        let (_, facts) = super::medium::open_to_read(&medium, &options, "f").unwrap();
        assert!(facts.head > Seq(0));
        assert_eq!(std::fs::read(&copy).unwrap(), before);
    }
}

/// A crash while a store is made leaves a draft in any state; the next start makes the store all the same, unless another
/// process is still at it.
#[test]
fn a_draft_that_a_crash_left_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, draft) = (folder.path().join("store"), folder.path().join("store.new"));
    let open = || Redb::open(&path, Options::default(), Arc::new(ManualClock::at_millis(0))).map(drop);
    open().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let without = |from: usize, len: usize| {
        let mut bytes = whole.clone();
        bytes[from..from + len].fill(0);
        bytes
    };
    for (name, left) in [
        ("without a first block", without(0, 4096)),
        ("without redb's header", without(8192, 512)),
        ("with half a header", without(8192 + 256, 256)),
        ("cut short", whole[..20_000].to_vec()),
        ("whole", whole.clone()),
    ] {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&draft, &left).unwrap();
        let other = File::open(&draft).unwrap();
        other.lock().unwrap();
        assert!(matches!(open(), Err(Error::Locked(_))), "{name}: {:?}", open());
        drop(other);
        open().unwrap_or_else(|error| panic!("{name}: {error}"));
        open().unwrap_or_else(|error| panic!("{name}, once made: {error}"));
        assert!(!draft.exists());
    }
}

/// A disk that is nearly full refuses before it writes, and takes writes again without being opened anew.
#[tokio::test]
async fn the_reserve_of_the_disk_is_kept() {
    let free = Arc::new(AtomicUsize::new(300 << 20));
    let told = free.clone();
    let memory = Arc::new(::redb::backends::InMemoryBackend::new());
    let open = move || Ok(Box::new(Shared(memory.clone())) as Box<dyn StorageBackend>);
    let room = move || Ok(told.load(Ordering::SeqCst) as u64);
    let medium = Medium { open: Box::new(open), free: Box::new(room) };
    let clock = Arc::new(ManualClock::at_millis(0));
    let store = Redb::open_on("memory", medium, Options::default(), clock).unwrap();
    store.commit(batch(1, 10)).await.unwrap();
    free.store(100 << 20, Ordering::SeqCst);
    assert!(matches!(store.commit(batch(2, 10)).await, Err(Error::Full)));
    assert!(has(&store, 1) && !has(&store, 2));
    // What makes room is let through, together with what is refused, until nearly nothing is left.
    let remove = |number| {
        let gone = |it: Write| Write { value: None, ..it };
        Batch { writes: batch(number, 10).writes.into_iter().map(gone).collect(), ..Batch::default() }
    };
    let (removed, added) = tokio::join!(store.commit(remove(1)), store.commit(batch(2, 10)));
    assert!(removed.is_ok() && matches!(added, Err(Error::Full)));
    assert!(!has(&store, 1) && !has(&store, 2));
    store.commit(Batch { trim: Seq(1), ..Batch::default() }).await.unwrap();
    free.store(31 << 20, Ordering::SeqCst);
    assert!(matches!(store.commit(remove(1)).await, Err(Error::Full)));
    free.store(300 << 20, Ordering::SeqCst);
    store.commit(batch(2, 10)).await.unwrap();
}

#[derive(Debug)]
struct Shared(Arc<::redb::backends::InMemoryBackend>);

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// In either mode what was answered is there after a clean close, and after none.
#[tokio::test]
async fn both_modes_keep_what_they_answered() {
    for durability in [Durability::Safe, Durability::Fast] {
        let memory = Arc::new(::redb::backends::InMemoryBackend::new());
        for round in 1..=3 {
            let memory = memory.clone();
            let open = move || Ok(Box::new(Shared(memory.clone())) as Box<dyn StorageBackend>);
            let medium = Medium { open: Box::new(open), free: Box::new(|| Ok(u64::MAX)) };
            let options = Options { durability, ..Options::default() };
            let store = Redb::open_on("m", medium, options, Arc::new(ManualClock::at_millis(0))).unwrap();
            assert_eq!(store.commit(batch(round, 10)).await.unwrap(), Seq(u64::from(round)));
            assert!((1..=round).all(|key| has(&store, key)), "{durability:?} {round}");
            // A crash: nothing is closed.
            if round == 2 {
                std::mem::forget(store);
            }
        }
    }
}

/// What waits for the writer is bounded in bytes, and an empty queue takes any batch.
#[test]
fn the_queue_is_bounded_in_bytes() {
    let meter = Arc::new(Meter::default());
    assert!(meter.enqueue(500, 100), "one always fits");
    assert!(!meter.enqueue(1, 100));
    meter.took(1, 500);
    assert!(meter.enqueue(60, 100) && meter.enqueue(40, 100) && !meter.enqueue(1, 100));
    assert_eq!(meter.health(0).waiting, 2);
}

#[tokio::test]
async fn health_tells_of_open_views_and_commits() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Disk { left: AtomicUsize::new(HEALTHY), kind: io::ErrorKind::Other });
    let store = open(&folder, &disk);
    assert_eq!(store.health().oldest_view, None);
    let view = store.snapshot().unwrap();
    assert!(store.health().oldest_view.is_some());
    drop(view);
    store.commit(batch(1, 10)).await.unwrap();
    let health = store.health();
    assert_eq!((health.oldest_view, health.batches, health.commits, health.waiting), (None, 1, 1, 0));
}

/// A part of the file that does not read takes nobody with it who does not need it.
#[test]
fn a_damaged_block_harms_only_the_batch_that_needs_it() {
    use futures::executor::block_on;
    use futures::future::join_all;

    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at_millis(0)));
    let path = folder.path().join("store");
    let options = Options { cache_bytes: 1 << 20, ..Options::default() };
    let store = Redb::open(&path, options, clock.clone()).unwrap();
    for key in 0..200 {
        block_on(store.commit(batch(key, 3_000))).unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let damaged = [7; 100];
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(damaged.len()).position(|window| window == damaged) {
        bytes[from + at + 50] ^= 1;
        from += at + 100;
    }
    std::fs::write(&path, bytes).unwrap();

    let store = Redb::open(&path, options, clock).unwrap();
    let keys = [100, 7, 120, 140, 7, 160, 180];
    for round in 0..10 {
        let answers = block_on(join_all(keys.map(|key| store.commit(batch(key, 3_000 + round)))));
        for (key, answer) in keys.into_iter().zip(answers) {
            match answer {
                Ok(_) => assert_ne!(key, 7),
                Err(error) => assert!(key == 7 && matches!(error, Error::Damaged { .. }), "{key}: {error:?}"),
            }
        }
    }
}
