//! Moving a pod along, one look at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::container::{Container, End, State};
use super::{Runtime, needs, status};
use crate::behaviour::{self, Outcome};
use crate::clock::after;
use crate::controllers::{Task, Work};
use crate::core::Core;
use crate::value::{int, list, terminating, text, uid};

/// Moves the pod on as far as the present time allows and sets the timer for the rest.
pub(crate) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let place = (space.to_owned(), own.to_owned());
    let Some(pod) = core.get("pods", space, own) else {
        core.pods.waiting.remove(&place);
        sweep(core);
        return;
    };
    if text(&pod, "/spec/nodeName").is_empty() {
        return;
    }
    let mut runtime = core.pods.running.remove(uid(&pod)).unwrap_or_else(|| begin(core, &pod));
    if terminating(&pod) {
        stop(core, &pod, runtime);
        return;
    }
    if matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed") {
        core.pods.running.insert(uid(&pod).to_owned(), runtime);
        return;
    }
    // Several steps may be due at once, when a manual clock jumps.
    while advance(core, &pod, &mut runtime) {}
    if waits(&runtime) {
        core.pods.waiting.insert(place);
    } else {
        core.pods.waiting.remove(&place);
    }
    if let Some(due) = next_due(core, &pod, &runtime) {
        core.queue.at(due, Work::new(Task::Pod, space, own));
    }
    status::write(core, &pod, &runtime);
    core.pods.running.insert(uid(&pod).to_owned(), runtime);
}

/// Forgets what nodes know about pods that are gone.
fn sweep(core: &mut Core) {
    if core.pods.running.len() <= core.objects.len("pods") {
        return;
    }
    let alive: std::collections::HashSet<_> =
        core.objects.list("pods", None).map(|pod| uid(pod).to_owned()).collect();
    core.pods.running.retain(|uid, _| alive.contains(uid));
}

fn begin(core: &mut Core, pod: &Value) -> Runtime {
    let mut runtime = Runtime { started: core.stamp(), ..Runtime::default() };
    for part in ["initContainers", "containers"] {
        for spec in list(pod, &format!("/spec/{part}")) {
            let outcome = behaviour::outcome(&core.config.behaviours, text(spec, "/image"));
            let id = core.names.uid().replace('-', "");
            runtime.containers.push(Container::new(spec, outcome, id));
        }
        if part == "initContainers" {
            runtime.init = runtime.containers.len();
        }
    }
    runtime
}

fn spec(pod: &Value, runtime: &Runtime, at: usize) -> Value {
    let (part, index) =
        if at < runtime.init { ("initContainers", at) } else { ("containers", at - runtime.init) };
    pod.pointer(&format!("/spec/{part}/{index}")).cloned().unwrap_or_default()
}

/// Whether a container ends by itself when all is well.
fn finite(pod: &Value, runtime: &Runtime, at: usize) -> bool {
    (at < runtime.init && text(&spec(pod, runtime, at), "/restartPolicy") != "Always")
        || (at >= runtime.init && text(pod, "/spec/restartPolicy") != "Always")
}

fn waits(runtime: &Runtime) -> bool {
    !runtime.mounted || runtime.containers.iter().any(|one| matches!(one.state, State::NoConfig { .. }))
}

fn next_due(core: &Core, pod: &Value, runtime: &Runtime) -> Option<Timestamp> {
    let timing = &core.config.timing;
    let now = core.now();
    let steps = (0..runtime.containers.len())
        .filter_map(|at| runtime.containers[at].due(timing, finite(pod, runtime, at)));
    let probes = runtime.containers.iter().filter_map(|one| match one.state {
        State::Running { since } => one.ready_at(since, timing),
        _ => None,
    });
    steps.chain(probes).filter(|due| *due > now).min()
}

