//! What stopped a guest: a limit, or a fault of its own.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::answer::excerpt;
use super::call::Export;
use super::state::{Exceeded, State};
use crate::plugin::{Error, Fault, FaultKind, PluginInfo};

/// Functions that a fault names.
const FRAMES: usize = 20;

/// Hex digits of a digest that tell versions apart.
const DIGEST: usize = 12;

/// Who a fault is of.
pub(super) struct Identity {
    pub(super) plugin: Arc<str>,
    version: String,
    digest: String,
}

impl Identity {
    /// A component of which only the file is known.
    pub(super) fn of_file(name: &str) -> Self {
        Self { plugin: name.into(), version: String::new(), digest: String::new() }
    }

    pub(super) fn of_plugin(info: &PluginInfo, digest: &str) -> Self {
        Self {
            plugin: info.id.as_str().into(),
            version: excerpt(&info.version),
            digest: digest.chars().take(DIGEST).collect(),
        }
    }

    /// A fault of the compilation, which stands in the place of an export.
    pub(super) fn uncompiled(&self, kind: FaultKind, reason: impl Into<String>) -> Fault {
        self.fault("compile", kind, reason)
    }

    fn fault(&self, export: &'static str, kind: FaultKind, reason: impl Into<String>) -> Fault {
        Fault {
            plugin: self.plugin.to_string(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            export,
            kind,
            reason: reason.into(),
            elapsed: Duration::ZERO,
            frames: Vec::new(),
            log: Vec::new(),
        }
    }

    pub(super) fn error(&self, export: Export, kind: FaultKind, reason: impl Into<String>) -> Error {
        self.fault(export.name(), kind, reason).into()
    }

    /// The fault behind an error of wasmtime, with where the guest was and what it said last. `otherwise` is the sort
    /// of what is neither a limit nor a trap.
    pub(super) fn stopped(
        &self,
        export: Export,
        error: &wasmtime::Error,
        state: &State,
        otherwise: FaultKind,
    ) -> Error {
        let (kind, reason) = classify(error, state).unwrap_or_else(|| (otherwise, text(error)));
        let mut fault = self.fault(export.name(), kind, reason);
        fault.frames = frames(error);
        fault.log = state.lines.tail();
        fault.into()
    }
}

/// The sort of fault that passing a limit is.
pub(super) fn limit_kind(limit: &str) -> FaultKind {
    match limit {
        "time" | "cpu" => FaultKind::Timeout,
        "memory" => FaultKind::Memory,
        _ => FaultKind::Limit,
    }
}

fn classify(error: &wasmtime::Error, state: &State) -> Option<(FaultKind, String)> {
    let trap = error.downcast_ref::<Trap>();
    match trap {
        Some(Trap::Interrupt) => return Some((FaultKind::Timeout, "time".into())),
        Some(Trap::StackOverflow) => return Some((FaultKind::Stack, "stack".into())),
        _ => {}
    }
    if let Some(Exceeded(limit)) = error.downcast_ref::<Exceeded>() {
        return Some((FaultKind::Limit, (*limit).into()));
    }
    // A refused growth is an ordinary answer that most guests turn into an abort, so it comes before the trap.
    if let Some(limit) = state.meter.refused() {
        return Some((limit_kind(limit), limit.into()));
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Some((FaultKind::Host, text(error)));
    }
    match told_by_text(error) {
        Some(limit) => Some((FaultKind::Limit, limit.into())),
        None => trap.map(|trap| (FaultKind::Panic, trap.to_string())),
    }
}

/// Limits whose errors have no type of their own outside wasmtime, so their text is all there is; tests provoke each.
fn told_by_text(error: &wasmtime::Error) -> Option<&'static str> {
    const TEXTS: [(&str, &str); 2] = [
        ("fuel allocated for hostcalls has been exhausted", "output"),
        ("store handle limit exceeded", "handles"),
    ];
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let said = |text: &str| causes.iter().any(|cause| cause.contains(text));
    TEXTS.iter().find(|(text, _)| said(text)).map(|(_, limit)| *limit)
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    trace.frames().iter().take(FRAMES).map(frame).collect()
}

fn frame(frame: &FrameInfo) -> String {
    match frame.func_name() {
        // Without the hash at the end, which says nothing to people.
        Some(name) => excerpt(&format!("{:#}", rustc_demangle::demangle(name))),
        None => format!("function {}", frame.func_index()),
    }
}

/// The causes, without the backtrace that wasmtime puts before them where a host function refused: a fault has the frames.
pub(super) fn text(error: &wasmtime::Error) -> String {
    let trace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string);
    let causes = error.chain().map(ToString::to_string).filter(|cause| Some(cause) != trace.as_ref());
    excerpt(&causes.collect::<Vec<_>>().join(": "))
}
