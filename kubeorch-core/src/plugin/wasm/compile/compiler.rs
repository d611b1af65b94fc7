//! Where components are compiled.

use wasmtime::Engine;

use super::{Artefact, ChildCompiler, Failure, text};
use crate::plugin::wasm::Limits;
use crate::plugin::wasm::engine::Allocation;

/// Where components are compiled. Not a trait to implement: the process runs what comes back as it is, so it has to
/// be proven where that comes from.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Compiler {
    /// In this process, on all cores: for components from people one trusts. A component that was made for it can
    /// take memory and processor time without bounds.
    #[default]
    InProcess,
    /// In a child process of this program, under limits of the system: for strangers' components.
    Child(ChildCompiler),
}

impl Compiler {
    pub(super) fn compile(
        &self,
        engine: &Engine,
        limits: &Limits,
        allocation: Allocation,
        digest: &[u8; 32],
        bytes: &[u8],
    ) -> Result<Artefact, Failure> {
        match self {
            Self::InProcess => {
                Artefact::compile(engine, bytes).map_err(|error| Failure::Invalid(text(&error)))
            }
            Self::Child(child) => child.compile(limits, allocation, digest, bytes),
        }
    }
}
