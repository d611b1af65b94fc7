//! `job`: pods that run to their end, once.

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Parameters, Phase, RenderRequest, Rendered,
    Status, StatusRequest,
    kubernetes::{Tree, at, condition, integer_at, label_text, qualified_name, text_at, with_metadata},
};
use serde_json::{Value, json};

use crate::workload::{
    self, WORKLOAD, batch,
    health::{Problem, problem},
    parameters,
};

/// See the module.
pub(crate) struct Job;

const API_VERSION: &str = "batch/v1";
const KIND: &str = "Job";
/// A watch may be interrupted for some seconds.
const SHORTEST_LIFE: i64 = 10;

impl NodeType for Job {
    fn name(&self) -> &'static str {
        "job"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "job-<n>", "image": "", "completions": 1, "parallelism": 1, "backoffLimit": 6, "restartPolicy": "Never" });
        Descriptor::new(self.name(), "Job")
            .description("Runs pods to their end, for example a migration.")
            .palette("core", "PlayCircle", &["workload", "batch", "task", "migration"])
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
        let pods = batch::pods(&reader, request, "Never");
        pods.limit_name(&reader, 63, "a job", "its pods carry it in a label, which holds 63 characters");
        let count = |key: &str, least: i64| reader.integer(key, least..=i64::from(i32::MAX));
        let kept = count("ttlSecondsAfterFinished", 0);
        if kept.is_some_and(|seconds| seconds < SHORTEST_LIFE) {
            let message = format_args!(
                "a job that is removed within {SHORTEST_LIFE} seconds may be gone before its end is seen"
            );
            reader.warning("ttlSecondsAfterFinished", "short", message, "keep it longer, or leave it empty");
        }
        let spec = Tree::new()
            .set("completions", count("completions", 1).unwrap_or(1))
            .set("parallelism", count("parallelism", 1).unwrap_or(1))
            .merge(batch::limits(&reader))
            .set_some("ttlSecondsAfterFinished", kept)
            .set("template", pods.template);
        let object = with_metadata(API_VERSION, KIND, pods.meta.metadata()).set("spec", spec);
        // A label of the job controller: `app` may be on pods of others.
        let selector = format!("job-name={}", label_text(&pods.meta.name));
        Rendered::default().object(object).observe_pods(&pods.meta.namespace, selector).notes(pods.notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "pending").message("not created yet");
        };
        let count = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
        // Kubernetes counts crashes and gives up by itself; only what never starts is final before that.
        let problem = problem(request.observed.iter())
            .map(|it| Problem { fatal: it.fatal && it.reason != "CrashLoopBackOff", ..it });
        state(live, problem)
            .member("active", count("active"))
            .member("succeeded", count("succeeded"))
            .member("failed", count("failed"))
    }
}

fn state(live: &Value, problem: Option<Problem>) -> Status {
    let holds = |kind: &str| condition(live, kind).filter(|it| text_at(it, &["status"]) == Some("True"));
    let count = |key: &str| integer_at(live, &["status", key]).unwrap_or(0);
    // Without a number of completions the first success ends the job.
    let wanted = integer_at(live, &["spec", "completions"]).unwrap_or(1);
    let done = format!("{}/{wanted} pods succeeded", count("succeeded"));
    if holds("Complete").is_some() {
        return Status::new(Phase::Ready, "completed").message(done);
    }
    if let Some(failed) = holds("Failed") {
        let why = text_at(failed, &["message"]).unwrap_or("the job failed");
        let message = problem.map_or_else(|| why.to_owned(), |problem| format!("{why}; {}", problem.message));
        let reason = text_at(failed, &["reason"]).unwrap_or("Failed");
        let status = Status::new(Phase::Failed, "failed").message(message);
        return status.because(reason, Some(qualified_name(KIND, live)));
    }
    let suspended = at(live, &["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    if suspended || holds("Suspended").is_some() {
        let status = Status::new(Phase::Progressing, "pending").message("suspended");
        return status.because("Suspended", Some(qualified_name(KIND, live)));
    }
    if let Some(problem) = problem {
        let (phase, state) =
            if problem.fatal { (Phase::Failed, "failed") } else { (Phase::Progressing, "running") };
        let status = Status::new(phase, state).message(format!("{done}; {}", problem.message));
        return status.because(problem.reason, Some(problem.object));
    }
    match count("active") {
        0 if count("succeeded") + count("failed") == 0 => {
            Status::new(Phase::Progressing, "pending").message("no pod started yet")
        }
        0 => Status::new(Phase::Progressing, "running").message(done),
        active => Status::new(Phase::Progressing, "running").message(format!("{done}, {active} running")),
    }
}

fn all_parameters() -> Parameters {
    let positive = |name, title| Parameter::integer(name, title).default(1).range(1, i64::from(i32::MAX));
    let kept =
        Parameter::integer("ttlSecondsAfterFinished", "Kept after its end (s)").set("minimum", json!(0));
    let all = parameters::command(parameters::identity("my-job").with(parameters::image()))
        .with(positive("completions", "Completions").about("How many pods must succeed."))
        .with(positive("parallelism", "Parallelism").about("How many pods run at once."));
    let all = batch::limit_parameters(all)
        .with(kept.about("Removed so long after its end; empty to keep it."))
        .with(batch::restart_policy("Never"));
    let all = parameters::environment(all).with(parameters::resources());
    let all = all.with(parameters::labels("Labels of the job and its pods."));
    parameters::pulling(all).with(parameters::volume_mounts())
}
