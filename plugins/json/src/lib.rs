//! Steps that read, merge and make JSON.
//!
//! Every step is one module that knows no other. To remove one, delete its file, its `mod` line and its line in the list.

mod get;
mod merge;
mod template;

use kubeorch_plugin_sdk::{
    PluginInfo, export_plugin,
    step::{Collection, Step},
    steps,
};

/// This plugin.
#[derive(Debug)]
pub struct Json;

impl Collection for Json {
    const PLUGIN: PluginInfo = PluginInfo {
        id: "json",
        name: "JSON",
        version: env!("CARGO_PKG_VERSION"),
        description: "Reads, merges and makes JSON.",
    };

    const STEPS: &'static [&'static dyn Step] = steps![get::Get, merge::Merge, template::Template];
}

export_plugin!(step: Json);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kubeorch_plugin_sdk::testing;

    #[test]
    fn cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        match testing::steps::<super::Json>(&folder) {
            Ok(count) => assert!(count > 0),
            Err(differences) => panic!("{differences}"),
        }
    }
}
