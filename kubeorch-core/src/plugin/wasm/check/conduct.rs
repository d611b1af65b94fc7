//! Asks, and judges what comes back: an answer that the host takes, twice the same, or a refusal.

use serde_json::{Map, Value};

use super::{Report, requests};
use crate::plugin::wasm::answer::{analyzer, fix, node_types, step};
use crate::plugin::wasm::probe::{Measured, Refusal};
use crate::plugin::wasm::{Limits, Plugin};
use crate::plugin::{Error, NodeType, World};

/// Node types that are asked; a plugin that makes hundreds makes them all by the same code.
const ASKED: usize = 64;

const PURE: &str = "use no clock, randomness or address of memory; sort what comes out of a hash map";

/// Judges every function of a plugin.
pub(super) async fn check(plugin: &Plugin, report: &mut Report) {
    let limits = plugin.limits().clone();
    let mut judge = Judge { plugin, limits: &limits, report };
    if let Some(describe) = plugin.functions().next() {
        judge.answer(describe, "a second call", Vec::new(), None).await;
    }
    for function in plugin.asked() {
        for (what, bytes) in requests::malformed(limits.input) {
            judge.refusal(function, what, bytes).await;
        }
    }
    if plugin.world() == World::NodeTypes {
        judge.node_types().await;
    }
    report.finish(&limits);
}

struct Judge<'a> {
    plugin: &'a Plugin,
    limits: &'a Limits,
    report: &'a mut Report,
}

