//! The state of one watch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::kube::core::Status;
use serde_json::{Map, Value};

use super::lines::{Line, Lines, What};
use crate::kube::client::cluster::Client;
use crate::kube::client::failure::{Failure, Stage};
use crate::kube::client::guard::jitter;
use crate::kube::client::list;
use crate::kube::client::mapping::Resource;
use crate::kube::client::transport::{Call, encode};
use crate::kube::{Cluster, Error, Event, Health, Scope};
use crate::manifest::{Kind, Object};

/// The pause after a failure: the first, which doubles, and the longest. Up to half of it is added at random.
const FIRST: Duration = Duration::from_millis(800);
const LONGEST: Duration = Duration::from_secs(30);

/// A watch ends after so many seconds, 10 % more or less, so that those that began together do not end together.
const TIMEOUT: f64 = 290.0;

/// A server sends a bookmark about every minute and ends the watch when its time is up. Nothing at all for so
/// long after that means that the connection is dead.
const GRACE: Duration = Duration::from_secs(30);

/// A server that has sent nothing of a streaming list for so long does not know the form.
const SILENCE: Duration = Duration::from_secs(10);

/// Streaming lists that end in the middle are tried so often before pages are.
const TRIES: u32 = 3;

/// A watch that ended sooner than this without a word counts as failed.
const SHORT: Duration = Duration::from_secs(1);

pub(super) struct Follow {
    client: Client,
    scope: Scope,
    place: Place,
    /// What a step turned into.
    queue: VecDeque<Result<Event, Error>>,
    told: Told,
    /// Failures in a row.
    failures: u32,
    /// At least so long until the next request.
    pause: Duration,
    ended: bool,
    /// The consumer has been told of an interruption; ends when a watch starts.
    interrupted: bool,
}

/// Where it stands.
enum Place {
    /// The kind is not found yet.
    Kind,
    /// Everything has to be listed.
    Start(Arc<Resource>),
    /// Some pages were listed; the next one has this token.
    Page(Arc<Resource>, String),
    /// The first part of a streaming list.
    Initial(Arc<Resource>, Open),
    /// What is there is known as of this version.
    Listed(Arc<Resource>, String),
    /// It is followed from there.
    Watching(Arc<Resource>, String, Open),
}

/// An open watch, and how long it may stay silent.
struct Open {
    lines: Lines,
    silence: Duration,
}

/// What came of waiting for a line.
enum Heard {
    Line(Line),
    Failed(Failure),
    /// The server ended the watch.
    Ended,
    /// Nothing, for too long.
    Silent,
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
    pub(super) fn new(client: Client, scope: Scope) -> Self {
        Self {
            client,
            scope,
            place: Place::Kind,
            queue: VecDeque::new(),
            told: Told::Nothing,
            failures: 0,
            pause: Duration::ZERO,
            ended: false,
            interrupted: false,
        }
    }

