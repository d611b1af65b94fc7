//! `up`: make the cluster look like the file and wait until everything is ready.

use kubeorch_core::runs::{Options, Status};

use super::job::{ACTOR, Job};
use super::report::Report;
use super::watch::follow;
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Progress, Terminal};
use crate::cli::signals::Signals;

/// Objects named when a run is interrupted; more are counted.
const MAX_NAMED: usize = 20;

/// Deploys a file.
pub(crate) async fn up(args: &args::Up, terminal: &mut Terminal) -> Outcome {
    if args.dry_run {
        return super::plan(&args.deploy, false, terminal).await;
    }
    let mut signals = Signals::listen()?;
    let (job, engine) = signals
        .or(async {
            let job = Job::open(&args.deploy, args.timeout, terminal).await?;
            let plan = job.plan(terminal).await?;
            terminal.note(&format!("Plan: {}", plan.summary()));
            let engine = job.runner(&args.deploy.target).await?;
            Ok((job, engine))
        })
        .await?;
    let since = engine.store().head().borrow().0;
    let options = Options { expect: args.plan, ..job.options.clone() };
    let run = engine.runs().start(&ACTOR, job.id(), job.values.clone(), options).await?;
    let mut progress = Progress::new(job.file.graph.nodes.iter().map(|node| node.id.clone()));
    let end = follow(&engine, (job.id(), run.id, since), &mut progress, &mut signals, terminal).await?;
    engine.shutdown().await;
    let report = Report::new(&job, &end);
    terminal.data(&report.text(args.deploy.output))?;
    match end.run.status {
        Status::Completed => Ok(exit::OK),
        _ if end.interrupted => Err(interrupted(&report, terminal)),
        _ if report.timed_out() => Err(Failure::new(exit::TIMED_OUT, report.failure())
            .hint("What was applied stays. Repeat with a longer --timeout; nothing is applied twice.")),
        _ => Err(Failure::new(exit::DEPLOY_FAILED, report.failure())
            .hint("What was applied stays. Correct the file and repeat.")),
    }
}

fn interrupted(report: &Report<'_>, terminal: &mut Terminal) -> Failure {
    let stays = report.stays();
    if !stays.is_empty() {
        terminal.note("Applied before the end, and still there:");
        stays.iter().take(MAX_NAMED).for_each(|object| terminal.note(&format!("  {object}")));
        if stays.len() > MAX_NAMED {
            terminal.note(&format!("  and {} more", stays.len() - MAX_NAMED));
        }
    }
    Failure::new(exit::INTERRUPTED, "the run was cancelled").hint("Repeat the command to finish it.")
}
