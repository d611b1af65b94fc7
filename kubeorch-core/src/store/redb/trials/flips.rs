//! One bit of the file changes.

use std::fmt;
use std::sync::Arc;

use super::super::{Durability, Options, Redb};
use super::disk::Disk;
use super::script::{Content, Random, step};
use super::{Trial, run};
use crate::store::Error;
use crate::time::ManualClock;

const STEPS: usize = 60;
/// Of so many stores that a flip did not harm one is written to, closed and read again.
const GO_ON: usize = 10;

/// What [`flips`] found, by who noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flips {
    /// The file did not open.
    pub refused: usize,
    /// A read failed.
    pub detected: usize,
    /// All data was as written.
    pub harmless: usize,
    /// The last commit before a crash was undone, in the mode with one flush alone: there a changed bit of it and a flush
    /// that power loss cut short look the same.
    pub undone: usize,
}

impl fmt::Display for Flips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, detected, harmless, undone } = self;
        let trials = refused + detected + harmless + undone;
        write!(
            f,
            "{trials} flips: {refused} refused when opened, {detected} found by reads, {harmless} harmless, "
        )?;
        write!(f, "{undone} undid the last commit before a crash, none changed an answer")
    }
}

/// Changes one random bit of a store's file, opens it and reads everything, so many times. Half of the files were closed
/// properly, half by a crash. Every read must fail or tell what was written, also after further commits.
pub fn flips(trials: usize, durability: Durability, seed: u64) -> Result<Flips, Trial> {
    let Filled { closed, crashed, content, before } = fill(durability)?;
    let mut random = Random::new(seed);
    let mut sum = Flips::default();
    for number in 0..trials {
        let crash = number % 2 == 1;
        let mut image = if crash { crashed.clone() } else { closed.clone() };
        let (place, bit) = (random.below(image.len()), random.below(8));
        image[place] ^= 1 << bit;
        let wrong = |what| Trial(format!("flip {number}, byte {place}, bit {bit}: {what}"));
        let disk = Disk::holding(image);
        let Ok(store) = open(&disk, durability) else {
            sum.refused += 1;
            continue;
        };
        match Content::of(&store) {
            Err(_) => sum.detected += 1,
            Ok(found) if found == content => {
                sum.harmless += 1;
                if sum.harmless.is_multiple_of(GO_ON) && !goes_on(store, &disk, durability, found)? {
                    return Err(wrong("wrong data after further commits"));
                }
            }
            Ok(found) if crash && durability == Durability::Fast && found == before => sum.undone += 1,
            Ok(_) => return Err(wrong("wrong data")),
        }
    }
    Ok(sum)
}

/// Commits, closes, opens and reads; an error is an answer too. Tells whether what it reads is right.
fn goes_on(store: Redb, disk: &Disk, durability: Durability, mut content: Content) -> Result<bool, Trial> {
    for number in STEPS..STEPS + 3 {
        let batch = step(number, &mut Random::new(number as u64));
        match run(&store, batch.clone()) {
            Ok(_) => content.apply(&batch),
            Err(Error::ReadOnly(_) | Error::Unknown(_)) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    drop(store);
    let Ok(store) = open(disk, durability) else { return Ok(true) };
    Ok(Content::of(&store).map_or(true, |found| found == content))
}

fn open(disk: &Disk, durability: Durability) -> Result<Redb, Error> {
    let options = Options { durability, cache_bytes: 4 << 20, ..Options::default() };
    Redb::open_on("trial", disk.medium(), options, Arc::new(ManualClock::at_millis(0)))
}

struct Filled {
    closed: Vec<u8>,
    crashed: Vec<u8>,
    content: Content,
    /// Without the last commit.
    before: Content,
}

fn fill(durability: Durability) -> Result<Filled, Trial> {
    let disk = Disk::default();
    let store = open(&disk, durability)?;
    let mut random = Random::new(3);
    let mut before = Content::default();
    for number in 0..STEPS {
        before = Content::of(&store)?;
        run(&store, step(number, &mut random))?;
    }
    let content = Content::of(&store)?;
    let crashed = disk.durable();
    drop(store);
    Ok(Filled { closed: disk.durable(), crashed, content, before })
}
