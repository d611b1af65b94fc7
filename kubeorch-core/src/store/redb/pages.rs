//! Checksums under redb: a bit that changed on the disk is an error when it is read, never wrong data.
//!
//! redb keeps checksums of its pages and looks at them only when it repairs. This layer stands between redb and the
//! bytes: it keeps a CRC-32 of every 4 KiB block, seeded with the block's number, and checks it at every read that
//! reaches the disk. What redb promises after a crash is unchanged, because a block's checksum becomes durable with
//! the same flush as the block: blocks that no flush covered belong to no committed state, and redb does not read them.
//!
//! The file: one block that says what it is, then groups of one block of checksums and the 1,024 blocks that they
//! cover. redb's header, the one block that is overwritten in place, carries its checksum in its own first sector, so
//! both change together: a sector of 512 bytes is what every disk writes whole.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ::redb::{BackendError, StorageBackend};
use parking_lot::Mutex;

use super::sums::{self, Group, SUMS};

/// Bytes of a block; redb's page size.
pub(super) const BLOCK: u64 = SIZE as u64;
/// The same as a length in memory.
pub(super) const SIZE: usize = 4096;
/// Where the checksum of redb's header stands: the end of its sector. redb uses the first 320 bytes.
const SECTOR: usize = 512;
const HEADER: usize = SECTOR - 4;
/// The first bytes of the file. The last is the layout's number.
const MAGIC: &[u8; 16] = b"KubeOrch store\n\x01";

/// The layer, over the bytes of a file or of a simulated disk.
#[derive(Debug)]
pub(super) struct Pages {
    below: Box<dyn StorageBackend>,
    /// Off while redb repairs a file after a crash in the mode with one flush ([`one_flush`]).
    strict: Arc<AtomicBool>,
    /// The checksums that were needed so far: 4 KiB of memory for 4 MiB of the file that were read.
    groups: Mutex<BTreeMap<u64, Group>>,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing was ever written.
    Empty,
    /// This layer's.
    Pages,
    /// This layer's, in a layout of a later release.
    Newer,
    /// A redb file without checksums, as releases before 0.2 wrote.
    Plain,
    /// Something else.
    Foreign,
}

/// Tells what a file is.
pub(super) fn kind(below: &dyn StorageBackend) -> io::Result<Kind> {
    let length = below.len()?;
    let mut first = vec![0; usize::try_from(length.min(16)).unwrap_or(16)];
    below.read(0, &mut first)?;
    Ok(match first.as_slice() {
        // A crash while the first block was written leaves zeros.
        bytes if length <= BLOCK && bytes.iter().all(|byte| *byte == 0) => Kind::Empty,
        bytes if bytes == MAGIC => Kind::Pages,
        bytes if bytes.starts_with(&MAGIC[..15]) && bytes.len() == 16 => Kind::Newer,
        bytes if bytes.starts_with(b"redb") => Kind::Plain,
        _ => Kind::Foreign,
    })
}

impl Pages {
    /// Over bytes of [`Kind::Empty`], which get their first block now, or of [`Kind::Pages`].
    pub(super) fn new(below: Box<dyn StorageBackend>) -> io::Result<Self> {
        if kind(&*below)? == Kind::Empty {
            let mut first = vec![0; SIZE];
            first[..MAGIC.len()].copy_from_slice(MAGIC);
            below.set_len(BLOCK)?;
            below.write(0, &first)?;
            below.sync_data()?;
        }
        let pages = Self { below, strict: Arc::new(AtomicBool::new(true)), groups: Mutex::default() };
        if pages.len()? > 0 {
            let mut header = vec![0; SIZE];
            pages.read_header(&mut header)?;
            pages.strict.store(!one_flush(&header), Relaxed);
        }
        Ok(pages)
    }

