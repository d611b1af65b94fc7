//! Files of format 1, which had no checksums: copied once into today's form when they are opened.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use ::redb::{Builder, Database, ReadableDatabase};

use super::copy::{Target, copy};
use super::file::{self, FORMAT_KEY, Failure, META, damaged};
use super::medium::{self, Medium, beside, opening, sync_folder};
use super::pages::{Kind, kind};
use super::{Durability, Options};
use crate::store::Error;

const FORMAT_1: u64 = 1;
/// Leaves a file of today alone. An older one is copied beside itself; the copy takes its name when it is complete, and
/// the old one stays as `<name>.format-1`, so that a crash or a full disk on the way loses nothing.
pub(super) fn convert(path: &Path, options: &Options, name: &str) -> Result<(), Failure> {
    let broken = |error: std::io::Error| file::storage(error.into(), name);
    let below = (Medium::file(path).open)().map_err(broken)?;
    let what = kind(&*below).map_err(broken)?;
    below.close().map_err(broken)?;
    if what != Kind::Plain {
        return Ok(());
    }
    let old = Builder::new()
        .set_cache_size(options.cache_bytes)
        .open(path)
        .map_err(|error| opening(error, name))?;
    check(&old, name)?;
    tracing::info!(store = name, "copying the store into the format of this release");
    let draft = beside(path, "new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(broken(error)),
        _ => {}
    }
    let (new, _) = medium::open(&Medium::file(&draft), options, name)?;
    let read = old.begin_read().map_err(|error| file::transaction(error, name))?;
    let target = Target { new: &new, name, durability: Durability::Safe, lost: |failure, _| failure };
    copy(&read, name, &target, &mut |_| ControlFlow::Continue(()))?;
    drop(read);
    drop((old, new));
    // A hard link keeps the old file under both names until the new one has taken its place.
    let kept = beside(path, "format-1");
    if !kept.exists() {
        fs::hard_link(path, &kept).map_err(broken)?;
    }
    fs::rename(&draft, path).map_err(broken)?;
    sync_folder(path).map_err(broken)
}

fn check(old: &Database, name: &str) -> Result<(), Failure> {
    let read = old.begin_read().map_err(|error| file::transaction(error, name))?;
    let foreign = || Failure::Refused(damaged(name, &"it belongs to another program"));
    let meta = read.open_table(META).map_err(|_| foreign())?;
    let format = meta.get(FORMAT_KEY).map_err(|error| file::storage(error, name))?;
    match format.map(|format| format.value()) {
        Some(FORMAT_1) => Ok(()),
        Some(newer) if newer > FORMAT_1 => Err(Failure::Refused(Error::Newer(name.to_owned()))),
        _ => Err(Failure::Refused(damaged(name, &"its format is not known"))),
    }
}