/// Takes every step that is due; `true` when one was taken.
fn advance(core: &mut Core, pod: &Arc<Value>, runtime: &mut Runtime) -> bool {
    if !runtime.mounted {
        let space = crate::value::namespace(pod);
        if let Some(why) = needs::unmounted(core, space, pod) {
            core.event(pod, "Warning", "FailedMount", &why, "kubelet");
            return false;
        }
        runtime.mounted = true;
        runtime.address = core.addresses.pod();
        return true;
    }
    let mut moved = false;
    for at in 0..runtime.containers.len() {
        let is_init = at < runtime.init;
        // Init containers run one after the other, the rest when all of them are through.
        let before = if is_init { at } else { runtime.init };
        let blocked = (0..before).any(|earlier| !passed(pod, runtime, earlier));
        if !blocked {
            moved |= move_on(core, pod, runtime, at);
        }
    }
    moved
}

/// Whether an init container lets the next one begin.
fn passed(pod: &Value, runtime: &Runtime, at: usize) -> bool {
    match &runtime.containers[at].state {
        State::Ended(end) => end.code == 0,
        // A sidecar only has to run.
        State::Running { .. } => text(&spec(pod, runtime, at), "/restartPolicy") == "Always",
        _ => false,
    }
}

fn move_on(core: &mut Core, pod: &Arc<Value>, runtime: &mut Runtime, at: usize) -> bool {
    let now = core.now();
    let spec = spec(pod, runtime, at);
    let finite = finite(pod, runtime, at);
    let is_init = at < runtime.init;
    let container = &mut runtime.containers[at];
    let field =
        format!("spec.{}{{{}}}", if is_init { "initContainers" } else { "containers" }, container.name);
    // A patched image replaces the container.
    let image = text(&spec, "/image");
    if image != container.image {
        image.clone_into(&mut container.image);
        container.outcome = behaviour::outcome(&core.config.behaviours, image);
        container.pulls = 0;
        container.state = State::New;
        container.restarts += 1;
    }
    match container.state.clone() {
        State::New => pull(core, pod, container, &spec, &field),
        State::Pulling { until } if until <= now => {
            pulled(core, pod, container, &field);
            true
        }
        State::NoImage { until, .. } if until <= now => pull(core, pod, container, &spec, &field),
        State::NoImage { until, first: true } => {
            container.state = State::NoImage { until, first: false };
            let message = format!("Back-off pulling image \"{}\"", container.image);
            core.event_at(pod, &field, "Normal", "BackOff", &message, "kubelet");
            false
        }
        State::NoConfig { .. } => configure(core, pod, container, &spec, &field),
        State::Starting { until } if until <= now => {
            let message = format!("Started container {}", container.name);
            core.event_at(pod, &field, "Normal", "Started", &message, "kubelet");
            container.state = State::Running { since: until };
            true
        }
        State::Running { since } => match container.end_of(since, &core.config.timing, finite) {
            Some((finished, code, reason)) if finished <= now => {
                ended(core, pod, container, &field, is_init, End { code, reason, started: since, finished });
                true
            }
            _ => false,
        },
        State::Backoff { until } if until <= now => {
            container.restarts += 1;
            configure(core, pod, container, &spec, &field)
        }
        _ => false,
    }
}

fn pull(core: &mut Core, pod: &Arc<Value>, container: &mut Container, spec: &Value, field: &str) -> bool {
    let key = (text(pod, "/spec/nodeName").to_owned(), container.image.clone());
    let present = core.pods.images.contains(&key) && text(spec, "/imagePullPolicy") != "Always";
    if present {
        let message = format!("Container image \"{}\" already present on machine", container.image);
        core.event_at(pod, field, "Normal", "Pulled", &message, "kubelet");
        return configure(core, pod, container, spec, field);
    }
    let message = format!("Pulling image \"{}\"", container.image);
    core.event_at(pod, field, "Normal", "Pulling", &message, "kubelet");
    container.state = State::Pulling { until: after(core.now(), core.config.timing.pull) };
    true
}

