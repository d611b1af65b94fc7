//! `scale`, `log`, `eviction`, `binding`.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::status::Status;
use super::{Answer, Call, Verb};
use crate::clock::after;
use crate::controllers;
use crate::core::{Core, DeleteOptions, Ownership, Writer};
use crate::kubelet::{self, LogOptions};
use crate::patch;
use crate::scale;
use crate::simulator::Shared;
use crate::value::{int, list, name, namespace, put, text, uid};

pub(super) fn serve(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Status> {
    match (call.subresource.as_str(), call.verb) {
        ("scale", Verb::Get | Verb::Update | Verb::Patch) => scale(&mut shared.core.lock(), call),
        ("log", Verb::Get) => log(shared, call),
        ("eviction", Verb::Create) => evict(&mut shared.core.lock(), call),
        ("binding", Verb::Create) => bind(&mut shared.core.lock(), call),
        _ => Err(Status::method_not_allowed()),
    }
}

fn live(core: &Core, call: &Call) -> Result<Arc<Value>, Status> {
    core.get(&call.resource.id(), call.space(), call.own())
        .ok_or_else(|| Status::not_found(&call.resource, call.own()))
}

fn scale(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let live = live(core, call)?;
    let before = scale::of(&call.resource, &live);
    let wanted = match call.verb {
        Verb::Update => call.json()?,
        Verb::Patch => {
            let body = call.json()?;
            if call.content_type.starts_with("application/json-patch+json") {
                patch::json_patch(&before, &body)?
            } else {
                patch::merge_patch(&before, &body)
            }
        }
        _ => return Ok(Answer::ok(before)),
    };
    let replicas = int(&wanted, "/spec/replicas")
        .ok_or_else(|| Status::bad_request("spec.replicas must be a whole number"))?;
    let mut new = (*live).clone();
    scale::set(&call.resource, &mut new, replicas);
    let claimed = text(&wanted, "/metadata/resourceVersion").to_owned();
    put(&mut new, &["metadata", "resourceVersion"], claimed);
    let done = core.update(&call.resource, new, &call.writer()?, Ownership::Tracked)?;
    Ok(Answer::ok(scale::of(&call.resource, &done)))
}

fn evict(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let pod = live(core, call)?;
    for (budget, allowed, wanted, healthy) in controllers::disruptions_allowed(core, &pod) {
        if allowed < 1 {
            let message = format!(
                "The disruption budget {budget} needs {wanted} healthy pods and has {healthy} currently"
            );
            return Err(Status::budget(&message));
        }
    }
    let body = call.json()?;
    let grace = int(&body, "/deleteOptions/gracePeriodSeconds");
    let dry_run = call.dry_run()? || !list(&body, "/deleteOptions/dryRun").is_empty();
    let options = DeleteOptions { grace, dry_run, ..DeleteOptions::default() };
    core.delete(&call.resource, call.space(), call.own(), &options)?;
    Ok(Answer::Json(StatusCode::CREATED, success()))
}

fn bind(core: &mut Core, call: &Call) -> Result<Answer, Status> {
    let pod = live(core, call)?;
    if !text(&pod, "/spec/nodeName").is_empty() {
        let why = format!("pod {} is already assigned to node", name(&pod));
        return Err(Status::conflict(&call.resource, call.own(), &why));
    }
    let node = text(&call.json()?, "/target/name").to_owned();
    let writer = Writer { subresource: "binding".to_owned(), internal: true, ..call.writer()? };
    core.modify("pods", call.space(), call.own(), &writer, |pod| put(pod, &["spec", "nodeName"], node));
    Ok(Answer::Json(StatusCode::CREATED, success()))
}

fn success() -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 })
}

fn log_options(core: &Core, call: &Call, pod: &Value) -> Result<LogOptions, Status> {
    let containers: Vec<_> = list(pod, "/spec/containers").iter().map(|one| text(one, "/name")).collect();
    let container = match (call.query.get("container"), containers.as_slice()) {
        ("", [only]) => (*only).to_owned(),
        ("", many) => {
            return Err(Status::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                name(pod),
                many.join(" ")
            )));
        }
        (named, _) => named.to_owned(),
    };
    let since = call.query.number("sinceSeconds")?.map(|seconds| {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        core.now().checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap_or(jiff::Timestamp::MIN)
    });
    Ok(LogOptions {
        container,
        tail: call.query.number("tailLines")?.and_then(|lines| usize::try_from(lines).ok()),
        timestamps: call.query.flag("timestamps"),
        previous: call.query.flag("previous"),
        follow: call.query.flag("follow"),
        since: since.or_else(|| call.query.get("sinceTime").parse().ok()),
    })
}

fn log_lines(core: &Core, pod: &Value, options: &LogOptions) -> Result<Vec<String>, Status> {
    let Some(runtime) = core.pods.running.get(uid(pod)) else {
        let message = format!(
            "container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating",
            options.container,
            name(pod)
        );
        return Err(Status::bad_request(message));
    };
    kubelet::lines(runtime, options, core.now())
        .map_err(|why| Status::bad_request(format!("{why} in pod \"{}\"", name(pod))))
}

fn log(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Status> {
    let mut core = shared.core.lock();
    let pod = live(&core, call)?;
    let options = log_options(&core, call, &pod)?;
    let lines = log_lines(&core, &pod, &options)?;
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    if !options.follow {
        return Ok(Answer::Text(StatusCode::OK, text));
    }
    let news = core.objects.subscribe("pods");
    drop(core);
    let whole = LogOptions { tail: None, ..options };
    let follow =
        Follow { shared: Arc::clone(shared), pod, options: whole, sent: None, news, first: Some(text) };
    Ok(Answer::stream("text/plain", futures::stream::unfold(follow, Follow::next)))
}

/// A log that is followed until its container ends.
struct Follow {
    shared: Arc<Shared>,
    pod: Arc<Value>,
    options: LogOptions,
    /// Lines sent of the whole log.
    sent: Option<usize>,
    news: tokio::sync::watch::Receiver<u64>,
    first: Option<String>,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Bytes, super::BoxError>, Self)> {
        loop {
            self.news.borrow_and_update();
            let (lines, over) = {
                let core = self.shared.core.lock();
                let found = core.get("pods", namespace(&self.pod), name(&self.pod));
                let alive = found.as_ref().is_some_and(|found| uid(found) == uid(&self.pod));
                let done =
                    found.is_none_or(|found| matches!(text(&found, "/status/phase"), "Succeeded" | "Failed"));
                (log_lines(&core, &self.pod, &self.options).unwrap_or_default(), !alive || done)
            };
            if let Some(first) = self.first.take() {
                self.sent = Some(lines.len());
                return Some((Ok(Bytes::from(first)), self));
            }
            let sent = self.sent.unwrap_or_default().min(lines.len());
            if sent < lines.len() {
                let text: String = lines[sent..].iter().flat_map(|line| [line.as_str(), "\n"]).collect();
                self.sent = Some(lines.len());
                return Some((Ok(Bytes::from(text)), self));
            }
            if over {
                return None;
            }
            let clock = &self.shared.config.clock;
            let tick = clock.sleep_until(after(clock.now(), std::time::Duration::from_secs(10)));
            tokio::select! {
                news = self.news.changed() => if news.is_err() { return None },
                () = tick => {}
            }
        }
    }
}
