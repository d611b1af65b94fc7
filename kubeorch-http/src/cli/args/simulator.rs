//! Flags of `simulator`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::deploy::duration;

const EXAMPLES: &str = "\
Example:
  kubeorch simulator --write-kubeconfig sim.kubeconfig &
  kubectl --kubeconfig sim.kubeconfig get pods -A --watch

A fault script, here one that turns every third list away:
  - {do: too-many-requests, retryAfter: 2s, verb: list, probability: 0.33, seed: 1}

The cluster lives in memory: it is gone when the process ends.";

/// `kubeorch simulator`
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Simulator {
    /// Address and port to listen on; with port 0 the system chooses one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6443")]
    pub(crate) listen: String,
    /// Write a kubeconfig for it to this file (an existing one is replaced)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) write_kubeconfig: Option<PathBuf>,
    /// How many nodes run pods
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) nodes: u16,
    /// A script of what goes wrong: a YAML list of rules
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) faults: Option<PathBuf>,
    /// How long every answer takes, like 2ms
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = latency)]
    pub(crate) latency: Duration,
}

fn latency(text: &str) -> Result<Duration, String> {
    match text {
        "0" | "0s" | "0ms" => Ok(Duration::ZERO),
        text => duration(text).map_err(|_| "a time like 2ms or 1s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_may_be_none() {
        for (text, millis) in
            [("0s", Some(0)), ("0", Some(0)), ("2ms", Some(2)), ("1s", Some(1000)), ("-1s", None)]
        {
            assert_eq!(latency(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
    }
}
