//! `pods/log`: what a container said, and what it says next.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch::Receiver;

use super::status::Status;
use super::{Answer, BoxError, Call, connect};
use crate::clock::after;
use crate::core::Core;
use crate::kubelet::{self, LogOptions};
use crate::simulator::Shared;
use crate::value::{name, namespace, text, uid};

/// How often a container that only lives on is looked at: as often as it says so.
const BEAT: Duration = Duration::from_secs(10);

pub(super) fn logs(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Status> {
    let mut core = shared.core.lock();
    let pod = core
        .get("pods", call.space(), call.own())
        .ok_or_else(|| Status::not_found(&call.resource, call.own()))?;
    let options = options(&core, call, &pod)?;
    let log = read(&core, &pod, &options)?;
    if !options.follow {
        let mut text: String = log.lines.iter().map(|line| line.written(options.timestamps)).collect();
        if let Some(most) = options.bytes.filter(|most| *most < text.len()) {
            // Cut where a letter ends, so that the text stays text.
            text.truncate((0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
        }
        return Ok(Answer::Text(StatusCode::OK, text));
    }
    let news = core.objects.subscribe("pods");
    drop(core);
    let follow = Follow {
        shared: Arc::clone(shared),
        pod,
        run: log.run,
        sent: None,
        left: options.bytes.unwrap_or(usize::MAX),
        options,
        news,
    };
    Ok(Answer::stream("text/plain", futures::stream::unfold(follow, Follow::next)))
}

fn options(core: &Core, call: &Call, pod: &Value) -> Result<LogOptions, Status> {
    let count = |name: &str| -> Result<Option<usize>, Status> {
        Ok(call.query.number(name)?.map(|value| usize::try_from(value).unwrap_or(usize::MAX)))
    };
    let since = call.query.number("sinceSeconds")?.map(|seconds| {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        core.now().checked_sub(seconds).unwrap_or(Timestamp::MIN)
    });
    let moment = match call.query.get("sinceTime") {
        "" => None,
        raw => Some(raw.parse().map_err(|_| Status::bad_request(format!("invalid sinceTime: {raw}")))?),
    };
    if since.is_some() && moment.is_some() {
        return Err(Status::bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    Ok(LogOptions {
        container: connect::container(call, pod)?,
        tail: count("tailLines")?,
        timestamps: call.query.flag("timestamps"),
        previous: call.query.flag("previous"),
        follow: call.query.flag("follow"),
        since: since.or(moment),
        bytes: count("limitBytes")?,
    })
}

fn read(core: &Core, pod: &Value, options: &LogOptions) -> Result<kubelet::Log, Status> {
    if text(pod, "/spec/nodeName").is_empty() {
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", name(pod))));
    }
    let Some(runtime) = core.pods.running.get(uid(pod)) else {
        return Err(Status::bad_request(format!(
            "container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating",
            options.container,
            name(pod)
        )));
    };
    kubelet::log(runtime, name(pod), options, core.now()).map_err(Status::bad_request)
}

/// A log that is followed until its container ends.
struct Follow {
    shared: Arc<Shared>,
    pod: Arc<Value>,
    options: LogOptions,
    run: Timestamp,
    /// The number of the last line sent.
    sent: Option<usize>,
    /// Bytes the client still wants.
    left: usize,
    news: Receiver<u64>,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Bytes, BoxError>, Self)> {
        loop {
            self.news.borrow_and_update();
            let (mut text, over) = self.fresh();
            if !text.is_empty() && self.left > 0 {
                text.truncate(self.left);
                self.left -= text.len();
                return Some((Ok(text), self));
            }
            if over || self.left == 0 {
                return None;
            }
            let clock = &self.shared.config.clock;
            let tick = clock.sleep_until(after(clock.now(), BEAT));
            tokio::select! {
                news = self.news.changed() => if news.is_err() { return None },
                () = tick => {}
            }
        }
    }

    /// The lines not sent yet, and whether they are the last.
    fn fresh(&mut self) -> (Bytes, bool) {
        let core = self.shared.core.lock();
        let alive = core
            .objects
            .get("pods", namespace(&self.pod), name(&self.pod))
            .is_some_and(|found| uid(found) == uid(&self.pod));
        // A container that restarted has another log; the one that is followed is the one before.
        let before = LogOptions { previous: true, ..self.options.clone() };
        let log = [&self.options, &before]
            .into_iter()
            .filter_map(|options| read(&core, &self.pod, options).ok())
            .find(|log| alive && log.run == self.run);
        let Some(log) = log else { return (Bytes::new(), true) };
        let sent = self.sent;
        let fresh = log.lines.iter().filter(|line| sent.is_none_or(|sent| line.number > sent));
        let text: String = fresh.map(|line| line.written(self.options.timestamps)).collect();
        self.sent = log.lines.last().map(|line| line.number).or(self.sent);
        // The tail was asked for once; from here on everything counts.
        self.options.tail = None;
        (Bytes::from(text), log.over)
    }
}
