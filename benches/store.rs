//! Durable commits: 64 callers that share a flush, against one caller that waits for each.
//!
//! Both lines of a group count commits, so their ratio is what group commit gains. The file lies in Cargo's
//! target folder: on a file system in memory a flush costs nothing and the ratio means nothing.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use futures::future::try_join_all;
use kubeorch_core::store::redb::Options;
use kubeorch_core::store::{Batch, Memory, NewEvent, Redb, Store, Table, Write};
use kubeorch_core::time::SystemClock;
use tokio::runtime::{Builder, Runtime};

const CALLERS: u64 = 64;
const TABLE: Table = Table("bench");

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let runtime = Builder::new_current_thread().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let clock = Arc::new(SystemClock);
    let file = Redb::open(folder.path().join("bench.redb"), Options::default(), clock.clone())?;
    commits(&mut criterion, "commit to redb", &runtime, &file);
    commits(&mut criterion, "commit to memory", &runtime, &Memory::new(clock));
    criterion.final_summary();
    Ok(())
}

fn commits(criterion: &mut Criterion, name: &str, runtime: &Runtime, store: &dyn Store) {
    let number = AtomicU64::new(0);
    let next = || batch(number.fetch_add(1, Ordering::Relaxed));
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(CALLERS));
    group.bench_function("64 callers", |bencher| {
        bencher.iter(|| {
            let all = try_join_all((0..CALLERS).map(|_| store.commit(next())));
            assert!(runtime.block_on(all).is_ok(), "the store refused a commit");
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("baseline: one caller", |bencher| {
        bencher.iter(|| {
            assert!(runtime.block_on(store.commit(next())).is_ok(), "the store refused a commit");
        });
    });
    group.finish();
}

/// What a small change of a run writes: one record and one event.
fn batch(number: u64) -> Batch {
    let record = Write { table: TABLE, key: number.to_be_bytes().to_vec(), value: Some(vec![b'x'; 256]) };
    let event = NewEvent {
        stream: format!("run:{}", number % 16),
        kind: "node".to_owned(),
        payload: br#"{"node":"web","state":"ready"}"#.to_vec(),
    };
    Batch { writes: vec![record], events: vec![event], ..Batch::default() }
}