fn pulled(core: &mut Core, pod: &Arc<Value>, container: &mut Container, field: &str) {
    if container.outcome == Outcome::ImageMissing {
        let image = &container.image;
        let message = format!(
            "Failed to pull image \"{image}\": rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
        );
        core.event_at(pod, field, "Warning", "Failed", &message, "kubelet");
        core.event_at(pod, field, "Warning", "Failed", "Error: ErrImagePull", "kubelet");
        let wait = backoff(core, container.pulls);
        container.pulls += 1;
        container.state = State::NoImage { until: after(core.now(), wait), first: true };
        return;
    }
    core.pods.images.insert((text(pod, "/spec/nodeName").to_owned(), container.image.clone()));
    let millis = core.config.timing.pull.as_millis();
    let message = format!("Successfully pulled image \"{}\" in {millis}ms", container.image);
    core.event_at(pod, field, "Normal", "Pulled", &message, "kubelet");
    let spec = list(pod, "/spec/containers")
        .iter()
        .chain(list(pod, "/spec/initContainers"))
        .find(|one| text(one, "/name") == container.name)
        .cloned()
        .unwrap_or_default();
    configure(core, pod, container, &spec, field);
}

/// Makes the environment and creates the container; `true` unless something is missing still.
fn configure(
    core: &mut Core,
    pod: &Arc<Value>,
    container: &mut Container,
    spec: &Value,
    field: &str,
) -> bool {
    let space = crate::value::namespace(pod).to_owned();
    if let Some(why) = needs::unconfigured(core, &space, spec) {
        core.event_at(pod, field, "Warning", "Failed", &format!("Error: {why}"), "kubelet");
        container.state = State::NoConfig { why };
        return false;
    }
    let message = format!("Created container: {}", container.name);
    core.event_at(pod, field, "Normal", "Created", &message, "kubelet");
    container.state = State::Starting { until: after(core.now(), core.config.timing.start) };
    true
}

/// The pause before try number `tries + 1`.
fn backoff(core: &Core, tries: u32) -> Duration {
    let timing = &core.config.timing;
    timing.backoff.saturating_mul(1 << tries.min(16)).min(timing.backoff_limit)
}

fn ended(core: &mut Core, pod: &Arc<Value>, container: &mut Container, field: &str, is_init: bool, end: End) {
    let policy = match text(pod, "/spec/restartPolicy") {
        "Always" if is_init => "OnFailure",
        other => other,
    };
    let again = policy == "Always" || (policy == "OnFailure" && end.code != 0);
    let finished = end.finished;
    if !again {
        container.state = State::Ended(end);
        return;
    }
    container.last = Some(end);
    // The first restart comes at once.
    let wait = if container.restarts == 0 { Duration::ZERO } else { backoff(core, container.restarts - 1) };
    if !wait.is_zero() {
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            container.name,
            crate::value::name(pod),
            crate::value::namespace(pod),
            uid(pod)
        );
        core.event_at(pod, field, "Warning", "BackOff", &message, "kubelet");
    }
    container.state = State::Backoff { until: after(finished, wait) };
}

fn stop(core: &mut Core, pod: &Arc<Value>, mut runtime: Runtime) {
    let now = core.now();
    let (space, own) = (crate::value::namespace(pod).to_owned(), crate::value::name(pod).to_owned());
    let grace = Duration::from_secs(
        int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or_default().unsigned_abs(),
    );
    let due = *runtime.stops.get_or_insert_with(|| after(now, core.config.timing.stop.min(grace)));
    if now < due {
        if !runtime.containers.is_empty() {
            for container in &runtime.containers {
                if matches!(container.state, State::Running { .. }) {
                    let field = format!("spec.containers{{{}}}", container.name);
                    let message = format!("Stopping container {}", container.name);
                    core.event_at(pod, &field, "Normal", "Killing", &message, "kubelet");
                }
            }
        }
        core.queue.at(due, Work::new(Task::Pod, &space, &own));
        core.pods.running.insert(uid(pod).to_owned(), runtime);
        return;
    }
    core.pods.waiting.remove(&(space.clone(), own.clone()));
    // A finalizer may still hold the object; it is then gone from the node all the same.
    core.discard("pods", &space, &own, Some(0));
}
