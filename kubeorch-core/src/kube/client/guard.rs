//! What stands around every request of a client, those of [`Client::raw`](super::Client::raw) too: the cluster's
//! pace, a deadline, and a limit for the body of the answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ::kube::client::Body;
use futures::future::{Either, select};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::failure::{Failure, Stage};
use super::options::Options;
use super::pace::{Breaker, Gate, Permit, Turned};
use super::transport::retry_after;
use crate::kube::{Counters, Health};
use crate::time::{Clock, Entropy, SystemEntropy, Time};

pub(super) struct Guard {
    client: ::kube::Client,
    options: Arc<Options>,
    clock: Arc<dyn Clock>,
    gate: Gate,
    breaker: Mutex<Breaker>,
    health: watch::Sender<Health>,
    calls: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    failed: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
}

impl Guard {
    pub(super) fn new(client: ::kube::Client, options: Arc<Options>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            client,
            options,
            gate: Gate::new(clock.clone()),
            clock,
            breaker: Mutex::default(),
            health: watch::channel(Health::Unknown).0,
            calls: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// A client whose every request goes through this.
    pub(super) fn client(self: &Arc<Self>) -> ::kube::Client {
        let namespace = self.client.default_namespace().to_owned();
        let guard = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let guard = guard.clone();
            async move { guard.send(request).await }
        });
        ::kube::Client::new(service, namespace)
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    pub(super) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (limit, in_flight, waiting) = self.gate.counts();
        Counters {
            calls: read(&self.calls),
            retries: read(&self.retries),
            throttled: read(&self.throttled),
            failed: read(&self.failed),
            opened: read(&self.opened),
            refused: read(&self.refused),
            in_flight: in_flight as u64,
            waiting: waiting as u64,
            limit: limit as u64,
        }
    }

    /// Notes that the request to come repeats one.
    pub(super) fn repeats(&self) {
        add(&self.retries);
    }

    async fn send(self: Arc<Self>, request: Request<Body>) -> Result<Response<Body>, ::kube::Error> {
        let streams = streams(request.uri().query().unwrap_or_default());
        let permit = self.admit(streams).await.map_err(|stage| {
            add(&self.refused);
            wrap(stage)
        })?;
        let started = self.clock.now();
        let result = self.exchange(request, streams).await;
        self.settle(permit.as_ref(), started, &result);
        result
    }

    /// Waits for the right to send; what streams needs no turn, for it would never give it back.
    async fn admit(&self, streams: bool) -> Result<Option<Permit>, Stage> {
        self.alive()?;
        let patience = self.options.longest_pause;
        let entered = if streams {
            self.gate.passed(patience).await.map(|()| None)
        } else {
            self.gate.enter(patience).await.map(Some)
        };
        let permit = entered.map_err(|turned| match turned {
            Turned::Held(left) => Stage::Held(left),
            Turned::Full => Stage::Crowded,
        })?;
        // It may have died while this call waited.
        self.alive()?;
        Ok(permit)
    }

    fn alive(&self) -> Result<(), Stage> {
        let breaker = self.breaker.lock();
        let Some((reason, probe)) = breaker.refuses() else { return Ok(()) };
        // Rounded up: who waits as long as told finds the probe over.
        let wait = probe.since(self.clock.now()) + Duration::from_millis(1);
        Err(Stage::Dead { reason: reason.to_owned(), wait })
    }

    async fn exchange(&self, request: Request<Body>, streams: bool) -> Result<Response<Body>, ::kube::Error> {
        add(&self.calls);
        let exchange = std::pin::pin!(exchange(&self.client, request, streams, self.options.body));
        match select(exchange, self.clock.sleep(self.options.deadline)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(wrap(Stage::Timeout(self.options.deadline))),
        }
    }

    /// Learns from what a request met.
    fn settle(
        self: &Arc<Self>,
        permit: Option<&Permit>,
        started: Time,
        result: &Result<Response<Body>, ::kube::Error>,
    ) {
        let now = self.clock.now();
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                let failure = Failure::of(error);
                if matches!(failure, Failure::Stage(Stage::Timeout(_))) {
                    permit.inspect(|permit| permit.answered(now.since(started)));
                }
                return self.missed(now, &failure);
            }
        };
        let status = response.status();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(pause) = retry_after(response.headers())
        {
            self.gate.hold(pause);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            add(&self.throttled);
            permit.inspect(|permit| permit.throttled());
        } else {
            permit.inspect(|permit| permit.answered(now.since(started)));
        }
        self.answered(now);
    }

    fn answered(&self, now: Time) {
        let closed = self.breaker.lock().answered(now);
        if closed {
            tracing::info!("an API server answers again");
        }
        self.health.send_if_modified(|health| {
            let news = !matches!(health, Health::Up { .. });
            if news {
                *health = Health::Up { since: now };
            }
            news
        });
    }

    fn missed(self: &Arc<Self>, now: Time, failure: &Failure) {
        let Failure::Stage(stage) = failure else { return };
        if !stage.is_silence() {
            return;
        }
        add(&self.failed);
        let reason = stage.to_string();
        let mut breaker = self.breaker.lock();
        if !breaker.failed(now, &reason, jitter()) {
            return;
        }
        add(&self.opened);
        let opening = breaker.open();
        let retry_at = breaker.refuses().map_or(now, |(_, probe)| probe);
        drop(breaker);
        tracing::warn!(reason, "an API server does not answer; calls to it are held back");
        self.health.send_replace(Health::Down { since: now, retry_at, reason });
        tokio::spawn(probe(Arc::downgrade(self), opening));
    }

    /// Probes a server that is taken for dead at once: somebody has reason to ask.
    pub(super) async fn revive(&self) {
        let dead = self.breaker.lock().open().is_some();
        if dead {
            self.probe().await;
        }
    }

    /// One probe.
    async fn probe(&self) {
        let request = Request::get("/readyz").body(Body::empty());
        let Ok(request) = request else { return };
        let result = self.exchange(request, false).await;
        let now = self.clock.now();
        let reason = match result {
            // Who may not ask is answered all the same; a proxy whose server is gone answers 5xx.
            Ok(response) if !response.status().is_server_error() => return self.answered(now),
            Ok(response) => {
                format!("it answers {} when asked whether it is ready", response.status().as_u16())
            }
            Err(error) => match Failure::of(&error) {
                Failure::Stage(stage) => stage.to_string(),
                Failure::Answer { code, .. } => format!("status {code}"),
            },
        };
        let mut breaker = self.breaker.lock();
        breaker.probed(now, &reason, jitter());
        let Some(at) = breaker.refuses().map(|(_, probe)| probe) else { return };
        self.health.send_modify(|health| {
            if let Health::Down { retry_at, reason: told, .. } = health {
                *retry_at = at;
                *told = reason;
            }
        });
    }
}

