//! Power loss at every flush of a script, with every kind of loss.

use std::fmt;
use std::sync::Arc;

use futures::executor::block_on;
use futures::future::join_all;

use super::super::{Durability, Options, Redb};
use super::Trial;
use super::disk::{Call, Disk, apply};
use super::script::{Content, Random, large, step};
use crate::store::{Batch, Error, Seq, Store};
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

/// Of so many crashes one is followed by a crash at each flush of the recovery; prime, so that it is every kind of loss.
const TWICE: usize = 61;
/// Of so many commits one comes together with two others.
const TOGETHER: usize = 20;

type Step = fn(usize, &mut Random) -> Batch;

/// What [`power`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Power {
    /// Flushes at which power was lost.
    pub boundaries: usize,
    /// Stores that were opened after a loss.
    pub crashes: usize,
    /// Stores that were opened after a second loss, at a flush while the first one was recovered from.
    pub second: usize,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boundaries, crashes, second } = self;
        write!(
            f,
            "{boundaries} boundaries x 4 policies = {crashes} crashes, {second} more while recovering, "
        )?;
        write!(f, "0 lost, 0 half there")
    }
}

/// Loses power just before each flush of a script of `commits` commits is done, four times: with nothing of what was not
/// flushed, all of it, any sectors of it, any calls of it. Each time the store must open and hold exactly what was answered,
/// or that and the whole of a commit under way. One of 61 loses power again, at each flush of its recovery.
pub fn power(commits: usize, durability: Durability, seed: u64) -> Result<Power, Trial> {
    lose_at_each_flush(&record(commits, durability, step)?, durability, seed)
}

/// The same with values of megabytes, under which the file grows and shrinks.
pub fn power_large(commits: usize, durability: Durability, seed: u64) -> Result<Power, Trial> {
    lose_at_each_flush(&record(commits, durability, large)?, durability, seed)
}

/// The same on a disk that does nothing at each `lie`-th flush and says that it did. No store can keep its word on it, so
/// this tells whether the trial would notice one that does not.
#[cfg(test)]
pub(super) fn power_on_a_liar(
    commits: usize,
    durability: Durability,
    seed: u64,
    lie: usize,
) -> Result<Power, Trial> {
    let mut recorded = record(commits, durability, step)?;
    let flushes = recorded.log.iter_mut().filter(|call| matches!(call, Call::Sync));
    for flush in flushes.skip(lie - 1).step_by(lie) {
        *flush = Call::Write(0, Vec::new());
    }
    lose_at_each_flush(&recorded, durability, seed)
}

fn lose_at_each_flush(recorded: &Recorded, durability: Durability, seed: u64) -> Result<Power, Trial> {
    let log = &recorded.log;
    let mut random = Random::new(seed);
    let (mut image, mut since, mut done) = (Vec::new(), 0, Power::default());
    for (at, _) in log.iter().enumerate().filter(|(_, call)| matches!(call, Call::Sync)) {
        done.boundaries += 1;
        for loss in LOSSES {
            done.crashes += 1;
            let crashed = lose(&image, &log[since..at], loss, &mut random);
            let allowed = recorded.allowed(at);
            if at < recorded.answered[0] {
                made_or_not(crashed, durability)?;
                continue;
            }
            let told = |why| Trial(format!("{durability:?}, call {at}, {loss:?}: {why}"));
            if done.crashes.is_multiple_of(TWICE) {
                done.second += twice(crashed, durability, allowed, &mut random).map_err(told)?;
            } else {
                check(Disk::holding(crashed), durability, allowed).map_err(told)?;
            }
        }
        log[since..at].iter().for_each(|call| apply(&mut image, call));
        since = at + 1;
    }
    Ok(done)
}

/// What the disk was told, and what the store held when.
struct Recorded {
    log: Vec<Call>,
    /// After each commit; the first is the empty store.
    contents: Vec<Content>,
    /// Where in the log each of them was answered.
    answered: Vec<usize>,
}