    pub(super) async fn next(mut self) -> Option<(Result<Event, Error>, Self)> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some((item, self));
            }
            if self.ended {
                return None;
            }
            self.wait().await;
            self.place = match std::mem::replace(&mut self.place, Place::Kind) {
                Place::Kind => self.find().await,
                Place::Start(resource) => self.start(resource).await,
                Place::Page(resource, token) => self.page(resource, &token).await,
                Place::Initial(resource, open) => self.initial(resource, open).await,
                Place::Listed(resource, version) => self.resume(resource, version).await,
                Place::Watching(resource, version, open) => self.watch(resource, version, open).await,
            };
        }
    }

    /// Lets the pause after a failure pass. A server that is taken for dead is waited for: the probes find out.
    async fn wait(&mut self) {
        let pause = std::mem::take(&mut self.pause);
        if pause.is_zero() {
            return;
        }
        self.client.transport.clock.sleep(pause).await;
        let mut health = self.client.health();
        // It fails when the client is gone, and with it whoever listens.
        let _ = health.wait_for(|health| !matches!(health, Health::Down { .. })).await;
    }

    /// Looks for the kind.
    async fn find(&mut self) -> Place {
        match self.client.mapping.find(&self.client.transport, &self.scope.kind).await {
            Ok(Some(resource)) => return Place::Start(resource),
            Ok(None) => {
                self.back_off(None);
                if self.told != Told::Absent {
                    self.begin();
                    self.told = Told::Absent;
                    self.queue.push_back(Ok(Event::Synced));
                }
            }
            Err(failure) => self.report(failure),
        }
        Place::Kind
    }

    async fn start(&mut self, resource: Arc<Resource>) -> Place {
        let streaming = self.client.mapping.streaming.load(Ordering::Relaxed);
        if !streaming || !self.client.transport.options.streaming_lists {
            self.begin();
            return Place::Page(resource, String::new());
        }
        let more = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        match self.open(&resource, more).await {
            Ok(open) => {
                self.begin();
                Place::Initial(resource, Open { silence: SILENCE, ..open })
            }
            // It has answered, and not about the caller, the kind or the load: it does not know the form.
            Err(Failure::Answer { code, .. }) if !matches!(code, 401 | 403 | 404 | 410 | 429 | 503) => {
                self.without_streaming(resource)
            }
            Err(failure) => self.trouble(failure, Place::Start(resource)).await,
        }
    }

    fn without_streaming(&mut self, resource: Arc<Resource>) -> Place {
        tracing::debug!("an API server does not know streaming lists; it is listed in pages");
        self.client.mapping.streaming.store(false, Ordering::Relaxed);
        Place::Start(resource)
    }

    async fn page(&mut self, resource: Arc<Resource>, token: &str) -> Place {
        let path = resource.path(self.scope.namespace.as_deref(), None);
        let page = list::page(&self.client.transport, &path, &self.scope.labels, token, list::WHOLE).await;
        let list::Page { items, next, version } = match page {
            Ok(page) => page,
            Err(failure) => return self.trouble(failure, Place::Start(resource)).await,
        };
        let objects = items.into_iter().filter_map(|item| match item {
            Value::Object(members) => whole(&self.scope.kind, members),
            _ => None,
        });
        self.queue.extend(objects.map(|object| Ok(Event::Applied(object))));
        if !next.is_empty() {
            return Place::Page(resource, next);
        }
        if version.is_empty() {
            return self.trouble(Stage::Format.into(), Place::Start(resource)).await;
        }
        self.complete();
        Place::Listed(resource, version)
    }

    async fn initial(&mut self, resource: Arc<Resource>, mut open: Open) -> Place {
        let line = match self.line(&mut open).await {
            Heard::Line(line) => line,
            Heard::Failed(failure) => return self.trouble(failure, Place::Start(resource)).await,
            Heard::Ended if self.failures < TRIES => {
                self.back_off(None);
                return Place::Start(resource);
            }
            Heard::Ended | Heard::Silent => return self.without_streaming(resource),
        };
        match line.what {
            What::Bookmark if line.ends_initial() => {
                let version = line.version().unwrap_or_default().to_owned();
                self.complete();
                let silence = Duration::from_secs_f64(TIMEOUT * 1.1) + GRACE;
                Place::Watching(resource, version, Open { silence, ..open })
            }
            // An old server ignores what was asked and will never send the end.
            What::Bookmark => self.without_streaming(resource),
            What::Error => self.trouble(of(line), Place::Start(resource)).await,
            _ => {
                self.tell(line);
                Place::Initial(resource, open)
            }
        }
    }

    /// Begins to watch from where it stands.
    async fn resume(&mut self, resource: Arc<Resource>, version: String) -> Place {
        match self.open(&resource, &format!("&resourceVersion={}", encode(&version))).await {
            Ok(open) => {
                if std::mem::take(&mut self.interrupted) {
                    self.queue.push_back(Ok(Event::Synced));
                }
                Place::Watching(resource, version, open)
            }
            Err(failure) => self.trouble(failure, Place::Listed(resource, version)).await,
        }
    }

    async fn watch(&mut self, resource: Arc<Resource>, version: String, mut open: Open) -> Place {
        let clock = self.client.transport.clock.clone();
        let began = clock.now();
        let line = match self.line(&mut open).await {
            Heard::Line(line) => line,
            Heard::Failed(failure) => return self.trouble(failure, Place::Listed(resource, version)).await,
            Heard::Ended if clock.now().since(began) < SHORT => {
                self.back_off(None);
                return Place::Listed(resource, version);
            }
            Heard::Ended | Heard::Silent => return Place::Listed(resource, version),
        };
        if line.what == What::Error {
            return self.trouble(of(line), Place::Listed(resource, version)).await;
        }
        self.failures = 0;
        let version = line.version().map_or(version, str::to_owned);
        if line.what != What::Bookmark {
            self.tell(line);
        }
        Place::Watching(resource, version, open)
    }

    async fn line(&mut self, open: &mut Open) -> Heard {
        let silence = self.client.transport.clock.sleep(open.silence);
        tokio::select! {
            biased;
            line = open.lines.next() => match line {
                Some(Ok(line)) => Heard::Line(line),
                Some(Err(failure)) => Heard::Failed(failure),
                None => Heard::Ended,
            },
            () = silence => Heard::Silent,
        }
    }

    async fn open(&mut self, resource: &Resource, more: &str) -> Result<Open, Failure> {
        let seconds = (TIMEOUT * (0.9 + jitter() / 5.0)).round();
        let mut path = resource.path(self.scope.namespace.as_deref(), None);
        path.extend(["?watch=true&allowWatchBookmarks=true&timeoutSeconds=", &seconds.to_string(), more]);
        if !self.scope.labels.is_empty() {
            path.extend(["&labelSelector=", &encode(&self.scope.labels)]);
        }
        let response = self.client.transport.send(&Call::get(path)).await?;
        Ok(Open { lines: Lines::new(response), silence: Duration::from_secs_f64(seconds) + GRACE })
    }

    fn begin(&mut self) {
        // What follows ends with `Synced`.
        self.interrupted = false;
        if std::mem::replace(&mut self.told, Told::Part) != Told::Nothing {
            self.queue.push_back(Ok(Event::Restarted));
        }
    }

    fn complete(&mut self) {
        self.told = Told::Whole;
        self.failures = 0;
        self.queue.push_back(Ok(Event::Synced));
    }

    fn tell(&mut self, line: Line) {
        let Some(object) = whole(&self.scope.kind, line.object) else { return };
        self.queue.push_back(Ok(match line.what {
            What::Deleted => Event::Deleted(object),
            _ => Event::Applied(object),
        }));
    }

    /// Decides how to go on after a failure.
    async fn trouble(&mut self, failure: Failure, place: Place) -> Place {
        let resource = match &place {
            Place::Start(resource) | Place::Listed(resource, _) => resource.clone(),
            _ => return place,
        };
        if failure.is(410) {
            // Many watches lose their place at once; they should not all list at once.
            self.failures += 1;
            self.pause = spread(FIRST);
            return Place::Start(resource);
        }
        if failure.is(404) {
            self.client.mapping.forget(&self.scope.kind).await;
            self.back_off(None);
            return Place::Kind;
        }
        self.report(failure);
        place
    }

    fn report(&mut self, failure: Failure) {
        let asked = failure.retry_after();
        let error = failure.about(&self.scope.kind.kind);
        self.ended = !error.retry();
        // A list has its own end; only a watch that was running resumes without a word.
        self.interrupted |= !self.ended && self.told == Told::Whole;
        self.queue.push_back(Err(error));
        self.back_off(asked);
    }

    fn back_off(&mut self, asked: Option<Duration>) {
        let base = FIRST * 2_u32.saturating_pow(self.failures.min(16));
        self.failures += 1;
        self.pause = spread(base.min(LONGEST)).max(asked.unwrap_or_default());
    }
}

fn spread(base: Duration) -> Duration {
    base + base.mul_f64(jitter() / 2.0)
}

/// The failure that a watch was told of as an event.
fn of(line: Line) -> Failure {
    match serde_json::from_value::<Status>(Value::Object(line.object)) {
        Ok(status) => Failure::status(status.code, Box::new(status), None),
        Err(_) => Stage::Format.into(),
    }
}

/// An object of the kind that was asked for: items of built-in lists come without their kind.
fn whole(kind: &Kind, members: Map<String, Value>) -> Option<Object> {
    list::object(kind, Value::Object(members)).ok()
}
