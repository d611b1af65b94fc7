//! A disk that is full or fails, at every call of a script.

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;

use super::super::{Options, Redb};
use super::disk::{Disk, Fault, Scope};
use super::script::{Content, Random, step};
use super::{Trial, run};
use crate::store::{Error, Store};
use crate::time::ManualClock;

const STEPS: usize = 8;

/// What [`errors`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Errors {
    /// Faults that were injected, each into a store of its own.
    pub injections: usize,
    /// Commits that were refused: certainly not there.
    pub refused: usize,
    /// Commits of which nobody could say.
    pub unknown: usize,
    /// Commits that succeeded although a call of theirs failed.
    pub survived: usize,
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { injections, refused, unknown, survived } = self;
        write!(
            f,
            "{injections} injections: {refused} commits refused, {unknown} unknown, {survived} survived; "
        )?;
        write!(f, "no answer was wrong, none happened twice, all stores write again")
    }
}

/// Lets a full disk and a failing one begin at each call of a script, for that call and for good. What was answered must be
/// there, what was refused must not, and when the disk is well again the same open store must write; a client that repeats
/// what it does not know of ends with one effect. Then power is lost, and all of that must still hold.
///
/// `stride` takes every so many calls only; 1 is all of them.
pub fn errors(stride: usize) -> Result<Errors, Trial> {
    let mut sum = Errors::default();
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for times in [1, usize::MAX] {
            let mut at = 0;
            while one(Fault { scope: Scope::All, at, times, kind }, &mut sum)
                .map_err(|why| Trial(format!("{kind:?} {times} from call {at}: {why}")))?
            {
                at += stride.max(1);
            }
        }
    }
    Ok(sum)
}

/// Answers whether the fault was reached.
fn one(fault: Fault, sum: &mut Errors) -> Result<bool, Trial> {
    let disk = Disk::default();
    let clock = Arc::new(ManualClock::at_millis(0));
    let options = Options { cache_bytes: 1 << 20, ..Options::default() };
    let store = Redb::open_on("trial", disk.medium(), options, clock.clone());
    let store = store.map_err(|error| Trial(format!("it does not open: {error}")))?;
    run(&store, step(0, &mut Random::new(1)))?;
    disk.fail(Some(fault));
    let mut answers = Vec::new();
    for number in 1..=STEPS {
        let before = disk.calls().1;
        let answer = run(&store, step(number, &mut Random::new(number as u64))).map(|_| ());
        sum.survived += usize::from(answer.is_ok() && disk.calls().1 > before);
        answers.push((number, answer));
    }
    let reached = disk.calls().1 > 0;
    disk.fail(None);
    // The store heals with the next commit.
    run(&store, step(STEPS + 1, &mut Random::new(1)))?;
    let content = Content::of(&store).map_err(|error| Trial(format!("it does not read: {error}")))?;
    for (number, answer) in &answers {
        match answer {
            Ok(()) if !content.has(*number) => return Err(Trial(format!("step {number} is lost"))),
            Err(Error::Full | Error::ReadOnly(_)) if content.has(*number) => {
                return Err(Trial(format!("step {number} was refused and is there")));
            }
            Err(Error::Full | Error::ReadOnly(_)) => sum.refused += 1,
            Err(Error::Unknown(_)) => sum.unknown += 1,
            Err(error) => return Err(Trial(format!("step {number}: {error}"))),
            Ok(()) => {}
        }
    }
    repeat(&store, &answers)?;
    let content = Content::of(&store).map_err(|error| Trial(format!("it does not read: {error}")))?;
    if (0..=STEPS + 1).any(|number| !content.has(number)) {
        return Err(Trial("a repeated step is not there".to_owned()));
    }
    let image = disk.durable();
    drop(store);
    let store = Redb::open_on("trial", Disk::holding(image).medium(), options, clock);
    let store = store.map_err(|error| Trial(format!("it does not open after a loss of power: {error}")))?;
    let after = Content::of(&store).map_err(|error| Trial(format!("after a loss of power: {error}")))?;
    if after != content {
        return Err(Trial("power loss took what was answered".to_owned()));
    }
    sum.injections += usize::from(reached);
    Ok(reached)
}

/// A client repeats whatever it was not told to be done; what is there already conflicts.
fn repeat(store: &dyn Store, answers: &[(usize, Result<(), Error>)]) -> Result<(), Trial> {
    for (number, _) in answers.iter().filter(|(_, answer)| answer.is_err()) {
        match run(store, step(*number, &mut Random::new(*number as u64))) {
            Ok(_) | Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(Trial(format!("repeating step {number}: {error}"))),
        }
    }
    Ok(())
}
