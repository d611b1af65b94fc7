//! The same for the catalogs of the other worlds.

use std::collections::BTreeSet;

use super::{check_name, check_parameters, quoted};
use crate::plugin::source::{MAX_PATH, Pattern};
use crate::plugin::step::{self, Port};
use crate::plugin::{analyzer, fix};

/// Ports, exits and effects that one step may declare, each; patterns of an analyzer.
const DECLARED: usize = 64;

/// Finding kinds of one plugin.
const FINDINGS: usize = 1024;

/// Everything that is wrong with a catalog of steps.
pub(crate) fn step_problems(catalog: &step::Catalog, most: usize) -> Vec<String> {
    let mut problems = Vec::new();
    check_name("plugin.id", &catalog.plugin.id, &mut problems);
    if catalog.steps.len() > most {
        problems.push(format!("{} steps, at most {most} are allowed", catalog.steps.len()));
        return problems;
    }
    let mut names = BTreeSet::new();
    for step in &catalog.steps {
        let mut own = Vec::new();
        check_name("name", &step.name, &mut own);
        check_ports("input", &step.inputs, &mut own);
        check_ports("output", &step.outputs, &mut own);
        check_names("exit", step.exec.iter(), &mut own);
        if step.effects.len() > DECLARED {
            own.push(format!("{} effects, at most {DECLARED} are allowed", step.effects.len()));
        }
        check_parameters(&step.parameters, &mut own);
        problems.extend(own.into_iter().map(|problem| format!("{}: {problem}", quoted(&step.name))));
        if !names.insert(&step.name) {
            problems.push(format!("{} is there twice", quoted(&step.name)));
        }
    }
    problems
}

/// Everything that is wrong with an analyzer's catalog.
pub(crate) fn analyzer_problems(catalog: &analyzer::Catalog) -> Vec<String> {
    let mut problems = Vec::new();
    check_name("plugin.id", &catalog.plugin.id, &mut problems);
    if catalog.files.len() > DECLARED {
        problems.push(format!("{} patterns, at most {DECLARED} are allowed", catalog.files.len()));
        return problems;
    }
    for pattern in &catalog.files {
        if pattern.len() > MAX_PATH || Pattern::new(pattern).is_none() {
            problems.push(format!("{} is too long for a pattern", quoted(pattern)));
        }
    }
    problems
}

/// Everything that is wrong with a catalog of findings.
pub(crate) fn fix_problems(catalog: &fix::Catalog) -> Vec<String> {
    let mut problems = Vec::new();
    check_name("plugin.id", &catalog.plugin.id, &mut problems);
    if catalog.findings.len() > FINDINGS {
        problems.push(format!("{} findings, at most {FINDINGS} are allowed", catalog.findings.len()));
        return problems;
    }
    let mut codes = BTreeSet::new();
    for finding in &catalog.findings {
        check_name("a finding's code", &finding.code, &mut problems);
        if !codes.insert(&finding.code) {
            problems.push(format!("finding {} is there twice", quoted(&finding.code)));
        }
    }
    problems
}

fn check_ports(what: &str, ports: &[Port], problems: &mut Vec<String>) {
    check_names(what, ports.iter().map(|port| &port.name), problems);
    for port in ports {
        if port.default.as_ref().is_some_and(|value| !port.kind.takes(value)) {
            problems.push(format!("the default of {what} {} is not of its type", quoted(&port.name)));
        }
    }
}

fn check_names<'a>(what: &str, names: impl ExactSizeIterator<Item = &'a String>, problems: &mut Vec<String>) {
    if names.len() > DECLARED {
        problems.push(format!("{} {what}s, at most {DECLARED} are allowed", names.len()));
        return;
    }
    let mut seen = BTreeSet::new();
    for name in names {
        check_name(what, name, problems);
        if !seen.insert(name) {
            problems.push(format!("{what} {} is there twice", quoted(name)));
        }
    }
}
