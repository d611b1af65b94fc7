//! Draws what a Procfile would deploy.
//!
//! `web` becomes a deployment with a service before it, `release` a job, every other process a deployment without a port.
//! Which image they run the Procfile does not say; that is a finding, not a guess.

mod draw;
mod parse;

use kubeorch_plugin_sdk::{
    Failure, PluginInfo,
    analyzer::{Analysis, AnalyzeRequest, Analyzer, Catalog, DetectRequest, Detected, Place, Tree},
    export_plugin,
};

/// This plugin.
#[derive(Debug)]
pub struct Procfile;

/// What the places of this analyzer are.
const KIND: &str = "procfile";
/// Bytes that are read; a real one has a few lines.
const MOST_BYTES: usize = 64 * 1024;

impl Analyzer for Procfile {
    fn catalog() -> Catalog {
        let plugin = PluginInfo {
            id: KIND,
            name: "Procfile",
            version: env!("CARGO_PKG_VERSION"),
            description: "Draws the processes of a Procfile as workloads.",
        };
        Catalog { plugin: plugin.into(), files: vec!["**/Procfile".to_owned()] }
    }

    fn detect(tree: &Tree<'_>, _: &DetectRequest) -> Result<Detected, Failure> {
        let mut places = Vec::new();
        for file in tree.files("**/Procfile")? {
            let processes = parse::parse(&tree.text(&file.path, MOST_BYTES)?).processes;
            // The name alone is strong; a file of that name without a process is something else.
            let (confidence, reason) = match processes.len() {
                0 => (10, "a Procfile without a process".to_owned()),
                1 => (90, "a Procfile with 1 process".to_owned()),
                count => (90, format!("a Procfile with {count} processes")),
            };
            places.push(Place::of(&file.path, KIND, confidence, reason));
        }
        Ok(Detected { places })
    }

    fn analyze(tree: &Tree<'_>, request: &AnalyzeRequest) -> Result<Analysis, Failure> {
        if request.place.kind != KIND {
            let message = format!("{:?} is not a place of this analyzer", request.place.kind);
            return Err(Failure::new("place.unknown", message));
        }
        let path = request.place.path("Procfile");
        let text = tree.text(&path, MOST_BYTES)?;
        let dockerfile = !tree.files(&request.place.path("Dockerfile"))?.is_empty();
        Ok(draw::draw(&path, &parse::parse(&text), request, dockerfile))
    }
}

export_plugin!(analyzer: Procfile);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kubeorch_plugin_sdk::testing;

    #[test]
    fn cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        match testing::analyzer::<super::Procfile>(&folder) {
            Ok(count) => assert!(count > 0),
            Err(differences) => panic!("{differences}"),
        }
    }
}
