//! From metrics to replicas.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::pods::{active, ready};
use crate::core::Core;
use crate::store::LabelSelector;
use crate::usage::{self, Meter};
use crate::value::{int, list, name, namespace, text};

/// `--horizontal-pod-autoscaler-tolerance` of upstream: so near to the target nothing is done.
const TOLERANCE: f64 = 0.1;

/// The replicas the most demanding metric asks for.
pub(super) struct Demand {
    pub(super) replicas: i64,
    pub(super) metric: String,
}

/// A condition's reason and message.
type Failure = (&'static str, String);

pub(super) struct Outcome {
    pub(super) demand: Result<Demand, Failure>,
    /// `status.currentMetrics`.
    pub(super) readings: Vec<Value>,
}

/// Asks every metric; the highest answer counts. When some can't be read, only a rise is believed.
pub(super) fn measure(core: &Core, scaler: &Value, selector: &str, current: i64) -> Outcome {
    let pods = LabelSelector::parse(selector)
        .map(|selector| chosen(core, namespace(scaler), &selector))
        .unwrap_or_default();
    let mut readings = Vec::new();
    let (mut best, mut first) = (None::<Demand>, None::<Failure>);
    for metric in list(scaler, "/spec/metrics") {
        match one(core, metric, &pods, current) {
            Ok((demand, reading)) => {
                readings.push(reading);
                if best.as_ref().is_none_or(|best| demand.replicas > best.replicas) {
                    best = Some(demand);
                }
            }
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    let demand = match (best, first) {
        (Some(best), None) => Ok(best),
        (Some(best), Some(_)) if best.replicas >= current => Ok(best),
        (_, Some(failure)) => Err(failure),
        (None, None) => Err(("InvalidMetricSourceType", "no metrics are given".to_owned())),
    };
    Outcome { demand, readings }
}

fn chosen(core: &Core, space: &str, selector: &LabelSelector) -> Vec<Arc<Value>> {
    core.list("pods", Some(space)).into_iter().filter(|pod| selector.matches(pod)).collect()
}

/// What is measured: one resource over whole pods, or of one container in each.
struct Source<'a> {
    resource: &'a str,
    container: Option<&'a str>,
}

fn one(core: &Core, metric: &Value, pods: &[Arc<Value>], current: i64) -> Result<(Demand, Value), Failure> {
    let (part, reason) = match text(metric, "/type") {
        "Resource" => ("resource", "FailedGetResourceMetric"),
        "ContainerResource" => ("containerResource", "FailedGetContainerResourceMetric"),
        "Pods" => return Err(absent("FailedGetPodsMetric", metric, "pods", "custom")),
        "Object" => return Err(absent("FailedGetObjectMetric", metric, "object", "custom")),
        "External" => return Err(absent("FailedGetExternalMetric", metric, "external", "external")),
        other => return Err(("InvalidMetricSourceType", format!("unknown metric source type \"{other}\""))),
    };
    let spec = &metric[part];
    let container = Some(text(spec, "/container")).filter(|name| !name.is_empty());
    let source = Source { resource: text(spec, "/name"), container };
    let gathered = Gathered::of(core, pods, &source);
    let what = format!("{}{} resource", source.resource, if container.is_some() { " container" } else { "" });
    if let Some(target) = int(spec, "/target/averageUtilization") {
        let fail = |why: String| (reason, format!("failed to get {} utilization: {why}", source.resource));
        let (replicas, utilization) = gathered.by_utilization(&source, target, current).map_err(fail)?;
        let average = gathered.average();
        let current = json!({ "averageUtilization": utilization, "averageValue": written(average) });
        let metric = format!("{what} utilization (percentage of request)");
        return Ok((Demand { replicas, metric }, reading(part, metric_type(part), spec, &current)));
    }
    let fail = |why: String| (reason, format!("failed to get {} usage: {why}", source.resource));
    let target = spec.pointer("/target/averageValue").and_then(usage::thousandths);
    let target = target.ok_or_else(|| fail("invalid metric target".to_owned()))?;
    let replicas = gathered.by_value(target, current).map_err(fail)?;
    let current = json!({ "averageValue": written(gathered.average()) });
    Ok((Demand { replicas, metric: what }, reading(part, metric_type(part), spec, &current)))
}

fn metric_type(part: &str) -> &'static str {
    if part == "resource" { "Resource" } else { "ContainerResource" }
}

fn reading(part: &str, kind: &str, spec: &Value, current: &Value) -> Value {
    let mut source = json!({ "name": spec["name"], "current": current });
    if let Some(container) = spec.get("container") {
        source["container"] = container.clone();
    }
    let mut out = json!({ "type": kind });
    out[part] = source;
    out
}

fn absent(reason: &'static str, metric: &Value, part: &str, api: &str) -> Failure {
    let own = text(metric, &format!("/{part}/metric/name"));
    let why = format!(
        "unable to get metric {own}: unable to fetch metrics from {api} metrics API: no {api} metrics API ({api}.metrics.k8s.io) registered"
    );
    (reason, why)
}

/// A quantity of thousandths, as `5m` or `2`.
fn written(thousandths: i64) -> String {
    if thousandths % 1000 == 0 { (thousandths / 1000).to_string() } else { format!("{thousandths}m") }
}

/// The pods of a target, sorted by what is known about them.
struct Gathered {
    /// Pods that count, with what they use.
    measured: Vec<(Arc<Value>, i64)>,
    /// Pods that are starting; their use says nothing yet.
    unready: Vec<Arc<Value>>,
    /// Pods nobody has measured.
    missing: Vec<Arc<Value>>,
}

impl Gathered {
    fn of(core: &Core, pods: &[Arc<Value>], source: &Source<'_>) -> Self {
        let mut meter = Meter::new(core);
        let mut out = Self { measured: Vec::new(), unready: Vec::new(), missing: Vec::new() };
        for pod in pods.iter().filter(|pod| active(pod)) {
            let pending = text(pod, "/status/phase") != "Running";
            if pending || (source.resource == "cpu" && !ready(pod)) {
                out.unready.push(Arc::clone(pod));
                continue;
            }
            let mut used = None;
            for (container, usage) in meter.read(pod) {
                if source.container.is_none_or(|wanted| wanted == container)
                    && let Some(amount) = usage.get(source.resource)
                {
                    used = Some(used.unwrap_or(0) + amount);
                }
            }
            match used {
                Some(used) => out.measured.push((Arc::clone(pod), used)),
                None => out.missing.push(Arc::clone(pod)),
            }
        }
        out
    }

    fn average(&self) -> i64 {
        let sum: i64 = self.measured.iter().map(|(_, used)| used).sum();
        sum / i64::try_from(self.measured.len()).unwrap_or(i64::MAX).max(1)
    }

    fn check(&self) -> Result<(), String> {
        if self.measured.is_empty() {
            return Err("did not receive metrics for targeted pods (pods might be unready)".to_owned());
        }
        Ok(())
    }

    fn by_utilization(&self, source: &Source<'_>, target: i64, current: i64) -> Result<(i64, i64), String> {
        self.check()?;
        let mut measured = Vec::new();
        for (pod, used) in &self.measured {
            measured.push((*used, request(pod, source)?));
        }
        let percent = |all: &[(i64, i64)]| {
            let (used, asked) = all.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            used.saturating_mul(100) / asked.max(1)
        };
        let utilization = percent(&measured);
        let mut guesses = |usage: Guess| -> Result<f64, String> {
            for pod in self.unknown(usage) {
                let asked = request(pod, source)?;
                let used = if usage == Guess::Full { asked.saturating_mul(target.max(100)) / 100 } else { 0 };
                measured.push((used, asked));
            }
            Ok(ratio(percent(&measured), target))
        };
        let replicas = self.replicas(ratio(utilization, target), current, &mut guesses)?;
        Ok((replicas, utilization))
    }

    fn by_value(&self, target: i64, current: i64) -> Result<i64, String> {
        self.check()?;
        let (mut sum, mut count) =
            (self.measured.iter().map(|(_, used)| used).sum::<i64>(), self.measured.len());
        let first = ratio(self.average(), target);
        let mut guesses = |usage: Guess| -> Result<f64, String> {
            let pods = self.unknown(usage).count();
            if usage == Guess::Full {
                sum += target.saturating_mul(i64::try_from(pods).unwrap_or(i64::MAX));
            }
            count += pods;
            Ok(ratio(sum / i64::try_from(count).unwrap_or(i64::MAX).max(1), target))
        };
        self.replicas(first, current, &mut guesses)
    }

    /// The pods a guess is made about: those missing, and on the way up also those starting.
    fn unknown(&self, usage: Guess) -> impl Iterator<Item = &Arc<Value>> {
        let starting = if usage == Guess::Nothing { self.unready.as_slice() } else { &[] };
        self.missing.iter().chain(starting)
    }

    /// Upstream's rule: guesses about pods without a reading may damp a move, never turn it around.
    fn replicas(
        &self,
        ratio: f64,
        current: i64,
        guess: &mut dyn FnMut(Guess) -> Result<f64, String>,
    ) -> Result<i64, String> {
        let near = |ratio: f64| (ratio - 1.0).abs() <= TOLERANCE;
        let starting = !self.unready.is_empty() && ratio > 1.0;
        if !starting && self.missing.is_empty() {
            return Ok(if near(ratio) { current } else { times(ratio, self.measured.len()) });
        }
        let usage = if ratio < 1.0 { Guess::Full } else { Guess::Nothing };
        let guessed = self.unknown(usage).count();
        let damped = guess(usage)?;
        if near(damped) || (ratio < 1.0 && damped > 1.0) || (ratio > 1.0 && damped < 1.0) {
            return Ok(current);
        }
        let replicas = times(damped, self.measured.len() + guessed);
        let turned = (damped < 1.0 && replicas > current) || (damped > 1.0 && replicas < current);
        Ok(if turned { current } else { replicas })
    }
}

/// What is taken for the use of a pod without a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guess {
    /// All it asks for.
    Full,
    Nothing,
}

fn request(pod: &Value, source: &Source<'_>) -> Result<i64, String> {
    let mut sum = 0;
    for container in list(pod, "/spec/containers") {
        let own = text(container, "/name");
        if source.container.is_some_and(|wanted| wanted != own) {
            continue;
        }
        sum += usage::requested(pod, own, source.resource).ok_or_else(|| {
            format!("missing request for {} in container {own} of Pod {}", source.resource, name(pod))
        })?;
    }
    Ok(sum)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 52 bits")]
fn ratio(value: i64, target: i64) -> f64 {
    value as f64 / target.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "replicas are few; casts saturate"
)]
fn times(ratio: f64, pods: usize) -> i64 {
    (ratio * pods as f64).ceil() as i64
}