impl Judge<'_> {
    async fn node_types(&mut self) {
        let plugin = self.plugin;
        for function in requests::ASKED {
            let stranger = requests::request(function, "check-no-such-type", &Map::new());
            self.refusal(function, "an unknown node type", stranger.to_string().into_bytes()).await;
        }
        for node_type in plugin.node_types().iter().take(ASKED) {
            for function in requests::ASKED {
                self.node_type(function, node_type).await;
            }
        }
        if let Some(node_type) = plugin.node_types().first() {
            self.sizes(node_type).await;
        }
    }

    async fn node_type(&mut self, function: &'static str, node_type: &NodeType) {
        let request = |data: &Map<String, Value>| requests::request(function, &node_type.name, data);
        for (what, data) in requests::data(node_type, self.limits.input) {
            let bytes = request(&data).to_string().into_bytes();
            self.answer(function, what, bytes, Some(node_type)).await;
        }
        let plain = request(&node_type.start);
        let expected = self.ask(function, plain.to_string().into_bytes()).await;
        let more = self.ask(function, requests::with_more(&plain).to_string().into_bytes()).await;
        if let (Some(expected), Some(more)) = (expected, more)
            && expected.answer.ok() != more.answer.ok()
        {
            let subject = format!("{} {function}", node_type.name);
            let message = "answers otherwise when the request has members that it does not know";
            self.report.error("contract.unknown_members", subject, message, "ignore them");
        }
        if matches!(function, "validate" | "render") {
            let bytes = requests::with_stranger(&plain).to_string().into_bytes();
            self.answer(function, "a neighbour of an unknown type", bytes, Some(node_type)).await;
        }
    }

    /// At half and at all of what a request may have, an answer; beyond it the host refuses.
    async fn sizes(&mut self, node_type: &NodeType) {
        let request = requests::request("render", &node_type.name, &node_type.start);
        let all = self.limits.input;
        for (what, size) in
            [("a request of 50 % of the limit", all / 2), ("a request of 100 % of the limit", all)]
        {
            self.answer("render", what, requests::padded(&request, size), Some(node_type)).await;
        }
        let beyond = self.ask("render", requests::padded(&request, all + all / 100)).await;
        let stopped = |call: &Measured| matches!(&call.answer, Err(Refusal::Failed(Error::Fault(fault))) if fault.is_limit());
        if beyond.is_some_and(|call| !stopped(&call)) {
            let message = "a request of 101 % of the limit was not refused";
            self.report.error(
                "limits.input",
                "render",
                message,
                "this is a fault of the host, not of the plugin",
            );
        }
    }

    /// Asks twice for an answer that the host takes.
    async fn answer(&mut self, function: &'static str, what: &str, request: Vec<u8>, of: Option<&NodeType>) {
        let subject = subject(function, what, of);
        let Some(first) = self.ask(function, request.clone()).await else { return };
        let bytes = match first.answer {
            Ok(bytes) => bytes,
            Err(Refusal::Refused { code, message }) => {
                let fix = "answer, and say in the findings what is wrong with the node";
                self.report.error(
                    "contract.refused",
                    subject,
                    format!("refused with {code}: {message}"),
                    fix,
                );
                return;
            }
            Err(Refusal::Failed(error)) => return self.fault(subject, &error),
        };
        if let Err(reason) = self.read(function, &bytes, of) {
            self.report.error("contract.answer", subject, reason, "see the WIT of the interface");
            return;
        }
        if let Some(second) = self.ask(function, request).await
            && second.answer.ok().as_ref() != Some(&bytes)
        {
            self.report.error("contract.impure", subject, "two calls gave two answers", PURE);
        }
    }

    async fn refusal(&mut self, function: &'static str, what: &str, request: Vec<u8>) {
        let subject = subject(function, what, None);
        let Some(call) = self.ask(function, request).await else { return };
        match call.answer {
            Err(Refusal::Refused { code, .. }) if is_code(&code) => {}
            Err(Refusal::Refused { code, .. }) => {
                let fix = "lower-case words joined by dots, like request.invalid";
                self.report.warning("contract.code", subject, format!("{code:?} is not a code"), fix);
            }
            Err(Refusal::Failed(error)) => self.fault(subject, &error),
            Ok(_) => {
                let fix = "refuse it with a failure, for instance request.invalid or node_type.unknown";
                self.report.error("contract.accepted", subject, "was answered", fix);
            }
        }
    }

    fn fault(&mut self, subject: String, error: &Error) {
        let (code, fix) = match error {
            Error::Fault(fault) if fault.is_limit() => {
                ("limits.passed", "do less per call, or refuse what is too much")
            }
            _ => ("contract.trap", "a panic is a trap: no unwrap, no index, no arithmetic that overflows"),
        };
        self.report.error(code, subject, error.to_string(), fix);
    }

    /// One call. A host that takes no more calls ends the check with a finding.
    async fn ask(&mut self, function: &'static str, request: Vec<u8>) -> Option<Measured> {
        match self.plugin.probe(function, request, None).await {
            Ok(call) => {
                self.report.measured(function, &call);
                Some(call)
            }
            Err(error) => {
                let fix = "check it on a host that does nothing else";
                self.report.error("host.busy", function, error.to_string(), fix);
                None
            }
        }
    }

    /// Reads an answer as the engine would.
    fn read(&self, function: &str, bytes: &[u8], of: Option<&NodeType>) -> Result<(), String> {
        match (function, of) {
            ("facts", _) => node_types::facts(bytes).map(drop),
            ("validate", _) => node_types::findings(bytes, "n1", self.limits).map(drop),
            ("render", Some(of)) => node_types::rendered(bytes, "n1", of, self.limits).map(drop),
            ("status", _) => node_types::status(bytes).map(drop),
            _ => self.catalog(bytes),
        }
    }

    fn catalog(&self, bytes: &[u8]) -> Result<(), String> {
        match self.plugin.world() {
            World::NodeTypes => node_types::catalog(bytes, self.limits).map(drop),
            World::Step => step::catalog(bytes, self.limits, self.plugin.manifest()).map(drop),
            World::ImportAnalyzer => analyzer::catalog(bytes).map(drop),
            World::FixTemplate => fix::catalog(bytes).map(drop),
        }
    }
}

fn subject(function: &str, what: &str, of: Option<&NodeType>) -> String {
    match of {
        Some(node_type) => format!("{} {function} with {what}", node_type.name),
        None => format!("{function} with {what}"),
    }
}

fn is_code(code: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    code.split('.').all(word)
}
