//! The child's side: limits itself, compiles one component, answers, ends.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Artefact, Seal, text};
use crate::plugin::wasm::Limits;
use crate::plugin::wasm::engine::{self, Allocation};

/// First byte of an answer.
pub(super) const COMPILED: u8 = 0;
pub(super) const REFUSED: u8 = 1;

/// Exit code of a child that noticed it itself; most abort.
pub(super) const OUT_OF_MEMORY: u8 = 12;

/// The first line that a child reads; the component follows.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    /// A secret for this one answer. Who knows it is the child that was started.
    pub(super) secret: [u8; 32],
    /// Which engine to compile for.
    pub(super) stack: usize,
    pub(super) allocation: Allocation,
    /// Bytes of the component.
    pub(super) size: u64,
    /// Seconds of processor time.
    pub(super) cpu: u64,
    /// Bytes of address space.
    pub(super) memory: u64,
}

/// Bytes of the first line at most; it has about 300.
const ORDER: u64 = 4096;

/// What the program does when it was started as the child of a [`ChildCompiler`](super::ChildCompiler): compiles what
/// comes on stdin, under limits of memory and processor time, and writes the code to stdout.
///
/// To be called first in `main`, before any thread or file is opened; the arguments say when
/// ([`ChildCompiler::COMMAND`](super::ChildCompiler::COMMAND)).
pub fn compile_plugin() -> ExitCode {
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock(), limit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => ExitCode::from(OUT_OF_MEMORY),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads an order and a component, writes the answer.
pub(super) fn serve(
    input: &mut impl BufRead,
    output: &mut impl Write,
    limit: impl FnOnce(&Order) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    input.by_ref().take(ORDER).read_until(b'\n', &mut line)?;
    let order: Order = serde_json::from_slice(&line)?;
    limit(&order)?;
    let mut component = Vec::new();
    input.take(order.size).read_to_end(&mut component)?;
    let limits = Limits { stack: order.stack, ..Limits::default() };
    let compiled =
        engine::compiler(&limits, order.allocation).and_then(|engine| Artefact::compile(&engine, &component));
    match compiled {
        Ok(artefact) => {
            let tag = Seal::new(&order.secret).tag(&Sha256::digest(&component), &artefact);
            output.write_all(&[COMPILED])?;
            output.write_all(&tag)?;
            output.write_all(artefact.bytes())?;
        }
        Err(error) => {
            output.write_all(&[REFUSED])?;
            output.write_all(text(&error).as_bytes())?;
        }
    }
    output.flush()
}

/// No system call that could be told from another process is made before this, and none needs privileges.
#[cfg(unix)]
fn limit(order: &Order) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = |resource, current, maximum| {
        setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })
    };
    // At the first a signal says what it was, a second later there is no choice left.
    most(Resource::Cpu, order.cpu, order.cpu.saturating_add(1))?;
    most(Resource::As, order.memory, order.memory)?;
    // It writes to a pipe only, opens nothing more and leaves no picture of its memory.
    most(Resource::Fsize, 0, 0)?;
    most(Resource::Core, 0, 0)?;
    most(Resource::Nofile, 3, 3)?;
    Ok(())
}

/// Elsewhere only the parent's clock bounds it.
#[cfg(not(unix))]
fn limit(_: &Order) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::wasm::compile::TAG;

    fn answer(allocation: Allocation, component: &[u8]) -> Vec<u8> {
        let limits = Limits::default();
        let size = component.len() as u64;
        let order = Order { secret: [9; 32], stack: limits.stack, allocation, size, cpu: 1, memory: 1 };
        let mut input = serde_json::to_vec(&order).unwrap();
        input.push(b'\n');
        input.extend_from_slice(component);
        // Not of the component: a child reads no further than it is told to.
        input.extend_from_slice(b"more");
        let mut output = Vec::new();
        serve(&mut input.as_slice(), &mut output, |_| Ok(())).unwrap();
        output
    }

    #[test]
    fn code_of_a_child_runs_on_the_engine_that_ordered_it() {
        let component = wat::parse_str("(component (core module (func (export \"a\"))))").unwrap();
        for allocation in [Allocation::Pool, Allocation::OnDemand] {
            let answer = answer(allocation, &component);
            let (tag, code) = answer[1..].split_first_chunk::<TAG>().unwrap();
            assert_eq!(answer[0], COMPILED);
            let artefact = Seal::new(&[9; 32]).open(&Sha256::digest(&component), tag, code.to_vec()).unwrap();
            let engine = engine::build(&Limits::default(), allocation).unwrap();
            artefact.revive(&engine).unwrap();
            let other = match allocation {
                Allocation::Pool => Allocation::OnDemand,
                Allocation::OnDemand => Allocation::Pool,
            };
            let other = engine::build(&Limits::default(), other).unwrap();
            assert!(artefact.revive(&other).is_err(), "code of another engine is refused");
        }
    }

    #[test]
    fn what_is_no_component_is_refused_in_the_compilers_words() {
        let answer = answer(Allocation::OnDemand, b"\0asm\x0d\0\x01\0nonsense");
        assert_eq!(answer[0], REFUSED);
        let text = String::from_utf8(answer[1..].to_vec()).unwrap();
        assert!(text.contains("invalid") || text.contains("unexpected"), "{text}");
    }

    #[test]
    fn an_order_that_is_none_is_an_error() {
        let mut output = Vec::new();
        assert!(serve(&mut &b"make me a sandwich\n"[..], &mut output, |_| Ok(())).is_err());
        assert!(output.is_empty());
    }
}
