//! Which keys each commit changed: what an incremental backup must copy.
//!
//! One row per flush, its key the number of the commit. The oldest rows go when the table is over its limit; a backup
//! that would need them has to be a full one.

use std::collections::BTreeSet;

use crate::store::Table;

/// Limit of the table in bytes; at about 50 bytes a key a million changes.
pub(super) const LIMIT: u64 = 64 << 20;

/// The changed keys of one commit: `table length (u16), table, key length (u32), key`, numbers big-endian.
#[derive(Default)]
pub(super) struct Changes {
    bytes: Vec<u8>,
}

impl Changes {
    pub(super) fn add(&mut self, table: Table, key: &[u8]) {
        // Names are constants of this program and keys are bounded by the batch: neither is longer.
        let name = u16::try_from(table.0.len()).unwrap_or(u16::MAX);
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&name.to_be_bytes());
        self.bytes.extend_from_slice(table.0.as_bytes());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(key);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a row counts against the limit: its bytes and those around it, so that commits without keys go too.
pub(super) fn cost(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + 64
}

/// A table and a key.
pub(super) type Place = (String, Vec<u8>);

/// Adds the places of one row; `None` when the row is cut short.
pub(super) fn read(mut bytes: &[u8], places: &mut BTreeSet<Place>) -> Option<()> {
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (table, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        places.insert((String::from_utf8(table.to_vec()).ok()?, key.to_vec()));
        bytes = rest;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Changes, read};
    use crate::store::Table;

    #[test]
    fn a_row_tells_its_keys_and_a_cut_one_says_so() {
        let mut changes = Changes::default();
        for key in [&b"a"[..], b"", b"a"] {
            changes.add(Table("t"), key);
        }
        let mut places = BTreeSet::new();
        assert_eq!(read(changes.as_bytes(), &mut places), Some(()));
        assert_eq!(places, [("t".to_owned(), vec![]), ("t".to_owned(), b"a".to_vec())].into());
        for cut in 1..7 {
            assert_eq!(read(&changes.as_bytes()[..cut], &mut places), None, "{cut}");
        }
    }
}
