//! The plugins that come with KubeOrch, as component bytes built from source by this crate's build script.
//!
//! Only bytes: loading and running them is the host's affair, and the host treats them like anybody's.

/// A plugin that comes with KubeOrch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// The name of its folder. Who it is, it says itself.
    pub name: &'static str,
    /// A WebAssembly component that imports nothing.
    pub component: &'static [u8],
}

static PLUGINS: &[Plugin] = include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

/// All of them, in a fixed order.
pub fn all() -> &'static [Plugin] {
    PLUGINS
}

#[cfg(test)]
mod tests {
    use super::all;
    use wasmparser::{Encoding, Parser, Payload};

    #[test]
    fn components_that_import_nothing() {
        assert!(!all().is_empty());
        for plugin in all() {
            let (mut imports, mut exports) = (Vec::new(), Vec::new());
            let mut payloads = Parser::new(0).parse_all(plugin.component);
            let first = payloads.next().unwrap().unwrap();
            assert!(
                matches!(first, Payload::Version { encoding: Encoding::Component, .. }),
                "{}",
                plugin.name
            );
            for payload in payloads {
                match payload.unwrap() {
                    Payload::ComponentImportSection(section) => {
                        imports
                            .extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
                    }
                    Payload::ComponentExportSection(section) => {
                        exports
                            .extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
                    }
                    _ => {}
                }
            }
            // A nested component re-exports what lies in the outer one; only the outer one's imports are functions.
            assert!(exports.iter().any(|name| name == "kubeorch:node-types/node-types@0.1.0"), "{exports:?}");
            imports.retain(|name| !name.starts_with("import-"));
            assert_eq!(imports, [""; 0], "{}", plugin.name);
        }
    }
}