/// Probes until the server answers, the opening is over otherwise, or nobody has the client any more.
async fn probe(guard: Weak<Guard>, opening: Option<u64>) {
    loop {
        let Some(strong) = guard.upgrade() else { return };
        let wait = {
            let breaker = strong.breaker.lock();
            if breaker.open() != opening {
                return;
            }
            let now = strong.clock.now();
            breaker.refuses().map(|(_, probe)| probe.since(now)).unwrap_or_default()
        };
        if wait.is_zero() {
            strong.probe().await;
        } else {
            let clock = strong.clock.clone();
            drop(strong);
            clock.sleep(wait).await;
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// At random from 0 up to 1.
pub(super) fn jitter() -> f64 {
    let mut random = [0; 1];
    SystemEntropy.fill(&mut random);
    f64::from(random[0]) / 256.0
}

async fn exchange(
    client: &::kube::Client,
    request: Request<Body>,
    streams: bool,
    limit: usize,
) -> Result<Response<Body>, ::kube::Error> {
    let response = client.send(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS || (streams && response.status().is_success()) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            wrap(Stage::TooLarge(limit))
        } else {
            ::kube::Error::Service(error)
        }
    })?;
    Ok(Response::from_parts(parts, Body::from(bytes.to_bytes())))
}

/// Whether the answer goes on without end: a watch, or logs that are followed.
pub(super) fn streams(query: &str) -> bool {
    query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true"))
}

fn wrap(stage: Stage) -> ::kube::Error {
    ::kube::Error::Service(Box::new(stage))
}
