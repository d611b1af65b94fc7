//! The load of the store benches: what one commit writes, and callers who each wait for theirs.
//!
//! Callers form a closed loop: each commits again as soon as it has its answer, none waits for the others.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kubeorch_core::store::{Batch, Memory, NewEvent, Redb, Store, Table, Write};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::measure::{Failure, Sample};

/// Where the records go.
pub const TABLE: Table = Table("bench");

/// What a small change of a run writes: a record of 256 bytes and an event.
///
/// Every caller has its own stream: a database that locks rows then has no conflict to wait for.
#[must_use]
pub fn batch(number: u64, caller: usize) -> Batch {
    let record = Write { table: TABLE, key: number.to_be_bytes().to_vec(), value: Some(vec![b'x'; 256]) };
    let event = NewEvent {
        stream: format!("run:{caller}"),
        kind: "node".to_owned(),
        payload: br#"{"node":"web","state":"ready"}"#.to_vec(),
    };
    Batch { writes: vec![record], events: vec![event], ..Batch::default() }
}

/// How long callers go on.
#[derive(Debug, Clone)]
pub enum Until {
    /// Nobody begins a commit after that.
    Elapsed(Duration),
    /// Everybody commits so often.
    Each(u64),
    /// Nobody begins a commit after somebody said so.
    Said(Arc<AtomicBool>),
}

/// What callers did together.
#[derive(Debug)]
pub struct Round {
    /// From the first commit to the last answer.
    pub span: Duration,
    /// Of every commit, from call to answer.
    pub latency: Sample,
    commits: u32,
}

impl Round {
    /// Commits a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        f64::from(self.commits) / self.span.as_secs_f64()
    }
}

/// What can be committed to.
pub trait Target: Send + Sync + 'static {
    /// Answers when the batch is durable.
    fn commit(&self, caller: usize, batch: Batch) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl Target for Redb {
    async fn commit(&self, _caller: usize, batch: Batch) -> Result<(), Failure> {
        Ok(Store::commit(self, batch).await.map(drop)?)
    }
}

impl Target for Memory {
    async fn commit(&self, _caller: usize, batch: Batch) -> Result<(), Failure> {
        Ok(Store::commit(self, batch).await.map(drop)?)
    }
}

/// A target, and how many records it has: every commit writes the next.
#[derive(Debug)]
pub struct Load<T>(Arc<(T, AtomicU64)>);

impl<T: Target> Load<T> {
    /// Of an empty target.
    #[must_use]
    pub fn new(target: T) -> Self {
        Self(Arc::new((target, AtomicU64::new(0))))
    }

    /// What is committed to.
    #[must_use]
    pub fn target(&self) -> &T {
        &self.0.0
    }

    /// How many commits have begun.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.0.1.load(Ordering::Relaxed)
    }

    /// Lets so many callers commit. Ends with the first failure.
    pub fn drive(&self, runtime: &Runtime, callers: usize, until: &Until) -> Result<Round, Failure> {
        runtime.block_on(async {
            let begin = Instant::now();
            let mut tasks = JoinSet::new();
            for caller in 0..callers {
                tasks.spawn(call(self.0.clone(), caller, begin, until.clone()));
            }
            let mut all = Vec::new();
            while let Some(done) = tasks.join_next().await {
                all.append(&mut done??);
            }
            let span = begin.elapsed();
            Ok(Round { span, commits: u32::try_from(all.len())?, latency: all.into_iter().collect() })
        })
    }
}

async fn call<T: Target>(
    load: Arc<(T, AtomicU64)>,
    caller: usize,
    begin: Instant,
    until: Until,
) -> Result<Vec<Duration>, Failure> {
    let (target, next) = &*load;
    let mut latencies = Vec::new();
    for done in 0.. {
        let over = match &until {
            Until::Elapsed(limit) => begin.elapsed() >= *limit,
            Until::Each(count) => done >= *count,
            Until::Said(over) => over.load(Ordering::Relaxed),
        };
        if over {
            break;
        }
        let batch = batch(next.fetch_add(1, Ordering::Relaxed), caller);
        let sent = Instant::now();
        target.commit(caller, batch).await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}
