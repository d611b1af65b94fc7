//! The checksums of one group of blocks.

use super::pages::BLOCK;

/// How many blocks one block of checksums covers.
pub(super) const SUMS: u64 = BLOCK / 4;

/// The checksums of a group. Zero says that the block was never written and reads as zeros.
#[derive(Debug)]
pub(super) struct Group {
    sums: Box<[u32]>,
    dirty: bool,
}

impl Group {
    /// From the bytes on the disk.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        Self { sums: words.iter().map(|word| u32::from_le_bytes(*word)).collect(), dirty: false }
    }

    pub(super) fn get(&self, slot: usize) -> u32 {
        self.sums[slot]
    }

    pub(super) fn set(&mut self, slot: usize, sum: u32) {
        self.dirty |= self.sums[slot] != sum;
        self.sums[slot] = sum;
    }

    pub(super) fn forget(&mut self, slot: usize) {
        self.set(slot, 0);
    }

    /// The bytes for the disk, when they differ from what is there.
    pub(super) fn dirty(&self) -> Option<Vec<u8>> {
        self.dirty.then(|| self.sums.iter().flat_map(|sum| sum.to_le_bytes()).collect())
    }

    pub(super) fn clean(&mut self) {
        self.dirty = false;
    }
}

/// The checksum of a block. Its number counts, so a block that was written to a wrong place is found; zeros that were
/// never written have zero.
pub(super) fn of(block: u64, bytes: &[u8]) -> u32 {
    if bytes.iter().all(|byte| *byte == 0) {
        return 0;
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes);
    hasher.update(&block.to_le_bytes());
    hasher.finalize().max(1)
}
