//! One bit of the file changes.

use std::fmt;
use std::sync::Arc;

use super::super::{Options, Redb};
use super::disk::Disk;
use super::script::{Content, Random, step};
use super::{Trial, run};
use crate::time::ManualClock;

/// What [`flips`] found, by who noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flips {
    /// The file did not open.
    pub refused: usize,
    /// A read failed.
    pub detected: usize,
    /// All data was as written.
    pub harmless: usize,
}

impl fmt::Display for Flips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, detected, harmless } = self;
        let trials = refused + detected + harmless;
        write!(
            f,
            "{trials} flips: {refused} refused when opened, {detected} found by reads, {harmless} harmless, "
        )?;
        write!(f, "none changed an answer")
    }
}

/// Changes one random bit of a store's file, opens it and reads everything, so many times. Half of the files were closed
/// properly, half by a crash. Every read must fail or tell what was written.
pub fn flips(trials: usize, seed: u64) -> Result<Flips, Trial> {
    let (closed, crashed, content) = fill(60)?;
    let mut random = Random::new(seed);
    let mut sum = Flips::default();
    for number in 0..trials {
        let mut image = if number % 2 == 0 { closed.clone() } else { crashed.clone() };
        let (place, bit) = (random.below(image.len()), random.below(8));
        image[place] ^= 1 << bit;
        let Ok(store) = open(image) else {
            sum.refused += 1;
            continue;
        };
        match Content::of(&store) {
            Err(_) => sum.detected += 1,
            Ok(found) if found == content => sum.harmless += 1,
            Ok(_) => return Err(Trial(format!("flip {number}, byte {place}, bit {bit}: wrong data"))),
        }
    }
    Ok(sum)
}

fn open(image: Vec<u8>) -> Result<Redb, crate::store::Error> {
    let options = Options { cache_bytes: 4 << 20, ..Options::default() };
    Redb::open_on("trial", Disk::holding(image).medium(), options, Arc::new(ManualClock::at_millis(0)))
}

fn fill(steps: usize) -> Result<(Vec<u8>, Vec<u8>, Content), Trial> {
    let disk = Disk::default();
    let options = Options { cache_bytes: 4 << 20, ..Options::default() };
    let store = Redb::open_on("trial", disk.medium(), options, Arc::new(ManualClock::at_millis(0)))?;
    let mut random = Random::new(3);
    for number in 0..steps {
        run(&store, step(number, &mut random))?;
    }
    let content = Content::of(&store)?;
    let crashed = disk.durable();
    drop(store);
    Ok((disk.durable(), crashed, content))
}
