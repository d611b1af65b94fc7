//! A component's bytes: what it imports and exports, and the section that says who it is.

use std::borrow::Cow;

use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReaderError, Encoding, Parser, Payload};

/// The name of the custom section that holds the manifest.
pub const SECTION: &str = "kubeorch:plugin";

/// Why bytes are not a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// They cannot be read.
    #[error("it is not WebAssembly: {0}")]
    Malformed(#[from] BinaryReaderError),
    /// A module was not made a component.
    #[error("it is a core module, not a component: link it with wasm-component-ld")]
    Module,
}

/// The outer layer of a component; what is nested in it is its own affair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Names that it asks its host for.
    pub imports: Vec<String>,
    /// Names that it offers: `kubeorch:node-types/node-types@0.1.0`.
    pub exports: Vec<String>,
    /// The bytes of its section [`SECTION`], when there is one.
    pub manifest: Option<Vec<u8>>,
}

impl Interface {
    /// Reads the outer layer. Nothing is compiled.
    pub fn read(component: &[u8]) -> Result<Self, Error> {
        let mut found = Self::default();
        outer(component, |payload| {
            match payload {
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        found.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        found.exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == SECTION => {
                    found.manifest.get_or_insert_with(|| section.data().to_vec());
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The versions of exported WIT packages: `kubeorch:node-types` and `0.1.0`.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.exports.iter().filter_map(|name| {
            let (package, rest) = name.split_once('/')?;
            Some((package, rest.split_once('@')?.1))
        })
    }
}

/// The component with this manifest, at its end and in place of another one.
pub fn embed(component: &[u8], manifest: &[u8]) -> Result<Vec<u8>, Error> {
    let mut old = Vec::new();
    outer(component, |payload| {
        if let Payload::CustomSection(section) = payload
            && section.name() == SECTION
        {
            old.push(section.range());
        }
        Ok(())
    })?;
    let mut bytes = Vec::with_capacity(component.len() + manifest.len() + 64);
    let mut from = 0;
    for contents in old {
        // A section is one byte that names its kind, the size as LEB128, then its contents.
        let size = u64::try_from(contents.len()).unwrap_or(u64::MAX);
        let header = 1 + leb128_len(size);
        bytes.extend_from_slice(component.get(from..contents.start - header).unwrap_or_default());
        from = contents.end;
    }
    bytes.extend_from_slice(component.get(from..).unwrap_or_default());
    let section = CustomSection { name: Cow::Borrowed(SECTION), data: Cow::Borrowed(manifest) };
    section.append_to_component(&mut bytes);
    Ok(bytes)
}

fn leb128_len(value: u64) -> usize {
    usize::try_from((64 - value.leading_zeros()).max(1).div_ceil(7)).unwrap_or_default()
}

fn outer<'a>(
    component: &'a [u8],
    mut see: impl FnMut(Payload<'a>) -> Result<(), BinaryReaderError>,
) -> Result<(), Error> {
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(Error::Module),
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            payload if depth == 1 => see(payload)?,
            _ => {}
        }
    }
    Ok(())
}
