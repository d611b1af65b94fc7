//! `kubeorch:host/log`: what guests have to say.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, WasmStr};

use super::answer::plain;
use super::state::State;

/// The interface; its patch releases are the same.
pub(super) const INTERFACE: &str = "kubeorch:host/log@0.1.0";

/// What is in it.
pub(super) const NAMES: [&str; 2] = ["write", "level"];

/// Lines of one call, as the interface promises.
const LINES: u32 = 64;

/// Bytes of one call.
const BYTES: usize = 16 * 1024;

/// Bytes of one line; the rest of it is cut off, so that a single long one is not lost whole.
const LINE: usize = 2 * 1024;

/// Lines that a fault repeats.
const TAIL: usize = 16;

/// Characters of a line that a fault repeats.
const TAIL_LINE: usize = 300;

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "a guest's numbers are lifted into it")]
enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// The lines of one call. Takes no memory before the first one.
pub(super) struct Lines {
    plugin: Arc<str>,
    tail: Vec<String>,
    written: u32,
    bytes: usize,
    dropped: u32,
}

impl Lines {
    pub(super) fn new(plugin: Arc<str>) -> Self {
        Self { plugin, tail: Vec::new(), written: 0, bytes: 0, dropped: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.tell_dropped();
        (self.written, self.bytes, self.dropped) = (0, 0, 0);
        self.tail.clear();
    }

    /// The last lines, for the report of a fault.
    pub(super) fn tail(&self) -> Vec<String> {
        let shorter = |line: &String| plain(line, TAIL_LINE);
        let mut tail: Vec<String> = self.tail.iter().map(shorter).collect();
        if self.dropped > 0 {
            tail.push(format!("and {} more lines", self.dropped));
        }
        tail
    }

    fn room(&self) -> bool {
        self.written < LINES && self.bytes < BYTES
    }

    /// What is left for the next line, in bytes.
    fn left(&self) -> usize {
        LINE.min(BYTES - self.bytes)
    }

    fn write(&mut self, level: Level, line: String) {
        self.written += 1;
        self.bytes = (self.bytes + line.len()).min(BYTES);
        let plugin = &*self.plugin;
        match level {
            Level::Debug => tracing::debug!(plugin, "{line}"),
            Level::Info => tracing::info!(plugin, "{line}"),
            Level::Warn => tracing::warn!(plugin, "{line}"),
            Level::Error => tracing::error!(plugin, "{line}"),
        }
        if self.tail.len() == TAIL {
            self.tail.remove(0);
        }
        self.tail.push(line);
    }

    fn tell_dropped(&self) {
        if self.dropped > 0 {
            tracing::warn!(plugin = &*self.plugin, dropped = self.dropped, "a plugin logs more than it may");
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.tell_dropped();
    }
}

/// Gives the interface to a component.
pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(INTERFACE)?.func_wrap("write", |mut store, (level, message): (Level, WasmStr)| {
        write(&mut store, level, &message)
    })
}

fn write(store: &mut StoreContextMut<'_, State>, level: Level, message: &WasmStr) -> wasmtime::Result<()> {
    store.data_mut().host_call()?;
    if !store.data().lines.room() {
        store.data_mut().lines.dropped += 1;
        return Ok(());
    }
    // Cut before it is copied: a message may have megabytes.
    let line = plain(&message.to_str(&*store)?, store.data().lines.left());
    store.data_mut().lines.write(level, line);
    Ok(())
}
