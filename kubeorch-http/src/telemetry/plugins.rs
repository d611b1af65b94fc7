//! Plugins, asked for their own numbers when somebody looks.

use std::fmt;

use kubeorch_core::plugin::Usage;
use kubeorch_core::plugins::Service;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

pub(super) struct Plugins(pub(super) Service);

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plugins")
    }
}

/// Name, help and value of a counter.
type Row = (&'static str, &'static str, fn(&Usage) -> f64);

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
const COUNTERS: [Row; 4] = [
    ("kubeorch_plugin_calls", "Calls into the plugin", |it| it.calls as f64),
    ("kubeorch_plugin_faults", "Calls that trapped, passed a limit or broke the contract", |it| {
        it.faults as f64
    }),
    ("kubeorch_plugin_memo_hits", "Answers that were remembered", |it| it.hits as f64),
    ("kubeorch_plugin_call_seconds", "Time inside calls", |it| it.time.as_secs_f64()),
];

impl Collector for Plugins {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let usage = self.0.usage();
        for (name, help, value) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for plugin in &usage {
                let labels = [("plugin", plugin.id.as_str()), ("version", plugin.version.as_str())];
                ConstCounter::new(value(plugin)).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "1 for the state in which the plugin is: serving, quarantined, disabled, failed";
        let mut family = encoder.encode_descriptor("kubeorch_plugin_state", help, None, MetricType::Gauge)?;
        for (plugin, state) in self.0.states() {
            let labels = [("plugin", plugin.as_str()), ("state", state)];
            ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
