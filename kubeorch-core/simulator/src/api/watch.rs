//! `watch`: changes as they come, from a version on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;

use super::render::{Form, written};
use super::status::Status;
use super::{Answer, BoxError, Call};
use crate::clock::after;
use crate::core::Core;
use crate::resources::Resource;
use crate::simulator::Shared;
use crate::store::{Change, ChangeKind, FieldSelector, LabelSelector};

/// Events read from the history under one lock.
const BATCH: usize = 256;
/// Bytes sent at once when many events wait.
const CHUNK: usize = 32 * 1024;
/// How long a watch lasts that names no timeout; real servers pick 30 to 60 minutes.
const TIMEOUT: Duration = Duration::from_mins(30);
/// How often bookmarks come.
const BOOKMARK: Duration = Duration::from_mins(1);

/// The content type of a watch.
const WATCH: &str = "application/json;stream=watch";

struct Watch {
    shared: Arc<Shared>,
    resource: Arc<Resource>,
    namespace: Option<String>,
    labels: LabelSelector,
    fields: FieldSelector,
    form: Form,
    version: u64,
    news: Receiver<u64>,
    pending: VecDeque<Event>,
    /// Whether the client has had its columns.
    begun: bool,
    bookmarks: bool,
    end: BoxFuture<'static, ()>,
    next_bookmark: BoxFuture<'static, ()>,
    /// Ends the stream as if the connection broke, after so many events.
    drop_after: Option<u64>,
    over: bool,
}

