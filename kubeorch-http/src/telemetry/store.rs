//! The store, asked for its own numbers when somebody looks.

use std::fmt;

use kubeorch_core::store::{Db, Health};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

pub(super) struct Store(pub(super) Db);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Collector for Store {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let health = self.0.store().health();
        for (name, help, value) in [
            ("kubeorch_store_batches", "Writes answered as durable", health.batches),
            ("kubeorch_store_commits", "Flushes to the disk that those shared", health.commits),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        for (name, help, value) in gauges(&health) {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

#[allow(clippy::cast_precision_loss, reason = "sizes and counts far below 2^53")]
fn gauges(health: &Health) -> [(&'static str, &'static str, f64); 5] {
    [
        ("kubeorch_store_waiting_batches", "Writes that wait for the disk", health.waiting as f64),
        (
            "kubeorch_store_last_commit_seconds",
            "Time that the last flush took",
            health.last_commit.as_secs_f64(),
        ),
        (
            "kubeorch_store_oldest_view_seconds",
            "Age of the oldest open view, which keeps the file from shrinking; 0 without one",
            health.oldest_view.unwrap_or_default().as_secs_f64(),
        ),
        ("kubeorch_store_file_bytes", "Size of the file; 0 for a store in memory", health.file_bytes as f64),
        (
            "kubeorch_store_refuses",
            "1 while nothing can be written, else 0",
            f64::from(u8::from(health.refuses.is_some())),
        ),
    ]
}
