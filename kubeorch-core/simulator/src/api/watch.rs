//! `watch`: changes as they come, from a version on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;

use super::render::Form;
use super::status::Status;
use super::{Answer, BoxError, Call};
use crate::clock::after;
use crate::core::Core;
use crate::resources::Resource;
use crate::simulator::Shared;
use crate::store::{Change, ChangeKind, FieldSelector, LabelSelector};

/// Events read from the history under one lock.
const BATCH: usize = 256;
/// How long a watch lasts that names no timeout; real servers pick 30 to 60 minutes.
const TIMEOUT: Duration = Duration::from_mins(30);
/// How often bookmarks come.
const BOOKMARK: Duration = Duration::from_mins(1);

struct Watch {
    shared: Arc<Shared>,
    resource: Arc<Resource>,
    namespace: Option<String>,
    labels: LabelSelector,
    fields: FieldSelector,
    form: Form,
    version: u64,
    news: Receiver<u64>,
    pending: VecDeque<Value>,
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
        drop_after: shared.faults.drop_after(&id),
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
    Ok(Answer::stream("application/json;stream=watch", stream))
}

impl Watch {
    async fn next(mut self) -> Option<(Result<Bytes, BoxError>, Self)> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                if let Some(left) = &mut self.drop_after {
                    if *left == 0 {
                        return None;
                    }
                    *left -= 1;
                }
                let line = Bytes::from(format!("{event}\n"));
                return Some((Ok(line), self));
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

    /// The present state as additions.
    fn snapshot(&mut self, core: &Core, id: &str) {
        let namespace = self.namespace.clone();
        for object in core.objects.list(id, namespace.as_deref()) {
            if self.selected(object) {
                let event = self.event("ADDED", object);
                self.pending.push_back(event);
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
                self.pending.push_back(event);
            }
        }
    }

    fn selected(&self, object: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|wanted| crate::value::namespace(object) == wanted)
            && self.labels.matches(object)
            && self.fields.matches(object)
    }

    /// What a change means to this watch: objects come and go as selectors begin and stop to match.
    fn translate(&mut self, change: &Change) -> Option<Value> {
        let now = change.kind != ChangeKind::Deleted && self.selected(&change.object);
        let was = change.before.as_ref().is_some_and(|before| self.selected(before));
        match (was, now) {
            (false, true) => Some(self.event("ADDED", &change.object)),
            (true, true) => Some(self.event("MODIFIED", &change.object)),
            (true, false) => {
                let mut last = (**change.before.as_ref()?).clone();
                crate::value::put(&mut last, &["metadata", "resourceVersion"], change.version.to_string());
                Some(self.event("DELETED", &last))
            }
            (false, false) => None,
        }
    }

    fn event(&mut self, kind: &str, object: &Value) -> Value {
        let now = self.shared.config.clock.now();
        let object = self.form.event(&self.resource, object, now, !self.begun);
        self.begun = true;
        json!({ "type": kind, "object": object })
    }

    fn bookmark(&self, initial_end: bool) -> Value {
        let mut object = json!({
            "apiVersion": self.resource.api_version(),
            "kind": self.resource.kind,
            "metadata": { "resourceVersion": self.version.to_string(), "creationTimestamp": null },
        });
        if initial_end {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        json!({ "type": "BOOKMARK", "object": object })
    }

    /// The history no longer reaches back to where the client is.
    fn expire(&mut self) {
        let failure = Status::expired(format!("too old resource version: {}", self.version));
        self.pending.push_back(json!({ "type": "ERROR", "object": failure.body() }));
        self.over = true;
    }
}
