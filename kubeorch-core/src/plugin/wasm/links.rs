//! Whether the parts of a component call each other through the component model.
//!
//! Such a call needs code that copies between two linear memories. wasmtime makes it, and panics over its own code
//! where an engine allows a single memory, as here. A plugin has one memory and nothing to copy, so what is
//! composed is refused by its structure: canonical functions stand in the outer component alone, and what it lowers
//! comes from its host.

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentAliasSectionReader, ComponentCanonicalSectionReader,
    ComponentExport, ComponentExternalKind, ComponentImport, Payload,
};

/// What is refused and what to do, as one sentence.
const COMPOSED: &str = "it is composed of components that call each other, which this host does not link: \
                        build it as one component, with its parts linked into one core module";

/// The functions and instances of the outer component, each with whether the host gives it.
///
/// As long as the sections that are read, whose items are counted before.
#[derive(Default)]
pub(super) struct Links {
    functions: Vec<bool>,
    instances: Vec<bool>,
}

impl Links {
    /// Takes the next payload of the component at that depth, 1 for the outer one.
    ///
    /// An item that cannot be read ends its section here, and the component at the parser that comes after.
    pub(super) fn payload(&mut self, payload: &Payload<'_>, depth: usize) -> Result<(), String> {
        match payload {
            Payload::ComponentCanonicalSection(section) if depth == 1 => self.canonical(section)?,
            Payload::ComponentCanonicalSection(section) if section.count() > 0 => return Err(COMPOSED.into()),
            _ if depth != 1 => {}
            Payload::ComponentImportSection(section) => {
                section.clone().into_iter().flatten().for_each(|import| self.import(&import));
            }
            Payload::ComponentInstanceSection(section) => {
                self.instances.extend(section.clone().into_iter().flatten().map(|_| false));
            }
            Payload::ComponentAliasSection(section) => self.aliases(section),
            Payload::ComponentExportSection(section) => {
                section.clone().into_iter().flatten().for_each(|export| self.export(&export));
            }
            _ => {}
        }
        Ok(())
    }

    fn canonical(&mut self, section: &ComponentCanonicalSectionReader<'_>) -> Result<(), String> {
        for function in section.clone().into_iter().flatten() {
            match function {
                CanonicalFunction::Lift { .. } => self.functions.push(false),
                CanonicalFunction::Lower { func_index, .. } if !given(&self.functions, func_index) => {
                    return Err(COMPOSED.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn import(&mut self, import: &ComponentImport<'_>) {
        self.push(import.ty.kind(), true);
    }

    fn aliases(&mut self, section: &ComponentAliasSectionReader<'_>) {
        for alias in section.clone().into_iter().flatten() {
            if let ComponentAlias::InstanceExport { kind, instance_index, .. } = alias {
                self.push(kind, given(&self.instances, instance_index));
            }
        }
    }

    /// An export is an item once more, under the next number.
    fn export(&mut self, export: &ComponentExport<'_>) {
        let from = if export.kind == ComponentExternalKind::Func { &self.functions } else { &self.instances };
        self.push(export.kind, given(from, export.index));
    }

    fn push(&mut self, kind: ComponentExternalKind, given: bool) {
        match kind {
            ComponentExternalKind::Func => self.functions.push(given),
            ComponentExternalKind::Instance => self.instances.push(given),
            _ => {}
        }
    }
}

/// What has no such number is none of the host's; the parser that comes after refuses it.
fn given(items: &[bool], index: u32) -> bool {
    usize::try_from(index).ok().and_then(|index| items.get(index)).is_some_and(|given| *given)
}
