//! Answers of steps.

use std::collections::BTreeSet;

use super::{at_most, excerpt, json, texts};
use crate::plugin::Manifest;
use crate::plugin::catalog::{complaint, worlds};
use crate::plugin::step::{Catalog, Effect, Response, Step, StepError};
use crate::plugin::wasm::Limits;

/// Effects that one response may ask for.
const EFFECTS: usize = 64;

/// Characters of an effect's id.
const ID: usize = 128;

/// With a manifest, steps ask for no effect that it does not ask for.
pub(in crate::plugin::wasm) fn catalog(
    bytes: &[u8],
    limits: &Limits,
    manifest: Option<&Manifest>,
) -> Result<Catalog, String> {
    let mut catalog: Catalog = json(bytes)?;
    let mut problems = worlds::step_problems(&catalog, limits.node_types);
    if let Some(manifest) = manifest {
        for step in &catalog.steps {
            let asked = |capability: &str| manifest.capabilities.iter().any(|asked| asked == capability);
            let unasked = step.effects.iter().map(|effect| effect.capability()).filter(|name| !asked(name));
            problems.extend(unasked.map(|name| {
                format!("step {} wants {name}, which the manifest does not ask for", excerpt(&step.name))
            }));
        }
    }
    if !problems.is_empty() {
        return Err(complaint(&problems));
    }
    for step in &mut catalog.steps {
        step.plugin.clone_from(&catalog.plugin.id);
    }
    Ok(catalog)
}

pub(in crate::plugin::wasm) fn response(bytes: &[u8], step: &Step) -> Result<Response, String> {
    let response: Response = json(bytes)?;
    match &response {
        Response::Done { outputs, exit } => {
            for (name, value) in outputs {
                let port = step.outputs.iter().find(|port| port.name == *name);
                let port = port.ok_or_else(|| format!("it has no output {}", excerpt(name)))?;
                if !port.kind.takes(value) {
                    return Err(format!("its output {name} is not of the port's type"));
                }
            }
            let lacking = step.outputs.iter().find(|port| port.required && !outputs.contains_key(&port.name));
            if let Some(port) = lacking {
                return Err(format!("its output {} is missing", port.name));
            }
            if exit.as_ref().is_some_and(|exit| !step.exec.contains(exit)) {
                return Err(format!("it has no exit {}", excerpt(exit.as_deref().unwrap_or_default())));
            }
        }
        Response::Effects { effects, .. } => check_effects(effects, step)?,
        Response::Failed { error: StepError { code, message, field } } => {
            texts(&[code, message, field.as_ref().unwrap_or(code)])?;
        }
    }
    Ok(response)
}

fn check_effects(effects: &[Effect], step: &Step) -> Result<(), String> {
    at_most("effects", effects.len(), EFFECTS)?;
    if effects.is_empty() {
        return Err("it goes on without an effect to wait for".into());
    }
    let mut ids = BTreeSet::new();
    for effect in effects {
        if effect.id.is_empty() || effect.id.len() > ID || !ids.insert(&effect.id) {
            return Err(format!("effect id {} is empty, too long or there twice", excerpt(&effect.id)));
        }
        if !step.effects.contains(&effect.kind) {
            return Err(format!("it asks for {}, which it does not declare", effect.kind.capability()));
        }
    }
    Ok(())
}
