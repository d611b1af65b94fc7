//! Reading while the disk fails: a disk that takes no writes ends no read, and one read that fails ends only itself.

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;
use std::thread;

use super::super::{Options, Redb};
use super::disk::{Disk, Fault, Scope};
use super::script::{Content, Random, step};
use super::{Trial, run};
use crate::store::Error;
use crate::time::ManualClock;

/// Steps before the disk takes no writes.
const FEW: usize = 8;
/// Steps before it cannot be read: more than the cache holds, which still holds what every view begins with.
const MANY: usize = 100;
const CACHE: usize = 64 << 10;
/// How often a reader tries before it gives up; a writer that looks at the disk needs a few.
const TRIES: usize = 1 << 12;

/// What [`reads`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    /// Faults of writes that were injected.
    pub writes: usize,
    /// Faults of reads that were injected.
    pub reads: usize,
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { writes, reads } = self;
        write!(f, "{writes} failing writes and {reads} failing reads; every store went on reading")
    }
}

/// Lets the disk refuse writes from each write of a script on: everything that was answered must still be read. Then lets
/// each read of the whole store fail: once the disk is well, everything must be read again without a commit.
///
/// `stride` takes every so many calls only; 1 is all of them.
pub fn reads(stride: usize) -> Result<Reads, Trial> {
    let mut sum = Reads::default();
    let (few, many) = (filled(FEW)?, filled(MANY)?);
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for times in [1, usize::MAX] {
            let fault = |scope, at| Fault { scope, at, times, kind };
            let at = |fault: Fault| move |why| Trial(format!("{fault:?}: {why}"));
            for call in (0..).step_by(stride.max(1)) {
                let fault = fault(Scope::Writes, call);
                if !no_writes(&few, fault).map_err(at(fault))? {
                    break;
                }
                sum.writes += 1;
            }
            for call in (0..).step_by(stride.max(1)) {
                let fault = fault(Scope::Reads, call);
                if !no_reads(&many, fault).map_err(at(fault))? {
                    break;
                }
                sum.reads += 1;
            }
        }
    }
    Ok(sum)
}

/// Answers whether the fault was reached.
fn no_writes(filled: &Filled, fault: Fault) -> Result<bool, Trial> {
    let (disk, store) = filled.open()?;
    let mut wanted = filled.content.clone();
    disk.fail(Some(fault));
    for number in FEW..FEW + 4 {
        let batch = step(number, &mut Random::new(number as u64));
        let answer = run(&store, batch.clone());
        let found = Content::of(&store)
            .map_err(|error| Trial(format!("after step {number} ({answer:?}) it does not read: {error}")))?;
        let mut after = wanted.clone();
        after.apply(&batch);
        match answer {
            Ok(_) => wanted = after,
            Err(Error::Unknown(_)) if found == after => wanted = after,
            Err(_) => {}
        }
        if found != wanted {
            return Err(Trial(format!("after step {number} ({answer:?}) it reads something else")));
        }
    }
    Ok(disk.calls().1 > 0)
}

/// Answers whether the fault was reached.
fn no_reads(filled: &Filled, fault: Fault) -> Result<bool, Trial> {
    let (disk, store) = filled.open()?;
    disk.fail(Some(fault));
    match Content::of(&store) {
        Ok(found) if found != filled.content => return Err(Trial("it reads something else".to_owned())),
        Ok(_) | Err(Error::Unavailable(_) | Error::Full) => {}
        Err(error) => return Err(Trial(format!("that is not what the disk said: {error:?}"))),
    }
    let reached = disk.calls().1 > 0;
    disk.fail(None);
    for _ in 0..TRIES {
        match Content::of(&store) {
            Ok(found) if found == filled.content => return Ok(reached),
            Ok(_) => return Err(Trial("once well it reads something else".to_owned())),
            Err(_) => thread::yield_now(),
        }
    }
    Err(Trial("the disk is well and the store does not read".to_owned()))
}

/// What a store left on its disk.
struct Filled {
    image: Vec<u8>,
    content: Content,
}

impl Filled {
    fn open(&self) -> Result<(Disk, Redb), Trial> {
        let disk = Disk::holding(self.image.clone());
        let store = open(&disk)?;
        Ok((disk, store))
    }
}

fn open(disk: &Disk) -> Result<Redb, Error> {
    let options = Options { cache_bytes: CACHE, ..Options::default() };
    Redb::open_on("trial", disk.medium(), options, Arc::new(ManualClock::at_millis(0)))
}

fn filled(steps: usize) -> Result<Filled, Trial> {
    let disk = Disk::default();
    let store = open(&disk)?;
    let mut content = Content::default();
    for number in 0..steps {
        let batch = step(number, &mut Random::new(number as u64));
        run(&store, batch.clone())?;
        content.apply(&batch);
    }
    Ok(Filled { image: disk.durable(), content })
}
