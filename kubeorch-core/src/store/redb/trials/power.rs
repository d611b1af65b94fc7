//! Power loss at every flush of a script, with every kind of loss.

use std::fmt;
use std::sync::Arc;

use super::super::{Durability, Options, Redb};
use super::disk::{Call, Disk, apply};
use super::script::{Content, Random, step};
use super::{Trial, run};
use crate::store::{Seq, Store};
use crate::time::ManualClock;

/// What the disk writes whole.
const SECTOR: usize = 512;

/// What of the calls since the last flush reaches the disk.
#[derive(Debug, Clone, Copy)]
enum Loss {
    All,
    Nothing,
    /// Any sectors of any writes.
    Torn,
    /// Any calls.
    Reordered,
}

const LOSSES: [Loss; 4] = [Loss::All, Loss::Nothing, Loss::Torn, Loss::Reordered];

/// What [`power`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    /// Flushes at which power was lost.
    pub boundaries: usize,
    /// Stores that were opened after a loss.
    pub crashes: usize,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boundaries, crashes } = self;
        write!(f, "{boundaries} boundaries, {crashes} crashes, nothing lost, nothing half there")
    }
}

/// Loses power just before each flush of a script of `commits` commits is done, four times: with nothing of what was not
/// flushed, all of it, any sectors of it, any calls of it. Each time the store must open and hold exactly what was answered,
/// or that and the whole of the commit under way.
pub fn power(commits: usize, durability: Durability, seed: u64) -> Result<Power, Trial> {
    let (log, contents, answered) = record(commits, durability)?;
    let mut random = Random::new(seed);
    let (mut image, mut since, mut done) = (Vec::new(), 0, Power { boundaries: 0, crashes: 0 });
    // The store counts from its first answer on: before, nobody was told that there is one.
    let first = answered[0];
    for (at, _) in log.iter().enumerate().filter(|(_, call)| matches!(call, Call::Sync)) {
        let acknowledged = answered.partition_point(|position| *position <= at);
        if at >= first {
            done.boundaries += 1;
            for loss in LOSSES {
                done.crashes += 1;
                let crashed = lose(&image, &log[since..at], loss, &mut random);
                let before = &contents[acknowledged - 1];
                let after = contents.get(acknowledged).unwrap_or(before);
                check(crashed, durability, before, after)
                    .map_err(|why| Trial(format!("{durability:?}, call {at}, {loss:?}: {why}")))?;
            }
        }
        log[since..at].iter().for_each(|call| apply(&mut image, call));
        since = at + 1;
    }
    Ok(done)
}

type Recorded = (Vec<Call>, Vec<Content>, Vec<usize>);

/// Runs the script and tells all calls, what is in the store after each commit, and where in the log it was answered.
/// The first of them is the empty store.
fn record(commits: usize, durability: Durability) -> Result<Recorded, Trial> {
    let disk = Disk::logged();
    let store = open(&disk, durability)?;
    let (mut contents, mut answered) = (vec![Content::default()], vec![disk.position()]);
    let mut random = Random::new(7);
    for number in 0..commits {
        let mut batch = step(number, &mut random);
        if number % 100 == 99 {
            batch.trim = Seq(store.head().borrow().0 - 60);
        }
        run(&store, batch.clone())?;
        let mut content = contents[number].clone();
        content.apply(&batch);
        contents.push(content);
        answered.push(disk.position());
    }
    let log = disk.take_log();
    drop(store);
    Ok((log, contents, answered))
}

fn open(disk: &Disk, durability: Durability) -> Result<Redb, Trial> {
    let options = Options { durability, cache_bytes: 4 << 20, ..Options::default() };
    let store = Redb::open_on("trial", disk.medium(), options, Arc::new(ManualClock::at_millis(0)));
    store.map_err(|error| Trial(format!("it does not open: {error}")))
}

fn check(image: Vec<u8>, durability: Durability, before: &Content, after: &Content) -> Result<(), Trial> {
    let store = open(&Disk::holding(image), durability)?;
    let found = Content::of(&store).map_err(|error| Trial(format!("it does not read: {error}")))?;
    if &found != before && &found != after {
        return Err(Trial("it holds neither what was answered nor that and the commit under way".to_owned()));
    }
    Ok(())
}

fn lose(durable: &[u8], calls: &[Call], loss: Loss, random: &mut Random) -> Vec<u8> {
    let mut image = durable.to_vec();
    for call in calls {
        match (loss, call) {
            (Loss::All, _) => {}
            (Loss::Nothing, call) => apply(&mut image, call),
            (Loss::Torn, Call::Write(offset, data)) => {
                for (number, sector) in data.chunks(SECTOR).enumerate() {
                    if random.below(2) == 0 {
                        let place = offset + (number * SECTOR) as u64;
                        apply(&mut image, &Call::Write(place, sector.to_vec()));
                    }
                }
            }
            (Loss::Torn | Loss::Reordered, call) => {
                if random.below(2) == 0 {
                    apply(&mut image, call);
                }
            }
        }
    }
    image
}
