//! The parent's side: a process for each component, which may die of it.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::worker::{COMPILED, OUT_OF_MEMORY, Order, REFUSED};
use super::{Artefact, Failure, Limits, Seal, TAG};
use crate::plugin::wasm::answer::excerpt;
use crate::plugin::wasm::engine::Allocation;
use crate::time::{Entropy, SystemEntropy};

/// Bytes that a child may answer; code takes three to five times a component, which has at most 48 MiB.
const ANSWER: u64 = 256 * 1024 * 1024;

/// Bytes of its last words that are kept, to tell what it died of.
const WORDS: u64 = 4096;

/// Compiles in a child process, which this program becomes when it is started with [`COMMAND`](Self::COMMAND).
///
/// The child gets no environment, no files and no arguments of the parent, and proves with a one-time secret that the
/// code is its own.
#[derive(Debug, Clone)]
pub struct ChildCompiler {
    program: PathBuf,
    arguments: Vec<OsString>,
    cpu: Duration,
    memory: u64,
    wall: Duration,
}

impl ChildCompiler {
    /// The first argument that makes the program a compiler; `main` answers it with
    /// [`compile_plugin`](super::compile_plugin).
    pub const COMMAND: &str = "__compile-plugin";

    /// Starts this program again. Fails where the system does not tell which one it is.
    pub fn this_program() -> io::Result<Self> {
        // The link stands for the file that runs, also when an update has put another one in its place.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() { link } else { std::env::current_exe()? };
        Ok(Self::program(program))
    }

    /// Starts another program, which must answer [`COMMAND`](Self::COMMAND) like this one and be of the same build.
    pub fn program(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec![Self::COMMAND.into()],
            cpu: Duration::from_secs(30),
            memory: 1024 * 1024 * 1024,
            wall: Duration::from_mins(1),
        }
    }

    /// Processor time, in whole seconds. Default 30 s: two hundred times what the core plugin takes.
    #[must_use]
    pub fn cpu(mut self, cpu: Duration) -> Self {
        self.cpu = cpu;
        self
    }

    /// Address space in bytes. Default 1 GiB.
    #[must_use]
    pub fn memory(mut self, memory: u64) -> Self {
        self.memory = memory;
        self
    }

    /// Time on the clock. Default 60 s: on a busy machine a child waits as long as it works.
    #[must_use]
    pub fn wall(mut self, wall: Duration) -> Self {
        self.wall = wall;
        self
    }

    #[cfg(test)]
    pub(in crate::plugin::wasm) fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.arguments = arguments.map(OsString::from).to_vec();
        self
    }

    /// One try more where the first may have been bad luck; memory and processor time run out again.
    pub(super) fn compile(
        &self,
        limits: &Limits,
        allocation: Allocation,
        digest: &[u8; 32],
        bytes: &[u8],
    ) -> Result<Artefact, Failure> {
        let attempt = || self.attempt(limits, allocation, digest, bytes);
        match attempt() {
            Err(Failure::Lost(reason)) => {
                tracing::warn!(reason, "a plugin's compiler died; once more");
                attempt()
            }
            Err(Failure::Limit("time")) => attempt(),
            done => done,
        }
    }

    fn attempt(
        &self,
        limits: &Limits,
        allocation: Allocation,
        digest: &[u8; 32],
        bytes: &[u8],
    ) -> Result<Artefact, Failure> {
        let mut secret = [0; 32];
        SystemEntropy.fill(&mut secret);
        let order = Order {
            secret,
            stack: limits.stack,
            allocation,
            size: bytes.len() as u64,
            cpu: self.cpu.as_secs().max(1),
            memory: self.memory,
        };
        let lost = |error: io::Error| Failure::Lost(format!("its compiler cannot be talked to: {error}"));
        let mut order = serde_json::to_vec(&order).map_err(|error| lost(error.into()))?;
        order.push(b'\n');
        let child = self.spawn().map_err(lost)?;
        let end = child.exchange(&order, bytes, self.wall).map_err(lost)?;
        verdict(end, &Seal::new(&secret), digest)
    }

    fn spawn(&self) -> io::Result<Running> {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            // The C library reserves address space for each thread otherwise, which counts as memory.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(Running)
    }
}

/// A child that never outlives its use.
struct Running(Child);

/// How a child ended.
struct End {
    /// None when it was stopped by the clock.
    status: Option<ExitStatus>,
    answer: Vec<u8>,
    words: String,
}

impl Running {
    /// Gives it everything, takes its answer, waits for its end.
    fn exchange(mut self, order: &[u8], component: &[u8], wall: Duration) -> io::Result<End> {
        let (Some(mut input), Some(output), Some(words)) =
            (self.0.stdin.take(), self.0.stdout.take(), self.0.stderr.take())
        else {
            return Err(io::Error::other("it has no pipes"));
        };
        thread::scope(|scope| {
            scope.spawn(move || {
                // A child that has seen enough closes its end; its answer says why.
                let _ = input.write_all(order).and_then(|()| input.write_all(component));
            });
            let (send, answer) = mpsc::channel();
            scope.spawn(move || send.send(read(output, ANSWER)));
            let words = scope.spawn(move || read(words, WORDS));
            let answer = answer.recv_timeout(wall);
            if answer.is_err() {
                self.stop();
            }
            let words = words.join().unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            match answer {
                Ok(answer) => Ok(End { status: Some(self.0.wait()?), answer: answer?, words }),
                Err(_) => Ok(End { status: None, answer: Vec::new(), words }),
            }
        })
    }

    fn stop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// So many bytes at most; what is more is read and dropped, or the child would wait for ever.
fn read(mut pipe: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.by_ref().take(most).read_to_end(&mut bytes)?;
    io::copy(&mut pipe, &mut io::sink())?;
    Ok(bytes)
}

fn verdict(end: End, seal: &Seal, digest: &[u8; 32]) -> Result<Artefact, Failure> {
    let Some(status) = end.status else { return Err(Failure::Limit("time")) };
    if !status.success() {
        return Err(died(status, &end.words));
    }
    let forged = || Failure::Lost("its compiler gave an answer that is not its own".into());
    match end.answer.split_first() {
        Some((&COMPILED, rest)) => {
            let (tag, code) = rest.split_first_chunk::<TAG>().ok_or_else(forged)?;
            seal.open(digest, tag, code.to_vec()).ok_or_else(forged)
        }
        Some((&REFUSED, text)) => Err(Failure::Invalid(excerpt(&String::from_utf8_lossy(text)))),
        _ => Err(forged()),
    }
}

fn died(status: ExitStatus, words: &str) -> Failure {
    // Rust's own words are the only sign of most: the process aborts as it does for other reasons.
    if words.contains("memory allocation of") || status.code() == Some(OUT_OF_MEMORY.into()) {
        return Failure::Limit("memory");
    }
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status) == Some(rustix::process::Signal::XCPU.as_raw())
    {
        return Failure::Limit("cpu");
    }
    Failure::Lost(excerpt(
        format!("its compiler ended with {status}: {words}").trim_end_matches([' ', ':', '\n']),
    ))
}
