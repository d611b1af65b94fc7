//! A plugin as a list of independent steps: one file each, found by name.

use super::{Catalog, Descriptor, Request, Response, Steps};
use crate::{Failure, PluginInfo};

/// One step. Implemented by a unit struct; knows no other step, so it can be deleted alone.
pub trait Step: Sync {
    /// What `step` of a request holds: lower case, hyphens.
    fn name(&self) -> &'static str;

    /// Everything static about the step.
    fn descriptor(&self) -> Descriptor;

    /// Runs it, or goes on with it.
    fn run(&self, request: &Request) -> Response;
}

/// A plugin that is a list of [`Step`]s.
pub trait Collection {
    /// Who the plugin is.
    const PLUGIN: PluginInfo;
    /// Its steps, in the order a user sees; made with [`steps!`](crate::steps).
    const STEPS: &'static [&'static dyn Step];
}

/// A list of steps for [`Collection::STEPS`](crate::step::Collection::STEPS).
#[macro_export]
macro_rules! steps {
    ($($step:expr),* $(,)?) => { &[$(&$step as &dyn $crate::step::Step),*] };
}

impl<C: Collection> Steps for C {
    fn catalog() -> Catalog {
        Catalog { plugin: C::PLUGIN.into(), steps: C::STEPS.iter().map(|step| step.descriptor()).collect() }
    }

    fn run(request: &Request) -> Result<Response, Failure> {
        match C::STEPS.iter().find(|step| step.name() == request.step) {
            Some(step) => Ok(step.run(request)),
            None => Err(Failure::new("step.unknown", format!("this plugin has no step {:?}", request.step))),
        }
    }
}
