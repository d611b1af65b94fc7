//! What a component may consist of, checked on its bytes before anything is compiled.
//!
//! Compilers take time and memory in proportion to what they are given, some of it worse, and their parsers
//! recurse. wasmtime does not count a slow or large compilation as a fault, so the bounds are set here: one pass
//! over the sections that allocates a byte per item at most and recurses nowhere. `links` goes along and refuses what is
//! composed of components.

use wasmparser::{FunctionBody, Parser, Payload};

use super::Limits;
use super::answer::excerpt;
use super::links::Links;

/// What is counted over the whole component, what is nested in it included, and how much of it there may be.
/// The core plugin of twelve node types has 1,300 functions and 50 types; ten times as much is still a plugin.
const BOUNDS: [(Sort, &str, u64); 15] = [
    (Sort::Modules, "modules and components", 64),
    (Sort::Instances, "instances", 256),
    (Sort::Types, "types", 10_000),
    (Sort::Imports, "imports", 1_000),
    (Sort::Exports, "exports", 1_000),
    (Sort::Aliases, "aliases", 2_000),
    (Sort::Canonical, "canonical functions", 1_000),
    (Sort::Functions, "functions", 50_000),
    (Sort::Tables, "tables", 64),
    (Sort::Memories, "memories", 64),
    (Sort::Globals, "globals", 10_000),
    (Sort::Elements, "element segments", 10_000),
    (Sort::Data, "data segments", 10_000),
    (Sort::Custom, "custom sections", 256),
    (Sort::Nested, "types nested in types", NESTED),
];

/// Types that are declared inside component and instance types. Whoever reads them recurses by their depth, and a
/// depth takes that many of them: 256 levels fit any stack, a section full of them ends the process.
const NESTED: u64 = 256;

/// Components inside components.
const DEPTH: usize = 16;

/// Locals of one function. A register allocator's work grows with them; rustc stays below a few hundred.
const LOCALS: u64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Sort {
    Modules,
    Instances,
    Types,
    Imports,
    Exports,
    Aliases,
    Canonical,
    Functions,
    Tables,
    Memories,
    Globals,
    Elements,
    Data,
    Custom,
    Nested,
}

/// Bytes on which the verdict depends, besides the component's own: part of the name of compiled code, so that
/// lowering a bound forgets what was compiled under the higher one.
pub(super) fn fingerprint(limits: &Limits) -> Vec<u8> {
    format!("{} {DEPTH} {LOCALS} {BOUNDS:?} uncomposed", limits.function).into_bytes()
}

/// Refuses what is out of bounds, with the section and the numbers.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), String> {
    let mut scan = Scan { limits, seen: [0; BOUNDS.len()], depth: 0, function: 0, links: Links::default() };
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| excerpt(&error.to_string()))?;
        scan.payload(&payload, bytes)?;
        scan.links.payload(&payload, scan.depth)?;
    }
    Ok(())
}

struct Scan<'a> {
    limits: &'a Limits,
    seen: [u64; BOUNDS.len()],
    depth: usize,
    /// The number of the next body, over all modules.
    function: u64,
    links: Links,
}

impl Scan<'_> {
    fn payload(&mut self, payload: &Payload<'_>, bytes: &[u8]) -> Result<(), String> {
        match payload {
            Payload::Version { .. } => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(format!("it nests components deeper than {DEPTH}"));
                }
                self.count(Sort::Modules, 1)
            }
            Payload::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Payload::CodeSectionEntry(body) => self.body(body),
            Payload::ComponentTypeSection(section) => {
                let nested = bytes.get(section.range()).unwrap_or_default();
                self.count(Sort::Nested, nested_types(nested))?;
                self.count(Sort::Types, u64::from(section.count()))
            }
            Payload::CustomSection(_) => self.count(Sort::Custom, 1),
            other => match sized(other) {
                Some((sort, count)) => self.count(sort, u64::from(count)),
                None => Ok(()),
            },
        }
    }

    fn count(&mut self, sort: Sort, count: u64) -> Result<(), String> {
        let (_, what, most) = BOUNDS[sort as usize];
        let seen = &mut self.seen[sort as usize];
        *seen = seen.saturating_add(count);
        if *seen > most { Err(format!("it has {seen} {what}, at most {most} are allowed")) } else { Ok(()) }
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), String> {
        let number = self.function;
        self.function += 1;
        let (size, most) = (body.range().len(), self.limits.function);
        if size > most {
            return Err(format!(
                "function {number} of its code sections has {size} bytes, at most {most} are allowed"
            ));
        }
        let mut locals = 0_u64;
        let reader = body.get_locals_reader().map_err(|error| excerpt(&error.to_string()))?;
        for group in reader {
            let (count, _) = group.map_err(|error| excerpt(&error.to_string()))?;
            locals += u64::from(count);
        }
        if locals > LOCALS {
            return Err(format!(
                "function {number} of its code sections has {locals} locals, at most {LOCALS} are allowed"
            ));
        }
        Ok(())
    }
}

/// What a section is counted as, and how many of it there are.
fn sized(payload: &Payload<'_>) -> Option<(Sort, u32)> {
    Some(match payload {
        Payload::TypeSection(section) => (Sort::Types, section.count()),
        Payload::CoreTypeSection(section) => (Sort::Types, section.count()),
        Payload::ImportSection(section) => (Sort::Imports, section.count()),
        Payload::ComponentImportSection(section) => (Sort::Imports, section.count()),
        Payload::ExportSection(section) => (Sort::Exports, section.count()),
        Payload::ComponentExportSection(section) => (Sort::Exports, section.count()),
        Payload::FunctionSection(section) => (Sort::Functions, section.count()),
        Payload::TableSection(section) => (Sort::Tables, section.count()),
        Payload::MemorySection(section) => (Sort::Memories, section.count()),
        Payload::GlobalSection(section) => (Sort::Globals, section.count()),
        Payload::ElementSection(section) => (Sort::Elements, section.count()),
        Payload::DataSection(section) => (Sort::Data, section.count()),
        Payload::InstanceSection(section) => (Sort::Instances, section.count()),
        Payload::ComponentInstanceSection(section) => (Sort::Instances, section.count()),
        Payload::ComponentAliasSection(section) => (Sort::Aliases, section.count()),
        Payload::ComponentCanonicalSection(section) => (Sort::Canonical, section.count()),
        _ => return None,
    })
}

/// At least as many as there are levels: the declaration of a type (1) that is a component's (0x41) or an
/// instance's (0x42). The two bytes may also stand inside a name or a number; the bound leaves room for that.
fn nested_types(section: &[u8]) -> u64 {
    section.windows(2).filter(|pair| matches!(pair, [1, 0x41 | 0x42])).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_stands_at_its_sort() {
        for (at, (sort, what, most)) in BOUNDS.iter().enumerate() {
            assert_eq!(*sort as usize, at, "{what}");
            assert!(*most > 0, "{what}");
        }
    }
}
