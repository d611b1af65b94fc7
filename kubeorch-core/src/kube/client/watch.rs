//! Following objects: kube-runtime's watcher, told as the [`Event`]s of this edge.
//!
//! The watcher lists in pages and watches with bookmarks, lists anew after a 410, and pauses 0.8 s to 30 s with
//! jitter between failures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ::kube::Api;
use ::kube::core::DynamicObject;
use ::kube::runtime::{WatchStreamExt, watcher};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Map, Value};

use super::cluster::Client;
use super::failure::{Failure, Stage};
use super::mapping::Resource;
use crate::kube::{Error, Event, Scope, WatchStream};
use crate::manifest::{Kind, Object};

/// The longest pause before a kind is looked for again.
const LONGEST: Duration = Duration::from_secs(30);

/// See [`crate::kube::Cluster::watch`].
pub(super) fn follow(client: Client, scope: Scope) -> WatchStream {
    let follow = Follow {
        client,
        scope,
        source: None,
        queue: VecDeque::new(),
        begun: false,
        absent: false,
        failures: 0,
        ended: false,
    };
    stream::unfold(follow, Follow::next).boxed()
}

type Source = BoxStream<'static, Result<watcher::Event<DynamicObject>, watcher::Error>>;

struct Follow {
    client: Client,
    scope: Scope,
    /// `None` until the kind is found.
    source: Option<Source>,
    /// What one event of the source turned into; at most two.
    queue: VecDeque<Result<Event, Error>>,
    /// The consumer holds a set already, so the next start is a restart.
    begun: bool,
    /// The consumer has been told that there is nothing of this kind.
    absent: bool,
    /// Failed looks for the kind in a row.
    failures: u32,
    ended: bool,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Event, Error>, Self)> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some((item, self));
            }
            if self.ended {
                return None;
            }
            match &mut self.source {
                None => self.find().await,
                Some(source) => match source.next().await {
                    Some(Ok(event)) => self.tell(event),
                    Some(Err(error)) => self.trouble(error).await,
                    None => self.source = None,
                },
            }
        }
    }

    /// Looks for the kind and begins to follow it.
    async fn find(&mut self) {
        if self.failures > 0 {
            let pause = Duration::from_secs(1) * 2_u32.saturating_pow(self.failures - 1);
            self.client.transport.clock.sleep(pause.min(LONGEST)).await;
        }
        match self.client.mapping.find(&self.client.transport, &self.scope.kind).await {
            Ok(Some(resource)) => {
                self.failures = 0;
                self.source = Some(source(&self.client, &resource, &self.scope));
            }
            Ok(None) => {
                self.failures += 1;
                if !self.absent {
                    self.absent = true;
                    self.begin();
                    self.queue.push_back(Ok(Event::Synced));
                }
            }
            Err(failure) => {
                self.failures += 1;
                self.report(failure);
            }
        }
    }

    fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            self.queue.push_back(Ok(Event::Restarted));
        }
    }

    fn tell(&mut self, event: watcher::Event<DynamicObject>) {
        let kind = &self.scope.kind;
        let told = match event {
            watcher::Event::Init => {
                self.absent = false;
                return self.begin();
            }
            watcher::Event::InitDone => Some(Event::Synced),
            watcher::Event::Apply(object) | watcher::Event::InitApply(object) => {
                whole(kind, object).map(Event::Applied)
            }
            watcher::Event::Delete(object) => whole(kind, object).map(Event::Deleted),
        };
        self.queue.extend(told.map(Ok));
    }

    async fn trouble(&mut self, error: watcher::Error) {
        let failure = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => Failure::of(&error),
            watcher::Error::WatchError(status) => Failure::status(status.code, status, None),
            watcher::Error::NoResourceVersion => Stage::Format.into(),
        };
        if failure.is(410) {
            // The watcher starts over; that is told by the next `Init`.
        } else if failure.is(404) {
            self.client.mapping.forget(&self.scope.kind).await;
            self.source = None;
        } else {
            self.report(failure);
        }
    }

    fn report(&mut self, failure: Failure) {
        let error = failure.about(&self.scope.kind.kind);
        self.ended = !error.retry();
        self.queue.push_back(Err(error));
    }
}

fn source(client: &Client, resource: &Arc<Resource>, scope: &Scope) -> Source {
    let api: Api<DynamicObject> = match scope.namespace.as_deref().filter(|_| resource.namespaced) {
        Some(namespace) => Api::namespaced_with(client.raw().clone(), namespace, &resource.api()),
        None => Api::all_with(client.raw().clone(), &resource.api()),
    };
    let mut config = watcher::Config::default().page_size(client.transport.options.page);
    if !scope.labels.is_empty() {
        config = config.labels(&scope.labels);
    }
    watcher(api, config).default_backoff().boxed()
}

/// kube-rs keeps kind, metadata and the rest apart, and leaves out the kind of listed items.
fn whole(kind: &Kind, object: DynamicObject) -> Option<Object> {
    let mut members = Map::new();
    members.insert("apiVersion".to_owned(), Value::from(kind.api_version.as_str()));
    members.insert("kind".to_owned(), Value::from(kind.kind.as_str()));
    members.insert("metadata".to_owned(), serde_json::to_value(object.metadata).ok()?);
    if let Value::Object(data) = object.data {
        members.extend(data);
    }
    Object::new(Value::Object(members)).ok()
}
