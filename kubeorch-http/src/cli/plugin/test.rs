//! `plugin test`: golden cases in the sandbox.

use std::fmt::Write as _;
use std::time::Instant;

use kubeorch_core::plugin::{Limits, Measured};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::cases::{self, Verdict};
use super::{build, component, count, host};
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Format, Table, Terminal, Tone, document, paint, seconds};
use crate::cli::store::Size;

/// Lines round a difference.
const CONTEXT: usize = 3;

/// One case in the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    case: String,
    /// `passed`, `blessed`, `differs` or `failed`.
    result: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    diff: String,
    micros: u128,
    memory: usize,
    output: usize,
    /// Hundredths of each limit.
    shares: Shares,
}

#[derive(Serialize)]
struct Shares {
    time: u128,
    memory: usize,
    output: usize,
}

/// Builds unless a component is given, runs all cases, prints a row for each.
pub(super) async fn test(args: &args::Test, terminal: &mut Terminal) -> Outcome {
    let cases = cases::read(&args.cargo.project)?;
    let path = match &args.component {
        Some(path) => path.clone(),
        None => build::make(&args.cargo, None, terminal)?.path,
    };
    let began = Instant::now();
    let host = host()?;
    let name = path.display().to_string();
    let plugin = host.load(&name, component(&path)?).await.map_err(kubeorch_core::Error::from)?;
    let mut rows = Vec::new();
    for case in cases {
        let (call, verdict) = case.run(&plugin, args.bless).await?;
        rows.push(Row::new(case.name, &call, verdict, host.limits()));
    }
    terminal.data(&match document(args.output, &rows) {
        Some(text) => text,
        None => told(&rows),
    })?;
    let bad = rows.iter().filter(|row| matches!(row.result, "differs" | "failed")).count();
    terminal.note(&format!(
        "{}, {bad} not as expected, {}",
        count(rows.len(), "case"),
        seconds(began.elapsed())
    ));
    if bad == 0 {
        return Ok(exit::OK);
    }
    if args.output != Format::Table {
        return Ok(exit::INVALID);
    }
    let failure =
        Failure::new(exit::INVALID, format!("{bad} of {} not as expected", count(rows.len(), "case")));
    Err(failure.hint("Correct the plugin, or take the new answers with --bless and read what changed."))
}

impl Row {
    fn new(case: String, call: &Measured, verdict: Verdict, limits: &Limits) -> Self {
        let output = call.answer.as_ref().map_or(0, Vec::len);
        let (result, reason, diff) = match verdict {
            Verdict::Passed => ("passed", String::new(), String::new()),
            Verdict::Blessed => ("blessed", String::new(), String::new()),
            Verdict::Failed(reason) => ("failed", reason, String::new()),
            Verdict::Differs { expected, answer } if expected.is_empty() => {
                ("differs", "there is no expected.json yet".into(), diff("", &answer))
            }
            Verdict::Differs { expected, answer } => ("differs", String::new(), diff(&expected, &answer)),
        };
        let shares = Shares {
            time: call.time.as_micros() * 100 / limits.deadline.as_micros().max(1),
            memory: call.memory.saturating_mul(100) / limits.memory.max(1),
            output: output.saturating_mul(100) / limits.output.max(1),
        };
        let (micros, memory) = (call.time.as_micros(), call.memory);
        Self { case, result, reason, diff, micros, memory, output, shares }
    }
}

fn told(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.diff.is_empty() || !row.reason.is_empty()) {
        let _ = writeln!(text, "{}: {}", paint(Tone::Bold, &row.case), row.reason);
        text.extend(row.diff.lines().map(|line| match line.as_bytes().first() {
            Some(b'+') => format!("{}\n", paint(Tone::Good, line)),
            Some(b'-') => format!("{}\n", paint(Tone::Bad, line)),
            _ => format!("{line}\n"),
        }));
    }
    let mut table = Table::new(&["CASE", "RESULT", "TIME", "MEMORY", "OUTPUT"]).toned(1);
    for row in rows {
        let share = |value: String, share: u128| format!("{value} ({share} %)");
        table.row([
            row.case.clone(),
            row.result.to_owned(),
            share(format!("{}.{:02} ms", row.micros / 1000, row.micros % 1000 / 10), row.shares.time),
            share(Size(row.memory as u64).to_string(), row.shares.memory as u128),
            share(Size(row.output as u64).to_string(), row.shares.output as u128),
        ]);
    }
    text + &table.render()
}

/// A difference as `diff -u` has it, without its heads.
fn diff(expected: &str, answer: &str) -> String {
    let diff = TextDiff::from_lines(expected, answer);
    let mut text = String::new();
    for group in diff.grouped_ops(CONTEXT) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            text.push(sign);
            text.push_str(change.value().trim_end_matches('\n'));
            text.push('\n');
        }
    }
    text
}
