//! What a user may fill in.

use kubeorch_plugin_sdk::{Parameter, Parameters};

use super::target::KINDS;
use crate::workload::parameters;

pub(super) fn all() -> Parameters {
    let most = i64::from(i32::MAX);
    let share = |name, title| Parameter::integer(name, title).range(1, 100);
    let window = |name, title| Parameter::integer(name, title).range(0, 3600);
    parameters::identity("my-hpa")
        .with(
            Parameter::choice("scaleTargetKind", "Kind of the target", &KINDS)
                .default(KINDS[0])
                .about("What is scaled; filled by a link."),
        )
        .with(
            Parameter::text("scaleTargetName", "Target")
                .required()
                .about("Name of what is scaled; filled by a link."),
        )
        .with(
            Parameter::integer("minReplicas", "Fewest pods")
                .default(1)
                .range(1, most)
                .about("Never fewer than these."),
        )
        .with(
            Parameter::integer("maxReplicas", "Most pods")
                .required()
                .default(10)
                .range(1, most)
                .about("Never more than these."),
        )
        .with(
            share("targetCPUUtilization", "CPU wanted (%)")
                .default(80)
                .about("Share of the requested CPU that pods should use on average."),
        )
        .with(share("targetMemoryUtilization", "Memory wanted (%)").about(
            "Share of the requested memory that pods should use on average; empty to leave memory alone.",
        ))
        .with(
            window("scaleDownStabilization", "Wait before scaling down (s)")
                .default(300)
                .about("The highest number wanted in that time holds."),
        )
        .with(
            window("scaleUpStabilization", "Wait before scaling up (s)")
                .default(0)
                .about("The lowest number wanted in that time holds."),
        )
        .with(parameters::labels("Labels of the autoscaler."))
}
