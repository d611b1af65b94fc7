//! The process itself, read from `/proc` when somebody asks. Elsewhere than on Linux there is nothing to tell.
//!
//! Names are those of the Prometheus client libraries' guidelines for process metrics.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Clock ticks per second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux platform that Rust supports.
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(figures) = Figures::read() else { return Ok(()) };
        let cpu = ConstCounter::new(figures.cpu_seconds);
        let encoding = encoder.encode_descriptor(
            "process_cpu_seconds",
            "Processor time used",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        cpu.encode(encoding)?;
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory in use", figures.resident),
            ("process_threads", "Threads", figures.threads),
            ("process_open_fds", "Open files and sockets", figures.open_files),
        ] {
            let gauge = ConstGauge::new(value);
            let encoding = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoding)?;
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
struct Figures {
    cpu_seconds: f64,
    resident: i64,
    threads: i64,
    open_files: i64,
}

impl Figures {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let open_files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self::parse(&stat, &status, i64::try_from(open_files).unwrap_or(i64::MAX))
    }

    fn parse(stat: &str, status: &str, open_files: i64) -> Option<Self> {
        // The second field is the program's name in brackets and may hold blanks; counting starts behind it.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
        let line = |name: &str| -> Option<i64> {
            let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split_whitespace().next()?.parse().ok()
        };
        Some(Self {
            cpu_seconds: f64::from(number(11)?.saturating_add(number(12)?)) / TICKS,
            resident: line("VmRSS:")?.saturating_mul(1024),
            threads: line("Threads:")?,
            open_files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_files_of_proc() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 3 0 100 1 1";
        let status = "Name:\ta b\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        let expected = Figures { cpu_seconds: 2.0, resident: 2_097_152, threads: 3, open_files: 9 };
        assert_eq!(Figures::parse(stat, status, 9), Some(expected));
        assert_eq!(Figures::parse("", "", 0), None);
    }
}
