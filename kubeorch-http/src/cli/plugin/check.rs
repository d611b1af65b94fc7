//! `plugin check`: whether a component is a good plugin.

use std::fmt::Write as _;

use kubeorch_core::plugin::Limits;
use kubeorch_core::plugin::check::{Finding, Report, Severity};

use super::{component, count, host};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::Outcome;
use crate::cli::output::{Table, Terminal, Tone, document, paint};
use crate::cli::store::Size;

/// Checks, and prints everything that is wrong.
pub(super) async fn check(args: &args::Check, terminal: &mut Terminal) -> Outcome {
    let bytes = component(&args.file)?;
    let host = host()?;
    let report = host.check(&args.file.display().to_string(), bytes).await;
    let text = document(args.output, &report).unwrap_or_else(|| told(&report, host.limits()));
    terminal.data(&text)?;
    Ok(if report.passed() { exit::OK } else { exit::INVALID })
}

fn told(report: &Report, limits: &Limits) -> String {
    let mut text: String = report.findings.iter().map(finding).collect();
    if report.more > 0 {
        let _ = writeln!(text, "  … and {} more", report.more);
    }
    if !report.peaks.is_empty() {
        text += &peaks(report, limits);
    }
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let verdict = match errors {
        0 => paint(Tone::Good, "passed"),
        _ => paint(Tone::Bad, "failed"),
    };
    let who = report.plugin.as_ref().map_or_else(
        || report.file.clone(),
        |plugin| {
            let types = count(report.node_types.len(), "node type");
            format!("{} {}, {types}", plugin.id, plugin.version)
        },
    );
    let warnings = report.findings.len() - errors;
    let _ = writeln!(
        text,
        "{who}, {}: {verdict}, {}, {}, {}",
        Size(report.size as u64),
        count(errors, "error"),
        count(warnings, "warning"),
        count(report.calls, "call"),
    );
    text
}

fn finding(finding: &Finding) -> String {
    let label = match finding.severity {
        Severity::Error => paint(Tone::Bad, "error"),
        Severity::Warning => paint(Tone::Busy, "warning"),
    };
    let code = paint(Tone::Dim, &format!("[{}]", finding.code));
    format!("  {label} {finding} {code}\n    fix: {}\n", finding.fix)
}

/// The most that each function took, as a share of each limit.
fn peaks(report: &Report, limits: &Limits) -> String {
    let mut table = Table::new(&["FUNCTION", "CALLS", "TIME", "MEMORY", "OUTPUT"]);
    for peak in &report.peaks {
        let [time, memory, output] = peak.shares(limits).map(|(_, share)| share);
        table.row([
            peak.function.to_owned(),
            peak.calls.to_string(),
            format!("{}.{:02} ms ({time} %)", peak.micros / 1000, peak.micros % 1000 / 10),
            format!("{} ({memory} %)", Size(peak.memory as u64)),
            format!("{} ({output} %)", Size(peak.output as u64)),
        ]);
    }
    table.render()
}
