//! Comparing and addressing graphs of 1,000 nodes.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use kubeorch_core::graph::diff;
use sha2::{Digest, Sha256};

const NODES: usize = 1_000;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    compare(&mut criterion);
    address(&mut criterion);
    criterion.final_summary();
}

/// Target: 1 ms. The twin turns both graphs into values and says only whether they are equal.
fn compare(criterion: &mut Criterion) {
    let (old, new) = (kubeorch_benches::graph(NODES), kubeorch_benches::edited(NODES));
    let mut group = criterion.benchmark_group("diff of 1000 nodes");
    group.bench_function("semantic", |bencher| bencher.iter(|| black_box(diff(black_box(&old), &new))));
    group.bench_function("unchanged", |bencher| bencher.iter(|| black_box(diff(black_box(&old), &old))));
    group.bench_function("baseline: whole values", |bencher| {
        bencher.iter(|| serde_json::to_value(black_box(&old)).ok() == serde_json::to_value(&new).ok());
    });
    group.finish();
}

/// The twin hashes the JSON as it happens to be: no order, no canonical numbers, runtime state and positions in it.
fn address(criterion: &mut Criterion) {
    let graph = kubeorch_benches::graph(NODES);
    let bytes = serde_json::to_vec(&graph).map_or(0, |json| json.len() as u64);
    let mut group = criterion.benchmark_group("hash of 1000 nodes");
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("content", |bencher| bencher.iter(|| black_box(&graph).content_hash()));
    group.bench_function("snapshot", |bencher| bencher.iter(|| black_box(&graph).snapshot_hash()));
    group.bench_function("baseline: plain JSON", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&graph)).map(Sha256::digest).ok());
    });
    group.finish();
}
