//! Plugins that do harm: how soon they are stopped, how soon there is work again, what the neighbours notice.

use std::time::{Duration, Instant};

use kubeorch_benches::measure::{Failure, Sample, Table, at_most, at_most_of, time};
use kubeorch_core::plugin::{Host, Limits, NodeTypes, Registry};
use tokio::runtime::{Builder, Runtime};

use crate::calls::row;
use crate::guests::{self, ANSWER, HOG, LOOP, TRAP};

const DEADLINE: Duration = Duration::from_millis(20);

pub(crate) fn run(scale: u32, table: &mut Table) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    stopped(&runtime, table, scale as usize * 2)?;
    again(&runtime, table, scale as usize * 10)?;
    neighbours(&runtime, table, scale as usize * 20)
}

fn host(deadline: Duration) -> Result<Host, Failure> {
    Ok(Host::new(Limits { deadline, memo: 0, ..Limits::default() })?)
}

fn plugin(runtime: &Runtime, host: &Host, call: &str) -> Result<Registry, Failure> {
    let bytes = guests::written("test", call)?;
    Ok(runtime.block_on(Registry::builder().host(host.clone()).plugin("p", bytes).try_build())?)
}

/// How late an endless loop ends. Beside it a thread that sleeps so long: as late wakes the machine itself.
fn stopped(runtime: &Runtime, table: &mut Table, trials: usize) -> Result<(), Failure> {
    let endless = plugin(runtime, &host(DEADLINE)?, LOOP)?;
    let late = (0..trials).map(|number| {
        let begin = Instant::now();
        let stopped = runtime.block_on(endless.render(&guests::thing(number)));
        match stopped {
            Err(_) => Ok(begin.elapsed().saturating_sub(DEADLINE)),
            Ok(_) => Err("an endless loop has ended by itself"),
        }
    });
    let late: Sample = late.collect::<Result<_, _>>()?;
    let slept = (0..trials).map(|_| {
        let begin = Instant::now();
        std::thread::sleep(DEADLINE);
        begin.elapsed().saturating_sub(DEADLINE)
    });
    let slept: Sample = slept.collect();
    let cells = [time(late.median()), String::new(), String::new()];
    row(table, "an endless loop ends after its deadline, p50; a sleep", time(slept.median()), cells);
    let cells = at_most(late.percentile(99), Duration::from_millis(2));
    row(table, "the same, p99", time(slept.percentile(99)), cells);
    Ok(())
}

/// A call that traps and the one after it, both with their instances.
fn again(runtime: &Runtime, table: &mut Table, trials: usize) -> Result<(), Failure> {
    let host = host(DEADLINE)?;
    let (bad, good) = (plugin(runtime, &host, TRAP)?, plugin(runtime, &host, ANSWER)?);
    let sample = (0..trials).map(|number| {
        let ask = guests::thing(number);
        runtime.block_on(async {
            if bad.render(&ask).await.is_ok() {
                return Err("a trap is no answer".into());
            }
            let begin = Instant::now();
            good.render(&ask).await?;
            Ok::<_, Failure>(begin.elapsed())
        })
    });
    let sample: Sample = sample.collect::<Result<_, _>>()?;
    let cells = at_most(sample.median(), Duration::from_micros(100));
    row(table, "an answer after a trap, p50", String::new(), cells);
    Ok(())
}

/// The slowest answers of a healthy plugin, alone and while others loop, hoard and trap on the same host.
fn neighbours(runtime: &Runtime, table: &mut Table, calls: usize) -> Result<(), Failure> {
    let host = host(DEADLINE)?;
    let good = plugin(runtime, &host, ANSWER)?;
    let bad = [LOOP, HOG, TRAP].map(|call| plugin(runtime, &host, call));
    let ask = |number: usize| -> Result<Duration, Failure> {
        let request = guests::thing(number);
        let begin = Instant::now();
        runtime.block_on(good.render(&request))?;
        Ok(begin.elapsed())
    };
    let sample = || (0..calls).map(ask).collect::<Result<Sample, _>>();
    let alone = sample()?;
    let attackers: Vec<_> = bad
        .into_iter()
        .map(|bad| {
            bad.map(|bad| {
                runtime.spawn(async move {
                    for number in 0.. {
                        let _ = bad.render(&guests::thing(number)).await;
                    }
                })
            })
        })
        .collect::<Result<_, _>>()?;
    let beside = sample();
    attackers.iter().for_each(tokio::task::JoinHandle::abort);
    let beside = beside?;
    let ratio = beside.percentile(99).as_secs_f64() / alone.percentile(99).as_secs_f64();
    for (name, sample) in
        [("a healthy plugin alone, p50 and p99", &alone), ("beside three hostile ones", &beside)]
    {
        let times = format!("{} {}", time(sample.median()), time(sample.percentile(99)));
        row(table, name, String::new(), [times, String::new(), String::new()]);
    }
    row(table, "the ratio of their p99", String::new(), at_most_of(ratio, 2.0, "x"));
    Ok(())
}
