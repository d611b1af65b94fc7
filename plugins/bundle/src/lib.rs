//! The plugins that come with KubeOrch, as component bytes built from source by this crate's build script.
//!
//! Only bytes: loading and running them is the host's affair, and the host treats them like anybody's.

/// A plugin that comes with KubeOrch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// The name of its folder. Who it is, it says itself.
    pub name: &'static str,
    /// What it is written for: `node-types`, `step`, `import-analyzer` or `fix-template`.
    pub world: &'static str,
    /// A WebAssembly component that imports nothing but what its world offers.
    pub component: &'static [u8],
}

static PLUGINS: &[Plugin] = include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

/// All of them, in a fixed order.
pub fn all() -> &'static [Plugin] {
    PLUGINS
}

/// Those of the world `node-types`, which every engine needs. The others are bytes until somebody asks for what they do:
/// loading a plugin compiles it.
pub fn node_types() -> impl Iterator<Item = &'static Plugin> {
    PLUGINS.iter().filter(|plugin| plugin.world == "node-types")
}

#[cfg(test)]
mod tests {
    use super::{all, node_types};
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

    /// What a plugin of that world may import.
    fn offered(world: &str) -> &'static [&'static str] {
        match world {
            "node-types" => &[],
            "import-analyzer" => &["kubeorch:host/log@0.1.0", "kubeorch:import-analyzer/source@0.1.0"],
            _ => &["kubeorch:host/log@0.1.0"],
        }
    }

    #[test]
    fn components_export_their_world_and_import_no_more_than_it_offers() {
        assert!(node_types().count() > 0);
        for plugin in all() {
            let (imports, exports) = interface(plugin.component);
            let offered = offered(plugin.world);
            assert!(imports.iter().all(|it| offered.contains(&it.as_str())), "{}: {imports:?}", plugin.name);
            let interface = if plugin.world == "import-analyzer" { "analyzer" } else { plugin.world };
            assert_eq!(exports, [format!("kubeorch:{}/{interface}@0.1.0", plugin.world)], "{}", plugin.name);
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
    /// types with a time-zone aware cron check are 630 KiB, 52 a type; 73 made from data are 502 KiB, a fifth of it data.
    /// The others are 172 to 269 KiB. JSON is most of the small ones and an eighth of the large: it is compiled for speed.
    #[test]
    fn components_stay_small() {
        for plugin in all() {
            let kibibytes = plugin.component.len() / 1024;
            let most = match plugin.name {
                "kubernetes" => 656,
                "crd-catalog" => 528,
                _ => 288,
            };
            assert!(kibibytes <= most, "{} has {kibibytes} KiB", plugin.name);
        }
    }
}
