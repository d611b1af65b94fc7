//! The templates' golden cases, answered by their code as a program of this machine.

use kubeorch_plugin_pack::{
    World,
    scaffold::{Project, Sdk, create},
};
use kubeorch_plugin_sdk::testing;

use crate::{fix_template, import_analyzer, node_types, step};

#[test]
fn a_new_project_begins_green() {
    // Compiled here, what a template brings bears the name of this package.
    let name = env!("CARGO_PKG_NAME").to_owned();
    for world in World::ALL.iter().copied() {
        let place = tempfile::tempdir().unwrap();
        let (folder, sdk) = (place.path().to_owned(), Sdk::published());
        create(&Project { name: name.clone(), world, folder, sdk }).unwrap();
        let cases = place.path().join("cases");
        let count = match world {
            World::NodeTypes => testing::node_types::<node_types::Plugin>(&cases),
            World::Step => testing::steps::<step::Plugin>(&cases),
            World::ImportAnalyzer => testing::analyzer::<import_analyzer::Plugin>(&cases),
            World::FixTemplate => testing::fixes::<fix_template::Plugin>(&cases),
            _ => Err("nobody answers its cases".to_owned()),
        };
        assert!(count.unwrap_or_else(|difference| panic!("{world}: {difference}")) > 0, "{world}");
    }
}
