//! `cronjob`: a job at every time of a schedule.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Parameters, Phase, Reader, RenderRequest,
    Rendered, Status, StatusRequest, check,
    kubernetes::{Tree, at, text_at, with_metadata},
};
use serde_json::{Value, json};

use crate::workload::{self, WORKLOAD, batch, parameters};

/// See the module.
pub(crate) struct CronJob;

const API_VERSION: &str = "batch/v1";
const KIND: &str = "CronJob";
const POLICIES: [&str; 3] = ["Allow", "Forbid", "Replace"];
/// Kubernetes adds up to 11 characters to name the jobs.
const LONGEST_NAME: usize = 52;
/// The controller looks every 10 seconds: with less it may never be in time.
const SHORTEST_DEADLINE: i64 = 10;

impl NodeType for CronJob {
    fn name(&self) -> &'static str {
        "cronjob"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "cronjob-<n>", "schedule": "0 * * * *", "image": "", "concurrencyPolicy": "Allow",
            "suspend": false, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1 });
        Descriptor::new(self.name(), "CronJob")
            .description("Runs a job at every time of a schedule, for example a backup.")
            .palette("core", "Clock", &["workload", "batch", "schedule", "backup"])
            .use_and_difficulty("medium", "medium")
            .traits(&[WORKLOAD])
            .rank(30)
            .kind(API_VERSION, KIND, true)
            .start(start)
            .env_keys("envKeys")
            .parameters(all_parameters())
    }

    fn facts(&self, node: &Node) -> Facts {
        workload::facts(node, API_VERSION, KIND)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let schedule = schedule(&reader);
        let pods = batch::pods(&reader, request, "OnFailure");
        let hint = "shorten it: Kubernetes adds the time to the names of its jobs";
        pods.limit_name(&reader, LONGEST_NAME, "a cron job", hint);
        let job = batch::limits(&reader).set("template", pods.template);
        let labels = Tree::new().set("labels", pods.meta.pod_labels());
        let spec = schedule.set("jobTemplate", Tree::new().set("metadata", labels).set("spec", job));
        let object = with_metadata(API_VERSION, KIND, pods.meta.metadata()).set("spec", spec);
        Rendered::default().object(object).notes(pods.notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "pending").message("not created yet");
        };
        let last = text_at(live, &["status", "lastScheduleTime"]);
        let active = at(live, &["status", "active"]).and_then(Value::as_array).map_or(0, Vec::len);
        let suspended = at(live, &["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
        let (state, message) = match (suspended, active, last) {
            (true, 0, _) => ("suspended", "suspended".to_owned()),
            (true, _, _) => ("suspended", format!("suspended, {active} still running")),
            (false, 0, None) => ("active", "no run was due yet".to_owned()),
            (false, 0, Some(last)) => ("active", format!("last run at {last}")),
            (false, _, _) => ("active", format!("{active} running")),
        };
        Status::new(Phase::Ready, state)
            .message(message)
            .member("activeJobs", active)
            .member_if("lastScheduleTime", last)
            .member_if("lastSuccessfulTime", text_at(live, &["status", "lastSuccessfulTime"]))
    }
}

/// The members of the spec that say when jobs are made and how many are kept.
fn schedule(reader: &Reader<'_>) -> Tree {
    let most = i64::from(i32::MAX);
    let hint = "write minute, hour, day, month and weekday, for example 0 * * * *";
    let schedule =
        reader.required_text("schedule", hint).and_then(|_| reader.checked("schedule", check::cron_schedule));
    let deadline = reader.integer("startingDeadlineSeconds", 0..=most);
    if deadline.is_some_and(|seconds| seconds < SHORTEST_DEADLINE) {
        let message = format_args!("with less than {SHORTEST_DEADLINE} seconds runs may be missed");
        reader.warning("startingDeadlineSeconds", "short", message, "give it more, or leave it empty");
    }
    let kept = |key: &str, default: i64| reader.integer(key, 0..=most).unwrap_or(default);
    Tree::new()
        .set_some("schedule", schedule)
        .set_some("timeZone", reader.checked("timeZone", check::time_zone))
        .set("concurrencyPolicy", reader.choice("concurrencyPolicy", &POLICIES).unwrap_or("Allow"))
        .set("suspend", reader.flag("suspend").unwrap_or(false))
        .set_some("startingDeadlineSeconds", deadline)
        .set("successfulJobsHistoryLimit", kept("successfulJobsHistoryLimit", 3))
        .set("failedJobsHistoryLimit", kept("failedJobsHistoryLimit", 1))
}

fn all_parameters() -> Parameters {
    let schedule = Parameter::text("schedule", "Schedule").required().default("0 * * * *");
    let labels =
        json!({ "Allow": "Run both", "Forbid": "Leave the new one out", "Replace": "Stop the old one" });
    let concurrency = Parameter::choice("concurrencyPolicy", "When the last one still runs", &POLICIES)
        .default("Allow")
        .labels(labels);
    let number = |name, title| Parameter::integer(name, title).set("minimum", json!(0));
    let all = parameters::identity("my-cronjob")
        .with(schedule.about("Minute, hour, day, month and weekday, or a name like @daily."))
        .with(
            Parameter::text("timeZone", "Time zone")
                .about("Europe/Berlin; empty for the cluster's, mostly UTC."),
        )
        .with(parameters::image());
    let all = parameters::command(all)
        .with(concurrency.about("What happens when a run is due while the last one still runs."))
        .with(
            Parameter::flag("suspend", "Suspend").default(false).about("No new runs; those that run go on."),
        )
        .with(
            number("successfulJobsHistoryLimit", "Successful runs kept")
                .default(3)
                .about("How many ended jobs stay to be looked at."),
        )
        .with(
            number("failedJobsHistoryLimit", "Failed runs kept")
                .default(1)
                .about("How many failed jobs stay to be looked at."),
        )
        .with(
            number("startingDeadlineSeconds", "Latest start (s)")
                .about("A run that is later than this is left out; empty for no limit."),
        );
    let all = batch::limit_parameters(all).with(batch::restart_policy("OnFailure"));
    let all = parameters::environment(all).with(parameters::resources());
    let all = all.with(parameters::labels("Labels of the cron job, its jobs and their pods."));
    parameters::pulling(all).with(parameters::volume_mounts())
}
