//! The state that every handler shares.

use std::sync::{Arc, OnceLock};

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;

use crate::layers::Limiter;
use crate::openapi::Docs;
use crate::options::Options;
use crate::telemetry::Telemetry;

/// The engine and what belongs to the face. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    /// What does the work.
    pub(crate) engine: Engine,
    /// The embedder's choices.
    pub(crate) options: Options,
    /// Counters.
    pub(crate) telemetry: Telemetry,
    /// Requests per address.
    pub(crate) limiter: Limiter,
    /// Sign-ins per address.
    pub(crate) auth_limiter: Limiter,
    /// Set once the route table is complete.
    pub(crate) docs: OnceLock<Docs>,
}

impl Api {
    pub(crate) fn new(engine: Engine, options: Options) -> Self {
        Self(Arc::new(Shared {
            telemetry: Telemetry::new(engine.store().clone()).plugins(engine.plugins().clone()),
            engine,
            limiter: Limiter::new(options.rate),
            auth_limiter: Limiter::new(options.auth_rate),
            docs: OnceLock::new(),
            options,
        }))
    }
}

impl std::ops::Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The signed-in caller, put into the request by the route's permission.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) Actor);
