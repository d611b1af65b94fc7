//! How long things took, in fixed buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in microseconds: a render takes tens of them, an analysis may take seconds.
const BOUNDS: [u64; 9] = [100, 250, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000, 5_000_000];

/// Durations by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub sum: Duration,
    /// For each bound how many took at most that long, bounds ascending; what took longer counts only in
    /// [`count`](Self::count).
    pub buckets: Vec<(Duration, u64)>,
}

/// Counts without a lock.
#[derive(Default)]
pub(super) struct Timer {
    /// Not cumulative; the last one is beyond all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Timer {
    pub(super) fn record(&self, time: Duration) {
        let micros = time.as_nanos().div_ceil(1000);
        let bucket = BOUNDS.partition_point(|bound| u128::from(*bound) < micros);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Histogram {
        let mut histogram = Histogram {
            sum: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            ..Histogram::default()
        };
        for (bucket, count) in self.counts.iter().enumerate() {
            histogram.count += count.load(Ordering::Relaxed);
            if let Some(bound) = BOUNDS.get(bucket) {
                histogram.buckets.push((Duration::from_micros(*bound), histogram.count));
            }
        }
        histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let timer = Timer::default();
        for micros in [0, 100, 101, 5_000_000, 5_000_001] {
            timer.record(Duration::from_micros(micros));
        }
        let read = timer.read();
        let counts: Vec<u64> = read.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 3, 3, 4]);
        assert_eq!((read.count, read.sum), (5, Duration::from_micros(10_000_202)));
    }
}