impl Recorded {
    /// What the store may hold when power is lost at a call: all that was answered, and commits under way in their order.
    fn allowed(&self, at: usize) -> &[Content] {
        let known = self.answered.partition_point(|position| *position <= at);
        let next = self.answered.get(known).copied().unwrap_or(usize::MAX);
        let under_way = self.answered.partition_point(|position| *position <= next);
        // Before the first answer nobody was told that there is a store; it may be empty.
        &self.contents[known.saturating_sub(1)..under_way]
    }
}

fn record(commits: usize, durability: Durability, step: Step) -> Result<Recorded, Trial> {
    let disk = Disk::default().logged();
    let store = open(&disk, durability)?;
    let (mut contents, mut answered) = (vec![Content::default()], vec![disk.position()]);
    let mut random = Random::new(7);
    for round in 0..commits {
        let number = contents.len() - 1;
        let count = if round % TOGETHER == 0 { 3 } else { 1 };
        let mut batches: Vec<_> = (number..number + count).map(|number| step(number, &mut random)).collect();
        if round % 100 == 99 {
            batches[0].trim = Seq(store.head().borrow().0.saturating_sub(60));
        }
        for batch in &batches {
            let mut content = contents[contents.len() - 1].clone();
            content.apply(batch);
            contents.push(content);
        }
        // What was done already conflicts, and takes nobody with it.
        let again = batches.iter().find(|batch| !batch.expect.is_empty()).cloned();
        let together = batches.into_iter().chain(again.clone()).map(|batch| store.commit(batch));
        let mut answers = block_on(join_all(together));
        if again.is_some() && !matches!(answers.pop(), Some(Err(Error::Conflict { .. }))) {
            return Err(Trial(format!("step {number} was taken twice")));
        }
        answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        answered.resize(contents.len(), disk.position());
    }
    let log = disk.take_log();
    drop(store);
    Ok(Recorded { log, contents, answered })
}

fn open(disk: &Disk, durability: Durability) -> Result<Redb, Error> {
    let options = Options { durability, cache_bytes: 4 << 20, ..Options::default() };
    Redb::open_on("trial", disk.medium(), options, Arc::new(ManualClock::at_millis(0)))
}

/// While a store is made nobody was told that there is one: it opens and is empty, or is made anew.
fn made_or_not(crashed: Vec<u8>, durability: Durability) -> Result<(), Trial> {
    match open(&Disk::holding(crashed), durability).map(|store| Content::of(&store)) {
        Err(Error::Damaged { .. }) => Ok(()),
        Ok(Ok(content)) if content == Content::default() => Ok(()),
        other => Err(Trial(format!("while it was made: {:?}", other.map(|content| content.map(drop))))),
    }
}

fn check(disk: Disk, durability: Durability, allowed: &[Content]) -> Result<(), Trial> {
    let store = open(&disk, durability).map_err(|error| Trial(format!("it does not open: {error}")))?;
    let found = Content::of(&store).map_err(|error| Trial(format!("it does not read: {error}")))?;
    if !allowed.contains(&found) {
        return Err(Trial("it holds neither what was answered nor that and a commit under way".to_owned()));
    }
    Ok(())
}

/// Recovers from a crash, and crashes at each flush of that; also of the one that closes the file. Tells how often.
fn twice(
    crashed: Vec<u8>,
    durability: Durability,
    allowed: &[Content],
    random: &mut Random,
) -> Result<usize, Trial> {
    let disk = Disk::holding(crashed.clone()).logged();
    check(disk.clone(), durability, allowed)?;
    let log = disk.take_log();
    let (mut image, mut since, mut crashes) = (crashed, 0, 0);
    for (at, _) in log.iter().enumerate().filter(|(_, call)| matches!(call, Call::Sync)) {
        for loss in LOSSES {
            crashes += 1;
            let again = lose(&image, &log[since..at], loss, random);
            check(Disk::holding(again), durability, allowed)
                .map_err(|why| Trial(format!("again at call {at} of the recovery, {loss:?}: {why}")))?;
        }
        log[since..at].iter().for_each(|call| apply(&mut image, call));
        since = at + 1;
    }
    Ok(crashes)
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
