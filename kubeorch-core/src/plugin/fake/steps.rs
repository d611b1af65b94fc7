//! A set of steps made of closures.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::plugin::Error;
use crate::plugin::step::{Request, Response, Step};

type Run = Box<dyn Fn(&Request) -> Result<Response, Error> + Send + Sync>;

/// [`Steps`](crate::plugin::Steps) without a sandbox: answers are given on as the closures make them.
#[derive(Default)]
pub struct Steps {
    steps: BTreeMap<String, (Arc<Step>, Run)>,
}

impl Steps {
    /// Adds a step, in the place of one with the same name.
    #[must_use]
    pub fn step(
        mut self,
        step: Step,
        run: impl Fn(&Request) -> Result<Response, Error> + Send + Sync + 'static,
    ) -> Self {
        self.steps.insert(step.name.clone(), (Arc::new(step), Box::new(run)));
        self
    }
}

#[async_trait]
impl crate::plugin::Steps for Steps {
    fn list(&self) -> Vec<Arc<Step>> {
        let mut all: Vec<_> = self.steps.values().map(|(step, _)| Arc::clone(step)).collect();
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<Step>> {
        self.steps.get(name).map(|(step, _)| Arc::clone(step))
    }

    async fn run(&self, request: &Request) -> Result<Response, Error> {
        let (_, run) =
            self.steps.get(&request.step).ok_or_else(|| Error::UnknownStep(request.step.clone()))?;
        run(request)
    }
}
