//! `HorizontalPodAutoscaler`: replicas by load, as upstream's controller decides them.
//!
//! Resource and container metrics come from the simulated meters ([`crate::usage`]); the APIs of custom
//! and external metrics are not there, and autoscalers that ask for them say so in their conditions.
//! Beside upstream's interval of 15 s an autoscaler also looks when its target or its pods change.

mod demand;
mod pace;
mod report;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Task, Work};
use crate::clock::after;
use crate::core::{Core, Ownership, Writer};
use crate::resources::Resource;
use crate::scale;
use crate::value::{int, namespace, terminating, text, uid};

use demand::Demand;
use pace::History;
use report::Report;

const ID: &str = "horizontalpodautoscalers.autoscaling";
const COMPONENT: &str = "horizontal-pod-autoscaler";
/// `--horizontal-pod-autoscaler-sync-period` of upstream.
const PERIOD: Duration = Duration::from_secs(15);

/// What autoscalers remember between two looks, by uid.
#[derive(Debug, Default)]
pub(crate) struct Autoscalers {
    by_uid: HashMap<String, Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    history: History,
    /// When the next periodic look is due, so that there is only one.
    next: Option<Timestamp>,
}

pub(super) fn reconcile(core: &mut Core, space: &str, own: &str) {
    let Some(scaler) = core.get(ID, space, own).filter(|scaler| !terminating(scaler)) else {
        sweep(core);
        return;
    };
    again(core, &scaler, own);
    let mut report = Report::new(&scaler);
    match target(core, &scaler) {
        Ok((resource, object)) => decide(core, &scaler, &resource, &object, &mut report),
        Err(why) => {
            core.event(&scaler, "Warning", "FailedGetScale", &why, COMPONENT);
            let message = format!("the HPA controller was unable to get the target's current scale: {why}");
            report.condition("AbleToScale", false, "FailedGetScale", &message);
        }
    }
    report.write(core, &scaler);
}

/// Sets the timer of the next look, unless one is running.
fn again(core: &mut Core, scaler: &Value, own: &str) {
    let now = core.now();
    let memory = core.autoscalers.by_uid.entry(uid(scaler).to_owned()).or_default();
    if memory.next.is_none_or(|next| next <= now) {
        let due = after(now, PERIOD);
        memory.next = Some(due);
        core.queue.at(due, Work::new(Task::Autoscaler, namespace(scaler), own));
    }
}

/// Forgets autoscalers that are gone.
fn sweep(core: &mut Core) {
    let alive: std::collections::HashSet<_> =
        core.objects.list(ID, None).map(|scaler| uid(scaler).to_owned()).collect();
    core.autoscalers.by_uid.retain(|uid, _| alive.contains(uid));
}

/// What an autoscaler scales, or upstream's words why it can't be found.
fn target(core: &Core, scaler: &Value) -> Result<(Arc<Resource>, Arc<Value>), String> {
    let (version, kind) =
        (text(scaler, "/spec/scaleTargetRef/apiVersion"), text(scaler, "/spec/scaleTargetRef/kind"));
    let own = text(scaler, "/spec/scaleTargetRef/name");
    let resource = core
        .registry
        .kind(version, kind)
        .ok_or_else(|| format!("no matches for kind \"{kind}\" in version \"{version}\""))?;
    let found = core.get(&resource.id(), namespace(scaler), own);
    match found {
        Some(_) if !resource.has("scale") => {
            Err("the server could not find the requested resource".to_owned())
        }
        Some(found) => Ok((resource, found)),
        None => Err(format!("{} \"{own}\" not found", resource.id())),
    }
}

