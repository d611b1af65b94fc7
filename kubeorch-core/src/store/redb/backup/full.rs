//! A whole store, copied while it is used.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ::redb::Database;

use super::super::copy::{Pace, Target, copy};
use super::super::file::{self, CHANGES_BYTES_KEY, Failure, ID_KEY, META, TRIMMED_KEY};
use super::super::medium;
use super::super::{Durability, Options, Redb, draft};
use super::manifest::{self, Manifest, lost, no_backup};
use super::{STORE, manifest::publish};
use crate::store::{Error, Seq};

/// Memory for the pages of the copy; the store has its own.
const CACHE: usize = 8 << 20;

pub(super) fn backup(store: &Redb, destination: &Path, pace: &mut Pace<'_>) -> Result<Manifest, Error> {
    publish(destination, |draft| fill(store, draft, pace).map_err(Failure::into_error))
}

fn fill(store: &Redb, folder: &Path, pace: &mut Pace<'_>) -> Result<Manifest, Failure> {
    let (source, name) = (store.name(), folder.display().to_string());
    let lost = |failure| lost(failure, &name);
    let (read, facts, _open) = store.read()?;
    let meta = read.open_table(META).map_err(|error| file::table(error, source))?;
    let of = |key| meta.get(key).map_err(|error| file::storage(error, source));
    let id = of(ID_KEY)?.map_or(0, |id| id.value());
    let trimmed = of(TRIMMED_KEY)?.map_or(0, |trimmed| trimmed.value());
    let options = Options { cache_bytes: CACHE, ..Options::default() };
    let durable = Arc::new(AtomicBool::new(false));
    let file = draft::medium(&folder.join(STORE), durable.clone());
    let (mut new, _) = medium::open(&file, &options, &name).map_err(lost)?;
    // What is left of half a copy is thrown away: only the last commit must survive a crash.
    let target = Target { new: &new, name: &name, durability: Durability::Fast, lost: manifest::lost };
    let rows = copy(&read, source, &target, pace)?;
    durable.store(true, Relaxed);
    finish(&new, &name, id, facts.commit, trimmed).and_then(|()| whole(&mut new, folder)).map_err(lost)?;
    let now = store.now();
    Ok(Manifest { rows, ..manifest::new(id, facts.commit, facts.head, Seq(trimmed), now) })
}

/// The copy goes on where the store was, and knows of no change before.
pub(super) fn finish(new: &Database, name: &str, id: u64, commit: u64, trimmed: u64) -> Result<(), Failure> {
    let write = file::begin(new, name, Durability::Safe)?;
    let fill = || -> Result<(), ::redb::TableError> {
        let mut meta = write.open_table(META)?;
        meta.insert(ID_KEY, id)?;
        meta.insert(TRIMMED_KEY, trimmed)?;
        meta.insert(CHANGES_BYTES_KEY, 0)?;
        let mut changes = write.open_table(file::CHANGES)?;
        changes.retain(|_, _| false)?;
        changes.insert(commit, [].as_slice())?;
        Ok(())
    };
    fill().map_err(|error| file::table(error, name))?;
    write.commit().map_err(|error| file::commit(error, name))
}

/// Reads every page of a copy.
pub(super) fn whole(new: &mut Database, path: &Path) -> Result<(), Failure> {
    match new.check_integrity() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Refused(no_backup(path, &"the copy does not hold what was written"))),
        Err(error) => Err(medium::opening(error, &path.display().to_string())),
    }
}
