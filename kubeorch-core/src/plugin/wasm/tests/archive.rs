//! Plugins that were finished long ago: whoever has one is not asked to build it anew.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::json;

use crate::plugin::step::{Request, Response};
use crate::plugin::wasm::{Limits, Registry};
use crate::plugin::{Analyzers, Fixes, NodeInput, NodeTypes, RenderRequest, Steps, World};

/// A folder for each version of the SDK that was released.
fn versions() -> Vec<PathBuf> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/archive");
    let entries = fs::read_dir(archive).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn unpacked(file: &Path) -> Vec<u8> {
    let packed = fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn every_archived_plugin_loads_and_answers() {
    let versions = versions();
    assert!(!versions.is_empty());
    for version in versions {
        let mut builder = Registry::builder().limits(Limits::default());
        for world in World::ALL {
            let file = version.join(format!("{world}.wasm.gz"));
            builder = builder.plugin(file.display().to_string(), unpacked(&file));
        }
        let registry = builder.try_build().await.unwrap();
        assert_eq!(Analyzers::list(&registry)[0].plugin.id, "procfile");
        assert_eq!(Fixes::list(&registry)[0].plugin.id, "service-selector");

        let data = json!({"name": "shop"}).as_object().unwrap().clone();
        let node = NodeInput { id: "n".into(), kind: "namespace".into(), data };
        let rendered = registry.render(&RenderRequest { node, links: Vec::new() }).await.unwrap();
        assert_eq!(rendered.objects[0].object.name(), "shop");

        let parameters = json!({"pointer": "/a"}).as_object().unwrap().clone();
        let inputs = json!({"value": {"a": 7}}).as_object().unwrap().clone();
        let request = Request { step: "json-get".into(), parameters, inputs, resume: None };
        let Response::Done { outputs, exit } = Steps::run(&registry, &request).await.unwrap() else {
            panic!("it does not end")
        };
        assert_eq!((outputs["value"].as_i64(), exit.as_deref()), (Some(7), Some("found")));
    }
}
