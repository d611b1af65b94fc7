//! Everything that a deployment needs, opened and checked.

use std::sync::Arc;
use std::time::Duration;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::error::Finding;
use kubeorch_core::id::WorkflowId;
use kubeorch_core::plugin::NodeTypes;
use kubeorch_core::runs::{Options, Plan, Values};
use kubeorch_core::workflows::New;

use super::target::Target;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::file::{self, File, Source};
use crate::cli::output::Terminal;
use crate::cli::{engine, values};

/// The command line acts for itself: nobody signs in to a file.
pub(super) const ACTOR: Actor = Actor::System;

/// A workflow file, where it goes and with which values.
pub(super) struct Job {
    pub(super) source: Source,
    pub(super) file: File,
    pub(super) target: Target,
    pub(super) values: Values,
    pub(super) options: Options,
    pub(super) types: Arc<dyn NodeTypes>,
    /// What the file and the values themselves are blamed for.
    findings: Vec<Finding>,
    /// Plans; over a store in memory, so that planning leaves nothing behind.
    planner: Engine,
}

impl Job {
    /// Reads the file and the values, connects to the cluster and says which one it is.
    pub(super) async fn open(
        args: &args::Deploy,
        timeout: Duration,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let source = Source::new(&args.file);
        let given = values::collect(&args.values, terminal)?;
        let text = file::read(&source)?;
        let value =
            file::parse(&text).map_err(|finding| Failure::invalid(&source.to_string(), vec![*finding]))?;
        let file = file::check(&value, args.target.namespace.as_deref());
        let (values, unknown) = given.resolve(&file.graph);
        let mut findings = file.with_findings(Vec::new());
        findings.extend(unknown);

        if file.graph.nodes.is_empty() && findings.iter().any(Finding::is_error) {
            // Nothing is left that an engine or a cluster could say more about.
            return Err(Failure::invalid(&source.to_string(), findings));
        }

        let target = Target::open(&args.target).await?;
        terminal.note(&format!("Cluster: {}", target.title));
        let host = engine::plugin_host(args.target.data_dir.as_deref())?;
        let types: Arc<dyn NodeTypes> = engine::node_types(host, &args.plugin).await?;
        let planner = engine::in_memory(types.clone(), &target).await?;
        let options = Options {
            force: args.force_conflicts,
            adopt: args.adopt,
            create_namespaces: !args.no_create_namespaces,
            prune: args.prune || !args.no_prune,
            prune_protected: args.prune_protected.clone(),
            ready_timeout: timeout,
            ..Options::default()
        };
        Ok(Self { source, file, target, values, options, types, findings, planner })
    }

    pub(super) fn id(&self) -> WorkflowId {
        self.file.id()
    }

    /// Puts the file into an engine.
    pub(super) async fn put(&self, engine: &Engine) -> Result<(), Failure> {
        let new = New {
            name: self.file.name.clone(),
            description: self.file.description.clone(),
            cluster: self.target.name.clone(),
        };
        engine.workflows().put(&ACTOR, self.id(), new, self.file.graph.clone()).await?;
        Ok(())
    }

    /// What would change. Everything that is wrong with file, graph and values is in the one failure; warnings are
    /// shown and stay in the plan.
    pub(super) async fn plan(&self, terminal: &mut Terminal) -> Result<Plan, Failure> {
        let planned = match self.put(&self.planner).await {
            Ok(()) => self.planner.runs().plan(&ACTOR, self.id(), &self.values, &self.options).await,
            Err(failure) => return Err(self.refuse(failure)),
        };
        let plan = planned.map_err(|error| self.refuse(error.into()))?;
        let findings = self.all_findings(plan.findings.clone());
        if findings.iter().any(Finding::is_error) {
            return Err(Failure::invalid(&self.source.to_string(), findings));
        }
        for finding in &findings {
            terminal.finding(finding);
        }
        Ok(plan)
    }

    /// The engine that runs: over the store in `--data-dir`, else the one that planned.
    pub(super) async fn runner(&self, args: &args::Target) -> Result<Engine, Failure> {
        match &args.data_dir {
            None => Ok(self.planner.clone()),
            Some(dir) => {
                let engine = engine::on_disk(dir, self.types.clone(), &self.target).await?;
                self.put(&engine).await?;
                Ok(engine)
            }
        }
    }

    /// Adds what the file itself is blamed for, so that one run of the command shows everything.
    fn refuse(&self, failure: Failure) -> Failure {
        let blamed = !failure.findings.is_empty() || self.findings.iter().any(Finding::is_error);
        if !blamed {
            return failure;
        }
        Failure::invalid(&self.source.to_string(), self.all_findings(failure.findings))
    }

    fn all_findings(&self, more: Vec<Finding>) -> Vec<Finding> {
        let own = self.file.findings.len();
        let mut all = self.file.with_findings(more);
        let theirs = all.split_off(own);
        all.extend(self.findings.iter().skip(own).cloned());
        all.extend(theirs);
        all
    }
}
