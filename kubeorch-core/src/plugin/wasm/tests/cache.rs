//! Code on disk: found, refused when it is not as it was written, bounded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Guest, catalog, limits};
use crate::plugin::wasm::{CacheOptions, Compilations, Host, Limits};
use crate::time::ManualClock;

struct Disk {
    root: tempfile::TempDir,
    clock: Arc<ManualClock>,
    size: u64,
}

impl Disk {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_000_000));
        Self { root: tempfile::tempdir().unwrap(), clock, size: 1 << 30 }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    fn options(&self) -> CacheOptions {
        CacheOptions::new(self.folder()).size(self.size).clock(self.clock.clone())
    }

    /// Loads plugins one after the other on a host of their own, as a start of the program does.
    async fn start_with(&self, limits: Limits, ids: &[&str]) -> (u64, u64, u64) {
        let host = Host::with_cache(limits, self.options()).unwrap();
        for id in ids {
            self.clock.advance(Duration::from_secs(1));
            let plugin = host.load(id, component(id)).await.unwrap();
            assert_eq!(plugin.info().id, *id, "code of another plugin");
        }
        let Compilations { compiled, cached, damaged } = host.compilations();
        (compiled, cached, damaged)
    }

    async fn start(&self, ids: &[&str]) -> (u64, u64, u64) {
        self.start_with(limits(), ids).await
    }

    /// The file of a plugin's code.
    fn file(&self, id: &str) -> PathBuf {
        use sha2::{Digest, Sha256};
        let digest: String = Sha256::digest(component(id)).iter().map(|byte| format!("{byte:02x}")).collect();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(&digest);
        self.files().into_iter().find(name).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

fn component(id: &str) -> Arc<[u8]> {
    Guest::with_catalog(catalog(id, &[id])).bytes()
}

#[tokio::test]
async fn a_component_is_compiled_once() {
    let disk = Disk::new();
    assert_eq!(disk.start(&["a", "b", "a"]).await, (2, 1, 0));
    assert_eq!(disk.start(&["a", "b"]).await, (0, 2, 0));
    // Other bounds may refuse it, so it is looked at again.
    let stricter = Limits { function: 100_000, ..limits() };
    assert_eq!(disk.start_with(stricter, &["a"]).await, (1, 0, 0));
    assert_eq!(disk.start(&["a", "b"]).await, (0, 2, 0));
}

#[tokio::test]
async fn bounds_hold_for_what_is_kept() {
    let disk = Disk::new();
    disk.start(&["a"]).await;
    let strict = Limits { function: 10, ..limits() };
    let host = Host::with_cache(strict, disk.options()).unwrap();
    let error = host.load("a", component("a")).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("bytes, at most 10 are allowed"), "{error}");
}

fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path, to: impl Fn(usize) -> usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..to(bytes.len())]).unwrap();
}

#[tokio::test]
async fn what_is_not_as_it_was_written_is_compiled_again() {
    type Harm = fn(&Disk, &Path);
    let harms: [(&str, Harm); 13] = [
        ("a bit of the tag", |_, file| flip(file, |_| 0)),
        ("a bit of the header", |_, file| flip(file, |_| 40)),
        ("a bit in the middle", |_, file| flip(file, |size| size / 2)),
        ("the last bit", |_, file| flip(file, |size| size - 1)),
        ("empty", |_, file| cut(file, |_| 0)),
        ("shorter than a tag", |_, file| cut(file, |_| 31)),
        ("a tag and nothing", |_, file| cut(file, |_| 32)),
        ("half", |_, file| cut(file, |size| size / 2)),
        ("a byte short", |_, file| cut(file, |size| size - 1)),
        ("a byte long", |_, file| {
            let mut bytes = fs::read(file).unwrap();
            bytes.push(0);
            fs::write(file, bytes).unwrap();
        }),
        ("code of another plugin", |disk, file| {
            fs::copy(disk.file("b"), file).unwrap();
        }),
        ("another installation's", |disk, file| {
            let other = Disk::new();
            let host = futures::executor::block_on(async { other.start(&["a"]).await });
            assert_eq!(host.0, 1);
            fs::copy(other.file("a"), file).unwrap();
            assert!(disk.folder().exists());
        }),
        ("the key is lost", |disk, _| {
            fs::remove_file(disk.root.path().join("cache.key")).unwrap();
        }),
    ];
    for (harm, apply) in harms {
        let disk = Disk::new();
        assert_eq!(disk.start(&["a", "b"]).await, (2, 0, 0), "{harm}");
        let file = disk.file("a");
        apply(&disk, &file);
        assert_eq!(disk.start(&["a"]).await, (1, 0, 1), "{harm}");
        assert_eq!(disk.start(&["a"]).await, (0, 1, 0), "{harm}: it is not put right");
    }
}

