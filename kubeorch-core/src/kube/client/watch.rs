//! Following objects: kube-runtime's watcher, told as the [`Event`]s of this edge.
//!
//! The watcher lists in pages and watches with bookmarks, lists anew after a 410, and pauses 0.8 s to 30 s with
//! jitter between failures. It does not tell that a broken watch runs again, so its requests are looked at on
//! their way.

use std::collections::VecDeque;
use std::time::Duration;

use ::kube::Api;
use ::kube::client::Body;
use ::kube::core::DynamicObject;
use ::kube::runtime::{WatchStreamExt, watcher};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::cluster::Client;
use super::failure::{Failure, Stage};
use super::guard::streams;
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
        told: Told::Nothing,
        failures: 0,
        ended: false,
        started: watch::channel(0).0,
        interrupted: None,
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
    told: Told,
    /// Failed looks for the kind in a row.
    failures: u32,
    ended: bool,
    /// Counts the watches that the server has begun to answer.
    started: watch::Sender<u64>,
    /// The consumer has been told of an interruption; ends when a watch starts.
    interrupted: Option<watch::Receiver<u64>>,
}

/// What the consumer holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It has heard nothing yet.
    Nothing,
    /// A set that is not complete.
    Part,
    /// A whole set.
    Whole,
    /// That there is nothing of this kind.
    Absent,
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
                Some(source) => {
                    let item = tokio::select! {
                        item = source.next() => item,
                        () = resumed(self.interrupted.as_mut()) => {
                            self.resume();
                            continue;
                        }
                    };
                    self.notice();
                    match item {
                        Some(Ok(event)) => self.tell(event),
                        Some(Err(error)) => self.trouble(error).await,
                        None => self.source = None,
                    }
                }
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
                self.source = Some(source(self.observed(), &resource, &self.scope, &self.client));
            }
            Ok(None) => {
                self.failures += 1;
                if self.told != Told::Absent {
                    self.begin();
                    self.told = Told::Absent;
                    self.queue.push_back(Ok(Event::Synced));
                }
            }
            Err(failure) => {
                self.failures += 1;
                self.report(failure);
            }
        }
    }

    /// The end of an interruption is told before the first change after it: both may come at once.
    fn notice(&mut self) {
        if self.interrupted.as_ref().is_some_and(|started| started.has_changed().unwrap_or(false)) {
            self.resume();
        }
    }

    fn resume(&mut self) {
        self.interrupted = None;
        self.queue.push_back(Ok(Event::Synced));
    }

    /// The client, with its watches counted.
    fn observed(&self) -> ::kube::Client {
        let (client, started) = (self.client.raw().clone(), self.started.clone());
        let namespace = client.default_namespace().to_owned();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let (client, started) = (client.clone(), started.clone());
            async move {
                let watch = streams(request.uri().query().unwrap_or_default());
                let response = client.send(request).await?;
                if watch && response.status().is_success() {
                    started.send_modify(|count| *count += 1);
                }
                Ok::<_, ::kube::Error>(response)
            }
        });
        ::kube::Client::new(service, namespace)
    }

    fn begin(&mut self) {
        // What follows ends with `Synced`.
        self.interrupted = None;
        if std::mem::replace(&mut self.told, Told::Part) != Told::Nothing {
            self.queue.push_back(Ok(Event::Restarted));
        }
    }

    fn tell(&mut self, event: watcher::Event<DynamicObject>) {
        let kind = &self.scope.kind;
        let told = match event {
            watcher::Event::Init => return self.begin(),
            watcher::Event::InitDone => {
                self.told = Told::Whole;
                Some(Event::Synced)
            }
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
        // The list before a watch has its own end; only a watch that was running resumes without a word.
        if !self.ended && self.source.is_some() && self.told == Told::Whole {
            self.interrupted = Some(self.started.subscribe());
        }
        self.queue.push_back(Err(error));
    }
}

/// Never ends where nothing was interrupted.
async fn resumed(interrupted: Option<&mut watch::Receiver<u64>>) {
    if let Some(started) = interrupted {
        // The sender lives in the same struct, so this cannot fail.
        if started.changed().await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn source(client: ::kube::Client, resource: &Resource, scope: &Scope, of: &Client) -> Source {
    let api: Api<DynamicObject> = match scope.namespace.as_deref().filter(|_| resource.namespaced) {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource.api()),
        None => Api::all_with(client, &resource.api()),
    };
    let mut config = watcher::Config::default().page_size(of.transport.options.page);
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
