//! Requests: how many, how long, how many now.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use kubeorch_core::store::Db;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::plugins::Plugins;
use super::process::Process;
use super::store::Store;

/// Upper bounds in seconds. The upper ones are there for `run`, which waits up to 20 s.
const BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0];

/// The label of a request that no route took.
const UNMATCHED: &str = "unmatched";

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: Arc<str>,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
    path: Arc<str>,
}

/// The registry and what the layers count.
pub(crate) struct Telemetry {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    /// Route patterns with the label that stands for each.
    patterns: OnceLock<Vec<(String, Arc<str>)>>,
}

/// Counts a request as being worked on until it is dropped, whatever ends it.
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Telemetry {
    pub(crate) fn new(store: Db) -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Answered, Counter>::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let in_flight = Gauge::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "Time until the answer began", durations.clone());
        registry.register("http_requests_in_flight", "Requests being worked on", in_flight.clone());
        registry.register_collector(Box::new(Process));
        registry.register_collector(Box::new(Store(store)));
        Self { registry, requests, durations, in_flight, patterns: OnceLock::new() }
    }

    /// With the numbers of plugins.
    pub(crate) fn plugins(mut self, plugins: kubeorch_core::plugins::Service) -> Self {
        self.registry.register_collector(Box::new(Plugins(plugins)));
        self
    }

    /// Tells the route patterns, once; others count as unmatched.
    pub(crate) fn know<'a>(&self, patterns: impl Iterator<Item = &'a str>) {
        let mut labels: Vec<_> = patterns.map(|path| (path.to_owned(), label(path).into())).collect();
        labels.push((String::new(), UNMATCHED.into()));
        labels.sort_unstable();
        labels.dedup();
        self.patterns.get_or_init(|| labels);
    }

    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub(crate) fn end(&self, method: &Method, pattern: Option<&str>, status: StatusCode, took: Duration) {
        let path = self.path(pattern.unwrap_or_default());
        let method = method_label(method);
        let route = Route { method, path: path.clone() };
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, path, status: status.as_u16() }).inc();
    }

    /// The text format.
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        // Writing into a string doesn't fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    fn path(&self, pattern: &str) -> Arc<str> {
        let patterns = self.patterns.get().map(Vec::as_slice).unwrap_or_default();
        let found = patterns.binary_search_by(|(known, _)| known.as_str().cmp(pattern));
        // A router that is nested puts the mount point in front of the pattern.
        let nested = || patterns.iter().position(|(known, _)| !known.is_empty() && pattern.ends_with(known));
        let index = found.ok().or_else(nested).or(if patterns.is_empty() { None } else { Some(0) });
        index.map_or_else(|| UNMATCHED.into(), |index| patterns[index].1.clone())
    }
}

/// `/v1/api/workflows/{id}` is written `/v1/api/workflows/:id`.
fn label(pattern: &str) -> String {
    pattern.replace('{', ":").replace('}', "")
}

/// Methods that strangers invent share one label, so they cannot make series without end.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_route_patterns() {
        let clock = Arc::new(kubeorch_core::time::SystemClock);
        let memory = Arc::new(kubeorch_core::store::Memory::new(clock.clone()));
        let telemetry = Telemetry::new(Db::new(memory, clock));
        telemetry.know(["/v1/api/workflows/{id}", "/health", "/health"].into_iter());
        let _waiting = telemetry.begin();
        drop(telemetry.begin());
        for (method, pattern) in [
            ("GET", Some("/v1/api/workflows/{id}")),
            ("GET", Some("/mounted/v1/api/workflows/{id}")),
            ("BREW", None),
            ("POST", Some("/somebody/elses")),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            telemetry.end(&method, pattern, StatusCode::OK, Duration::from_millis(3));
        }
        let text = telemetry.render();
        for line in [
            r#"http_requests_total{method="GET",path="/v1/api/workflows/:id",status="200"} 2"#,
            r#"http_requests_total{method="OTHER",path="unmatched",status="200"} 1"#,
            r#"http_requests_total{method="POST",path="unmatched",status="200"} 1"#,
            r#"http_request_duration_seconds_bucket{le="0.005",method="GET",path="/v1/api/workflows/:id"} 2"#,
            r#"http_request_duration_seconds_bucket{le="0.0025",method="GET",path="/v1/api/workflows/:id"} 0"#,
            "http_requests_in_flight 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