#[tokio::test]
async fn code_of_another_engine_in_its_place_is_compiled_again() {
    let disk = Disk::new();
    let other = Limits { function: 100_000, ..limits() };
    disk.start(&["a"]).await;
    let file = disk.file("a");
    let code = fs::read(&file).unwrap();
    fs::remove_file(file).unwrap();
    disk.start_with(other.clone(), &["a"]).await;
    fs::write(disk.file("a"), code).unwrap();
    assert_eq!(disk.start_with(other, &["a"]).await, (1, 0, 1));
}

#[tokio::test]
async fn what_was_used_least_recently_goes_first() {
    let mut disk = Disk::new();
    disk.start(&["a", "b"]).await;
    let sizes: u64 = disk.files().iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    disk.size = sizes + 1024;
    // What a writer left that died long ago counts too.
    fs::write(disk.folder().join("1-0.draft"), [0; 1000]).unwrap();
    fs::File::open(disk.folder().join("1-0.draft")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(disk.start(&["a", "c"]).await, (1, 1, 0));
    assert_eq!(disk.files().len(), 2);
    assert_eq!(disk.start(&["a", "c"]).await, (0, 2, 0));
    assert_eq!(disk.start(&["b"]).await, (1, 0, 0));
    assert_eq!(disk.start(&["a"]).await, (1, 0, 0), "a was used before c");
    let sum: u64 = disk.files().iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(sum <= disk.size, "{sum} bytes of {}", disk.size);
}

#[tokio::test]
async fn plugins_work_without_a_cache() {
    type Harm = fn(&Disk);
    let harms: [(&str, Harm); 5] = [
        ("a file in the folder's place", |disk| fs::write(disk.folder(), "").unwrap()),
        ("a folder in a file's place", |disk| {
            disk_start(disk);
            let file = disk.file("a");
            fs::remove_file(&file).unwrap();
            fs::create_dir_all(file.join("x")).unwrap();
        }),
        ("a key of another length", |disk| {
            disk_start(disk);
            fs::write(disk.root.path().join("cache.key"), "short").unwrap();
        }),
        ("a folder that opens for others", |disk| {
            fs::create_dir(disk.folder()).unwrap();
            mode(&disk.folder(), 0o755);
        }),
        ("a key that opens for others", |disk| {
            disk_start(disk);
            mode(&disk.root.path().join("cache.key"), 0o644);
        }),
    ];
    for (harm, apply) in harms {
        let disk = Disk::new();
        apply(&disk);
        let (compiled, cached, _) = disk.start(&["a"]).await;
        assert_eq!((compiled, cached), (1, 0), "{harm}");
    }
    let small = Disk { size: 100, ..Disk::new() };
    assert_eq!(small.start(&["a", "a"]).await, (2, 0, 0), "a cache that is too small for it");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_or_write_it() {
    use std::os::unix::fs::MetadataExt as _;
    let disk = Disk::new();
    disk.start(&["a"]).await;
    for (path, expected) in
        [(disk.folder(), 0o700), (disk.file("a"), 0o600), (disk.root.path().join("cache.key"), 0o600)]
    {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, expected, "{}", path.display());
    }
    // Somebody else's: handed over where this runs as root, the system's otherwise.
    let folder = match std::os::unix::fs::chown(disk.folder(), Some(65534), None) {
        Ok(()) => disk.folder(),
        Err(_) => "/usr".into(),
    };
    let host =
        Host::with_cache(limits(), CacheOptions::new(folder).key(disk.root.path().join("key"))).unwrap();
    host.load("a", component("a")).await.map(drop).unwrap();
    assert_eq!(host.compilations().compiled, 1);
    assert!(!disk.root.path().join("key").exists(), "a key for a folder that is not used");
}

fn disk_start(disk: &Disk) {
    assert_eq!(futures::executor::block_on(disk.start(&["a"])).0, 1);
}

fn mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}