pub(super) fn watch(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Status> {
    let mut core = shared.core.lock();
    let id = call.resource.id();
    let timeout = call.query.number("timeoutSeconds")?.map_or(TIMEOUT, Duration::from_secs);
    let clock = Arc::clone(&shared.config.clock);
    let since = call.query.get("resourceVersion");
    let initial = call.query.flag("sendInitialEvents");
    check_initial(call)?;
    let mut watch = Watch {
        shared: Arc::clone(shared),
        resource: Arc::clone(&call.resource),
        namespace: call.namespace.clone(),
        labels: call.labels()?,
        fields: call.fields()?,
        form: Form::of(call),
        version: core.objects.version(),
        news: core.objects.subscribe(&id),
        pending: VecDeque::new(),
        begun: false,
        bookmarks: call.query.flag("allowWatchBookmarks"),
        end: clock.sleep_until(after(clock.now(), timeout)),
        next_bookmark: clock.sleep_until(after(clock.now(), BOOKMARK)),
        drop_after: shared.faults.drop_after(&call.about(&id)),
        over: false,
    };
    if initial || matches!(since, "" | "0") {
        watch.snapshot(&core, &id);
        if initial && watch.bookmarks {
            let mark = watch.bookmark(true);
            watch.pending.push_back(mark);
        }
    } else {
        watch.version =
            since.parse().map_err(|_| Status::bad_request(format!("invalid resource version: {since}")))?;
        if core.objects.changes(&id, watch.version, 1).is_none() {
            watch.expire();
        }
    }
    drop(core);
    let stream = futures::stream::unfold(watch, Watch::next);
    Ok(Answer::stream(WATCH, stream))
}

/// Asking for the state first, or expressly not, needs to say how fresh it must be.
fn check_initial(call: &Call) -> Result<(), Status> {
    let (asked, how) = (call.query.get("sendInitialEvents"), call.query.get("resourceVersionMatch"));
    match (asked, how) {
        ("", "") | (_, "NotOlderThan") if asked.is_empty() == how.is_empty() => Ok(()),
        ("", _) => Err(Status::unprocessable(
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )),
        _ => Err(Status::unprocessable(
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        )),
    }
}

/// A watch whose first event is a failure.
pub(crate) fn failed_watch(failure: &Status) -> Answer {
    let line: Result<Bytes, BoxError> = Ok(line("ERROR", &failure.body()));
    Answer::stream(WATCH, futures::stream::iter([line]))
}

/// What a watch is to send.
enum Event {
    Line(Bytes),
    /// An object of the state the watch began with. It is written when its turn comes: a thousand watches
    /// that begin at once do not hold a thousand copies of everything.
    Initial(Arc<Value>),
}

impl Watch {
    async fn next(mut self) -> Option<(Result<Bytes, BoxError>, Self)> {
        loop {
            if let Some(chunk) = self.chunk() {
                return Some((Ok(chunk), self));
            }
            if self.over || self.drop_after == Some(0) {
                return None;
            }
            // Marked as seen before reading: a change in between wakes us again.
            self.news.borrow_and_update();
            self.read();
            if !self.pending.is_empty() {
                continue;
            }
            tokio::select! {
                news = self.news.changed() => if news.is_err() { return None },
                () = &mut self.end => return None,
                () = &mut self.next_bookmark, if self.bookmarks => {
                    let clock = &self.shared.config.clock;
                    self.next_bookmark = clock.sleep_until(after(clock.now(), BOOKMARK));
                    let mark = self.bookmark(false);
                    self.pending.push_back(mark);
                }
            }
        }
    }

    /// The events at hand as one piece, up to [`CHUNK`].
    fn chunk(&mut self) -> Option<Bytes> {
        let first = self.line()?;
        let mut all = Vec::new();
        while all.len() + first.len() < CHUNK {
            match self.line() {
                Some(line) => all.extend_from_slice(&line),
                None => break,
            }
        }
        if all.is_empty() { Some(first) } else { Some([&first[..], &all].concat().into()) }
    }

    fn line(&mut self) -> Option<Bytes> {
        match &mut self.drop_after {
            Some(0) => return None,
            Some(left) if !self.pending.is_empty() => *left -= 1,
            _ => {}
        }
        Some(match self.pending.pop_front()? {
            Event::Line(line) => line,
            Event::Initial(object) => self.event("ADDED", &object),
        })
    }

    /// The present state as additions.
    fn snapshot(&mut self, core: &Core, id: &str) {
        let namespace = self.namespace.clone();
        for object in core.objects.list(id, namespace.as_deref()) {
            if self.selected(object) {
                self.pending.push_back(Event::Initial(Arc::clone(object)));
            }
        }
    }

    /// Takes the changes since the last look out of the history.
    fn read(&mut self) {
        let id = self.resource.id();
        let changes = {
            let core = self.shared.core.lock();
            core.objects.changes(&id, self.version, BATCH)
        };
        let Some(changes) = changes else {
            self.expire();
            return;
        };
        for change in changes {
            self.version = change.version;
            if let Some(event) = self.translate(&change) {
                self.pending.push_back(Event::Line(event));
            }
        }
    }

    fn selected(&self, object: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|wanted| crate::value::namespace(object) == wanted)
            && self.labels.matches(object)
            && self.fields.matches(object)
    }

    /// What a change means to this watch: objects come and go as selectors begin and stop to match.
    fn translate(&mut self, change: &Change) -> Option<Bytes> {
        let now = change.kind != ChangeKind::Deleted && self.selected(&change.object);
        let was = change.before.as_ref().is_some_and(|before| self.selected(before));
        match (was, now) {
            (false, true) => Some(self.shared(change, ChangeKind::Added)),
            (true, true) => Some(self.shared(change, ChangeKind::Modified)),
            (true, false) if change.kind == ChangeKind::Deleted => {
                Some(self.shared(change, ChangeKind::Deleted))
            }
            (true, false) => {
                // It lives on, but not for this watch.
                let mut last = (**change.before.as_ref()?).clone();
                crate::value::put(&mut last, &["metadata", "resourceVersion"], change.version.to_string());
                Some(self.event("DELETED", &last))
            }
            (false, false) => None,
        }
    }

    /// The line of a change; all watches of whole objects share one.
    fn shared(&mut self, change: &Change, kind: ChangeKind) -> Bytes {
        let name = match kind {
            ChangeKind::Added => "ADDED",
            ChangeKind::Modified => "MODIFIED",
            ChangeKind::Deleted => "DELETED",
        };
        match self.form {
            Form::Whole => change.line(kind, || line(name, &change.object)),
            _ => self.event(name, &change.object),
        }
    }

    fn event(&mut self, kind: &str, object: &Value) -> Bytes {
        if self.form == Form::Whole {
            return line(kind, object);
        }
        let now = self.shared.config.clock.now();
        let object = self.form.event(&self.resource, object, now, !self.begun);
        self.begun = true;
        line(kind, &object)
    }

    fn bookmark(&self, initial_end: bool) -> Event {
        let mut object = json!({
            "apiVersion": self.resource.api_version(),
            "kind": self.resource.kind,
            "metadata": { "resourceVersion": self.version.to_string(), "creationTimestamp": null },
        });
        if initial_end {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        Event::Line(line("BOOKMARK", &object))
    }

    /// The history no longer reaches back to where the client is.
    fn expire(&mut self) {
        let failure = Status::expired(format!("too old resource version: {}", self.version));
        self.pending.push_back(Event::Line(line("ERROR", &failure.body())));
        self.over = true;
    }
}

/// An event as a line of a watch.
fn line(kind: &str, object: &Value) -> Bytes {
    #[derive(Serialize)]
    struct Written<'a> {
        r#type: &'a str,
        object: &'a Value,
    }
    let mut line = written(&Written { r#type: kind, object });
    line.push(b'\n');
    line.into()
}
