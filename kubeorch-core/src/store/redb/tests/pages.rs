//! The layer of checksums over bytes in memory.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::Arc;

use ::redb::backends::{FileBackend, InMemoryBackend};
use ::redb::{BackendError, StorageBackend};
use proptest::prelude::*;

use super::Shared;
use crate::store::redb::overlay::Overlay;
use crate::store::redb::pages::{BLOCK, Kind, Pages, SIZE, kind};
use crate::store::redb::sums::SUMS;

fn layer(below: &Arc<InMemoryBackend>) -> Pages {
    Pages::new(Box::new(Shared(below.clone()))).unwrap()
}

fn read(pages: &Pages, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    pages.read(offset, &mut bytes).map(|()| bytes)
}

#[test]
fn lengths_are_those_of_redb_also_where_a_group_ends() {
    let below = Arc::new(InMemoryBackend::new());
    let pages = layer(&below);
    for blocks in [0, 1, 2, SUMS - 1, SUMS, SUMS + 1, 2 * SUMS, 2 * SUMS + 1, 5, 0] {
        pages.set_len(blocks * BLOCK).unwrap();
        assert_eq!(pages.len().unwrap(), blocks * BLOCK);
        let groups = blocks.div_ceil(SUMS);
        assert_eq!(below.len().unwrap(), (1 + groups + blocks) * BLOCK, "one block of sums for a group");
    }
    assert_eq!(pages.set_len(BLOCK + 1).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn what_is_cut_off_reads_as_zeros_when_the_file_grows_again() {
    let below = Arc::new(InMemoryBackend::new());
    for reopen in [false, true] {
        let mut pages = layer(&below);
        pages.set_len(3 * BLOCK).unwrap();
        pages.write(BLOCK, &vec![7; 2 * SIZE]).unwrap();
        pages.set_len(2 * BLOCK).unwrap();
        pages.sync_data().unwrap();
        if reopen {
            pages = layer(&below);
        }
        pages.set_len(3 * BLOCK).unwrap();
        assert_eq!(read(&pages, BLOCK, SIZE).unwrap(), vec![7; SIZE]);
        assert_eq!(read(&pages, 2 * BLOCK, SIZE).unwrap(), vec![0; SIZE]);
    }
}

/// Any bit of the header's sector, of a block and of its checksum.
#[test]
fn a_changed_bit_is_an_error_at_its_block_and_nowhere_else() {
    let below = Arc::new(InMemoryBackend::new());
    let pages = layer(&below);
    pages.set_len(4 * BLOCK).unwrap();
    pages.write(0, &[9; 320]).unwrap();
    for block in 1..4 {
        pages.write(block * BLOCK, &vec![u8::try_from(block).unwrap(); SIZE]).unwrap();
    }
    pages.sync_data().unwrap();
    // Below: the first block, the sums, then redb's blocks.
    let places = (0..512)
        .map(|at| (2 * BLOCK + at, 0))
        .chain((0..BLOCK).step_by(61).map(|at| (4 * BLOCK + at, 2)))
        .chain((8..12).map(|at| (BLOCK + at, 2)));
    for (place, block) in places {
        let mut byte = [0];
        below.read(place, &mut byte).unwrap();
        below.write(place, &[byte[0] ^ 0x10]).unwrap();
        let fresh = Pages::new(Box::new(Shared(below.clone())));
        // The header is read to see how the file was closed.
        assert_eq!(fresh.is_err(), block == 0, "{place}");
        for other in if block == 0 { 0..0 } else { 0..4 } {
            let fresh = fresh.as_ref().unwrap();
            let found = read(fresh, other * BLOCK, if other == 0 { 320 } else { SIZE });
            let kind = found.as_ref().err().map(io::Error::kind);
            assert_eq!(kind, (other == block).then_some(ErrorKind::InvalidData), "{place} {other}");
        }
        below.write(place, &byte).unwrap();
    }
}

#[test]
fn a_block_in_a_wrong_place_is_an_error() {
    let below = Arc::new(InMemoryBackend::new());
    let pages = layer(&below);
    pages.set_len(3 * BLOCK).unwrap();
    pages.write(BLOCK, &vec![1; SIZE]).unwrap();
    pages.write(2 * BLOCK, &vec![2; SIZE]).unwrap();
    pages.sync_data().unwrap();
    let mut sums = [0; 12];
    let mut block = vec![0; SIZE];
    below.read(BLOCK, &mut sums).unwrap();
    below.read(3 * BLOCK, &mut block).unwrap();
    // Block 1 with its checksum, written over block 2 with its own.
    below.write(BLOCK + 8, &sums[4..8]).unwrap();
    below.write(4 * BLOCK, &block).unwrap();
    assert_eq!(read(&layer(&below), 2 * BLOCK, SIZE).unwrap_err().kind(), ErrorKind::InvalidData);
}

#[test]
fn the_first_bytes_tell_what_a_file_is() {
    let cases: [(&[u8], Kind); 6] = [
        (b"", Kind::Empty),
        (&[0; SIZE], Kind::Empty),
        (&[0; SIZE + 1], Kind::Foreign),
        (b"redb\x1a\x0a\xa9\x0d\x0a and more of it", Kind::Plain),
        (b"Dear diary", Kind::Foreign),
        (b"KubeOrch store\n\x02 of a later layout", Kind::Newer),
    ];
    for (bytes, wanted) in cases {
        let below = Arc::new(InMemoryBackend::new());
        below.set_len(bytes.len() as u64).unwrap();
        below.write(0, bytes).unwrap();
        assert_eq!(kind(&*below).unwrap(), wanted, "{:?}", bytes.first());
    }
    let below = Arc::new(InMemoryBackend::new());
    drop(layer(&below));
    assert_eq!(kind(&*below).unwrap(), Kind::Pages);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whole blocks at any place, read back in any pieces, also across groups and after a flush and reopening.
    #[test]
    fn it_holds_what_was_written(
        writes in prop::collection::vec((1_u64..2060, 1_usize..4, any::<u8>()), 1..20),
        reads in prop::collection::vec((4096_u64..8_400_000, 1_usize..20_000), 1..20),
    ) {
        let below = Arc::new(InMemoryBackend::new());
        let mut pages = layer(&below);
        let blocks = 2 * SUMS + 20;
        pages.set_len(blocks * BLOCK).unwrap();
        let mut model = vec![0_u8; usize::try_from(blocks * BLOCK).unwrap()];
        for (block, count, fill) in writes {
            let data = vec![fill; count * SIZE];
            pages.write(block * BLOCK, &data).unwrap();
            let at = usize::try_from(block * BLOCK).unwrap();
            model[at..at + data.len()].copy_from_slice(&data);
        }
        for round in 0..2 {
            for (offset, len) in &reads {
                let at = usize::try_from(*offset).unwrap();
                prop_assert_eq!(&read(&pages, *offset, *len).unwrap(), &model[at..at + len], "{}", round);
            }
            pages.sync_data().unwrap();
            pages = layer(&below);
        }
    }
}

/// What a store writes when it is opened to be read stays off its disk, whose file may be one that takes no writes.
#[test]
fn what_is_written_over_a_file_stays_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let bytes: Vec<u8> = (0..3 * SIZE).map(|at| u8::try_from(at % 251).unwrap()).collect();
    std::fs::write(&path, &bytes).unwrap();
    let file = FileBackend::new(File::open(&path).unwrap()).unwrap();
    let over = Overlay::new(Box::new(file)).unwrap();
    let all = |len: usize| {
        let mut out = vec![0; len];
        over.read(0, &mut out).map(|()| out)
    };
    let mut wanted = bytes.clone();
    assert_eq!(all(wanted.len()).unwrap(), wanted);
    // Across a border, then past the end, then cut inside a block and grown again.
    over.write(4_000, &[1; 200]).unwrap();
    wanted[4_000..4_200].fill(1);
    assert_eq!(all(wanted.len()).unwrap(), wanted);
    over.write(12_200, &[2; 300]).unwrap();
    wanted.resize(12_500, 0);
    wanted[12_200..].fill(2);
    assert_eq!((over.len().unwrap(), all(12_500).unwrap()), (12_500, wanted.clone()));
    assert!(all(12_501).is_err());
    for len in [12_300, 6_000, 20_000] {
        over.set_len(len).unwrap();
        wanted.resize(usize::try_from(len).unwrap(), 0);
        assert_eq!(all(wanted.len()).unwrap(), wanted, "{len}");
    }
    over.sync_data().unwrap();
    // A file that is only read cannot be locked against writers.
    assert!(matches!(
        over.try_lock_range(Bound::Unbounded, Bound::Unbounded),
        Err(BackendError::Unsupported)
    ));
    assert_eq!(std::fs::read(path).unwrap(), bytes);
}
