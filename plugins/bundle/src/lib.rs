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

    /// Names that the component itself imports and exports, not those of what is nested in it.
    fn interface(component: &[u8]) -> (Vec<String>, Vec<String>) {
        let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
        for payload in Parser::new(0).parse_all(component) {
            match payload.unwrap() {
                Payload::Version { encoding, .. } => {
                    assert!(depth > 0 || encoding == Encoding::Component, "a core module is no component");
                    depth += 1;
                }
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 1 => {
                    imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    exports.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
                }
                _ => {}
            }
        }
        (imports, exports)
    }

    #[test]
    fn components_import_nothing_and_export_the_node_types() {
        assert!(!all().is_empty());
        for plugin in all() {
            let (imports, exports) = interface(plugin.component);
            assert_eq!(imports, [""; 0], "{}", plugin.name);
            assert_eq!(exports, ["kubeorch:node-types/node-types@0.1.0"], "{}", plugin.name);
        }
    }

    /// A path of this machine in the bytes would make every machine build another plugin.
    #[test]
    fn components_hold_no_path_of_this_machine() {
        let folder = env!("CARGO_MANIFEST_DIR").trim_end_matches("/plugins/bundle");
        for plugin in all() {
            let found = plugin.component.windows(folder.len()).any(|window| window == folder.as_bytes());
            assert!(!found, "{} holds {folder}", plugin.name);
        }
    }

    /// Code is compiled when it is loaded, so its size is a cost of every start. A step up is a decision: twelve node
    /// types with a time-zone aware cron check are 554 KiB, 46 KiB a type, as seven were 55.
    #[test]
    fn components_stay_small() {
        for plugin in all() {
            let kibibytes = plugin.component.len() / 1024;
            assert!(kibibytes <= 576, "{} has {kibibytes} KiB", plugin.name);
        }
    }
}