    /// Switches the checks on, once redb has opened the file.
    pub(super) fn strict(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.strict)
    }

    /// Whole blocks of one group, from `first` on.
    fn read_blocks(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        if first == 0 {
            return self.read_header(out);
        }
        self.below.read(place(first), out)?;
        for (block, bytes) in (first..).zip(out.chunks(SIZE)) {
            let wanted = self.with_group(block, |group, slot| group.get(slot))?;
            if wanted != sums::of(block, bytes) && self.strict.load(Relaxed) {
                return Err(changed(block));
            }
        }
        Ok(())
    }

    fn read_header(&self, out: &mut [u8]) -> io::Result<()> {
        self.below.read(place(0), out)?;
        let (bytes, sum) = out[..SECTOR].split_at_mut(HEADER);
        if sums::of(0, bytes).to_le_bytes() != *sum {
            return Err(changed(0));
        }
        sum.fill(0);
        Ok(())
    }

    fn write_blocks(&self, first: u64, data: &[u8]) -> io::Result<()> {
        if first == 0 {
            let mut sector = data[..SECTOR].to_vec();
            let sum = sums::of(0, &sector[..HEADER]);
            sector[HEADER..].copy_from_slice(&sum.to_le_bytes());
            return self.below.write(place(0), &sector);
        }
        for (block, bytes) in (first..).zip(data.chunks(SIZE)) {
            self.with_group(block, |group, slot| group.set(slot, sums::of(block, bytes)))?;
        }
        self.below.write(place(first), data)
    }

    /// The checksums of a block's group, read from the disk once.
    fn with_group<R>(&self, block: u64, work: impl FnOnce(&mut Group, usize) -> R) -> io::Result<R> {
        let number = block / SUMS;
        let slot = usize::try_from(block % SUMS).unwrap_or_default();
        let mut groups = self.groups.lock();
        let group = match groups.entry(number) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(gap) => {
                let mut bytes = vec![0; SIZE];
                self.below.read(group_place(number), &mut bytes)?;
                gap.insert(Group::new(&bytes))
            }
        };
        Ok(work(group, slot))
    }

    fn write_sums(&self) -> io::Result<()> {
        for (number, group) in self.groups.lock().iter_mut() {
            if let Some(bytes) = group.dirty() {
                self.below.write(group_place(*number), &bytes)?;
                group.clean();
            }
        }
        Ok(())
    }
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        // The first block, then groups; a group that was cut short counts what it has.
        let blocks = (self.below.len()? / BLOCK).saturating_sub(1);
        Ok((blocks - blocks.div_ceil(SUMS + 1)) * BLOCK)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        for piece in pieces(offset, out.len()) {
            let into = &mut out[piece.at..piece.at + piece.len];
            if piece.is_whole() {
                self.read_blocks(piece.block, into)?;
            } else {
                let mut block = vec![0; SIZE];
                self.read_blocks(piece.block, &mut block)?;
                into.copy_from_slice(&block[piece.from..piece.from + piece.len]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if !len.is_multiple_of(BLOCK) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "a length that is no whole number of blocks",
            ));
        }
        let (old, new) = (self.len()? / BLOCK, len / BLOCK);
        self.below.set_len(BLOCK * (1 + new + new.div_ceil(SUMS)))?;
        // What is cut off reads as zeros when the file grows again, and its checksums must say so.
        self.groups.lock().retain(|number, _| *number < new.div_ceil(SUMS));
        for block in new..old.min(new.next_multiple_of(SUMS)) {
            self.with_group(block, Group::forget)?;
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.write_sums()?;
        self.below.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        for piece in pieces(offset, data.len()) {
            let from = &data[piece.at..piece.at + piece.len];
            if piece.is_whole() {
                self.write_blocks(piece.block, from)?;
                continue;
            }
            // redb's header comes alone and is a part of its block; the rest of that block stays zero.
            let mut block = vec![0; SIZE];
            if piece.block > 0 {
                self.read_blocks(piece.block, &mut block)?;
            }
            block[piece.from..piece.from + piece.len].copy_from_slice(from);
            self.write_blocks(piece.block, &block)?;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        let written = self.write_sums();
        self.below.close()?;
        written
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.query_lock_range(start, end)
    }
}

/// Where redb's block lies below.
fn place(block: u64) -> u64 {
    BLOCK * (2 + block / SUMS + block)
}

/// Where the checksums of a group lie below.
fn group_place(group: u64) -> u64 {
    BLOCK * (1 + group * (SUMS + 1))
}

/// A part of a request: whole blocks of one group, or a part of one block.
struct Piece {
    block: u64,
    /// Offset in the block.
    from: usize,
    /// Offset in the request.
    at: usize,
    len: usize,
}

impl Piece {
    fn is_whole(&self) -> bool {
        self.block > 0 && self.len.is_multiple_of(SIZE)
    }
}

fn pieces(offset: u64, len: usize) -> impl Iterator<Item = Piece> {
    let mut at = 0;
    std::iter::from_fn(move || {
        (at < len).then(|| {
            let here = offset + at as u64;
            let (block, from) = (here / BLOCK, usize::try_from(here % BLOCK).unwrap_or_default());
            let left = len - at;
            let in_group = usize::try_from(SUMS - block % SUMS).unwrap_or(1) * SIZE;
            let len = if block == 0 || from > 0 || left < SIZE {
                (SIZE - from).min(left)
            } else {
                (left - left % SIZE).min(in_group)
            };
            let piece = Piece { block, from, at, len };
            at += len;
            piece
        })
    })
}

/// Whether the last commit was one flush: then the header may name blocks that did not reach the disk. redb finds them by
/// its own checksums and goes back to the commit before, so it must see them. (A file that was closed ends with a commit
/// of two flushes. That the header asks for recovery says nothing: redb clears that before a repair is complete.)
fn one_flush(header: &[u8]) -> bool {
    const FLAGS: usize = 9;
    const TWO_PHASE_COMMIT: u8 = 4;
    header.starts_with(b"redb") && header[FLAGS] & TWO_PHASE_COMMIT == 0
}

fn changed(block: u64) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("block {block} is not as it was written"))
}