fn decide(core: &mut Core, scaler: &Arc<Value>, resource: &Resource, object: &Value, report: &mut Report) {
    let message = "the HPA controller was able to get the target's current scale";
    report.condition("AbleToScale", true, "SucceededGetScale", message);
    let current = scale::wanted(resource, object);
    let most = int(scaler, "/spec/maxReplicas").unwrap_or(1);
    let least = int(scaler, "/spec/minReplicas").unwrap_or(1);
    report.current = current;
    report.desired = current;
    if current == 0 && least != 0 {
        let message = "scaling is disabled since the replica count of the target is zero";
        report.condition("ScalingActive", false, "ScalingDisabled", message);
        return;
    }
    let (wanted, why) = if current > most {
        (most, "Current number of replicas above Spec.MaxReplicas".to_owned())
    } else if current < least {
        (least, "Current number of replicas below Spec.MinReplicas".to_owned())
    } else {
        let Some(demand) = measure(core, scaler, resource, object, report) else { return };
        let now = core.now();
        let memory = core.autoscalers.by_uid.entry(uid(scaler).to_owned()).or_default();
        let paced = memory.history.pace(scaler, current, demand.replicas, now, report);
        let why = if demand.replicas > current {
            format!("{} above target", demand.metric)
        } else {
            "All metrics below target".to_owned()
        };
        (paced, why)
    };
    report.desired = wanted;
    if wanted != current {
        rescale(core, scaler, resource, object, wanted, &why, report);
    }
}

/// What the metrics ask for; without an answer the conditions say why.
fn measure(
    core: &mut Core,
    scaler: &Arc<Value>,
    resource: &Resource,
    object: &Value,
    report: &mut Report,
) -> Option<Demand> {
    let selector = scale::selector(resource, object);
    let outcome = demand::measure(core, scaler, &selector, report.current);
    report.metrics = outcome.readings;
    match outcome.demand {
        Ok(demand) => {
            let message =
                format!("the HPA was able to successfully calculate a replica count from {}", demand.metric);
            report.condition("ScalingActive", true, "ValidMetricFound", &message);
            Some(demand)
        }
        Err((reason, why)) => {
            core.event(scaler, "Warning", reason, &why, COMPONENT);
            let message = format!("the HPA was unable to compute the replica count: {why}");
            report.condition("ScalingActive", false, reason, &message);
            None
        }
    }
}

fn rescale(
    core: &mut Core,
    scaler: &Arc<Value>,
    resource: &Resource,
    object: &Value,
    wanted: i64,
    why: &str,
    report: &mut Report,
) {
    let mut new = object.clone();
    scale::set(resource, &mut new, wanted);
    let writer = Writer { subresource: "scale".to_owned(), ..Writer::controller(super::pods::MANAGER) };
    if let Err(error) = core.update(resource, new, &writer, Ownership::Tracked) {
        core.event(scaler, "Warning", "FailedRescale", &error.message, COMPONENT);
        let message = format!("the HPA controller was unable to update the target scale: {}", error.message);
        report.condition("AbleToScale", false, "FailedUpdateScale", &message);
        report.desired = report.current;
        return;
    }
    let now = core.now();
    let message = format!("New size: {wanted}; reason: {why}");
    core.event(scaler, "Normal", "SuccessfulRescale", &message, COMPONENT);
    let message = format!("the HPA controller was able to update the target scale to {wanted}");
    report.condition("AbleToScale", true, "SucceededRescale", &message);
    report.scaled = true;
    let memory = core.autoscalers.by_uid.entry(uid(scaler).to_owned()).or_default();
    memory.history.scaled(wanted - report.current, now);
}

/// Has the autoscalers look whose target changed, or with `None` all of a namespace.
pub(super) fn look(core: &mut Core, space: &str, target: Option<(&str, &str)>) {
    let names: Vec<_> = core
        .objects
        .list(ID, Some(space))
        .filter(|scaler| {
            target.is_none_or(|(kind, own)| {
                text(scaler, "/spec/scaleTargetRef/kind") == kind
                    && text(scaler, "/spec/scaleTargetRef/name") == own
            })
        })
        .map(|scaler| crate::value::name(scaler).to_owned())
        .collect();
    for own in names {
        core.queue.push(Work::new(Task::Autoscaler, space, &own));
    }
}
