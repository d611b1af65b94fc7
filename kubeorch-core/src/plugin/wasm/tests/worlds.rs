//! Which world a component is of, and what it may import there.

use serde_json::{Value, json};

use super::world::Part;
use crate::plugin::World;

#[tokio::test]
async fn every_published_world_loads_and_is_recognised() {
    for world in World::ALL {
        let plugin = Part::of(world).load().await.unwrap();
        assert_eq!((plugin.world(), plugin.info().id.as_str()), (world, "part"));
        let brings = (plugin.steps().len(), plugin.analyzer().is_some(), plugin.fixes().is_some());
        let expected =
            (usize::from(world == World::Step), world == World::ImportAnalyzer, world == World::FixTemplate);
        assert_eq!(brings, expected, "{world}");
        assert!(plugin.manifest().is_none());
    }
}

#[tokio::test]
async fn a_component_of_two_worlds_is_refused() {
    let part = Part { worlds: vec![World::Step, World::FixTemplate], ..Part::of(World::Step) };
    let error = part.load().await.map(drop).unwrap_err().to_string();
    let expected = "plugin part.wasm cannot be loaded: it exports kubeorch:step/step@0.1.0 and \
                    kubeorch:fix-template/fix-template@0.1.0, and a plugin is of one world";
    assert_eq!(error, expected);
}

fn manifest(world: World, change: Value) -> Value {
    let mut manifest = json!({
        "manifest": 1, "id": "part", "name": "Part", "version": "1.0.0", "description": "A part.",
        "worlds": {world.package(): "0.1.0"}, "capabilities": ["log", "tree", "effect:http"],
    });
    if let (Some(manifest), Value::Object(change)) = (manifest.as_object_mut(), change) {
        manifest.extend(change);
    }
    manifest
}

#[tokio::test]
async fn a_manifest_gives_what_it_asks_for() {
    for world in [World::Step, World::ImportAnalyzer, World::FixTemplate] {
        let part = Part { manifest: Some(manifest(world, json!({}))), ..Part::of(world) };
        let plugin = part.load().await.unwrap();
        assert_eq!(plugin.manifest().unwrap().id, "part");
    }
}

#[tokio::test]
async fn a_manifest_withholds_what_it_does_not_ask_for() {
    let (step, analyzer) = (World::Step, World::ImportAnalyzer);
    for (world, change, expected) in [
        (
            step,
            json!({"capabilities": ["effect:http"]}),
            "it imports kubeorch:host/log@0.1.0#write, and its manifest does not ask for log",
        ),
        (
            step,
            json!({"capabilities": ["log"]}),
            "step part-step wants effect:http, which the manifest does not ask for",
        ),
        (
            analyzer,
            json!({"capabilities": ["log"]}),
            "it imports kubeorch:import-analyzer/source@0.1.0#tree, \
             kubeorch:import-analyzer/source@0.1.0#[method]tree.entries, \
             kubeorch:import-analyzer/source@0.1.0#[method]tree.read, and its manifest does not ask for tree",
        ),
        (
            step,
            json!({"worlds": {"kubeorch:fix-template": "0.1.0"}}),
            "it exports kubeorch:step/step@0.1.0, which its manifest does not name",
        ),
        (step, json!({"id": 7}), "its manifest is wrong: id: "),
    ] {
        let part = Part { manifest: Some(manifest(world, change)), ..Part::of(world) };
        let error = part.load().await.map(drop).unwrap_err().to_string();
        let expected = format!("plugin part.wasm cannot be loaded: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn catalogs_that_break_the_rules() {
    for (world, change, expected) in [
        (World::Step, json!({"steps": [{"name": "two words", "parameters": {}}]}), "\"two words\": name"),
        (World::Step, json!({"steps": [{"name": "a"}]}), "\"a\": parameters is not a JSON Schema object"),
        (
            World::Step,
            json!({"steps": [{"name": "a", "parameters": {}, "exec": ["x", "x"]}]}),
            "\"a\": exit \"x\" is there twice",
        ),
        (
            World::Step,
            json!({"steps": [{"name": "a", "parameters": {},
                "inputs": [{"name": "n", "type": "integer", "default": "x"}]}]}),
            "\"a\": the default of input \"n\" is not of its type",
        ),
        (World::ImportAnalyzer, json!({"files": ["?".repeat(200)]}), "\"????"),
        (
            World::FixTemplate,
            json!({"findings": [{"code": "", "title": "", "severity": "error"}]}),
            "a finding's code \"\" is not a name",
        ),
        (
            World::FixTemplate,
            json!({"wants": ["everything"]}),
            "its answer breaks the contract: unknown variant",
        ),
    ] {
        let mut part = Part::of(world);
        if let (Some(catalog), Value::Object(change)) = (part.catalog.as_object_mut(), change) {
            catalog.extend(change);
        }
        let error = part.load().await.map(drop).unwrap_err().to_string();
        let expected = format!("plugin part.wasm cannot be loaded: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}
