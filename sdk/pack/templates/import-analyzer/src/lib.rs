//! KubeOrch template: an import analyzer that draws a list of images.

use kubeorch_plugin_sdk::{
    Failure, PluginInfo,
    analyzer::{
        Analysis, AnalyzeRequest, Analyzer, Catalog, DetectRequest, Detected, Finding, NodeDraft, Origin,
        Place, Tree,
    },
    check, export_plugin,
};

/// This plugin.
#[derive(Debug)]
pub struct Plugin;

/// What its places are.
const KIND: &str = env!("CARGO_PKG_NAME");
/// The file that it reads, one line `name image` for each workload.
const FILE: &str = "images.txt";
/// Where that file may be.
const ANYWHERE: &str = "**/images.txt";
/// Bytes that are read; a real one has a few lines.
const MOST_BYTES: usize = 64 * 1024;

impl Analyzer for Plugin {
    fn catalog() -> Catalog {
        let plugin = PluginInfo {
            id: env!("CARGO_PKG_NAME"),
            name: "KubeOrch template",
            version: env!("CARGO_PKG_VERSION"),
            description: env!("CARGO_PKG_DESCRIPTION"),
        };
        Catalog { plugin: plugin.into(), files: vec![ANYWHERE.to_owned()] }
    }

    fn detect(tree: &Tree<'_>, _: &DetectRequest) -> Result<Detected, Failure> {
        let files = tree.files(ANYWHERE)?;
        let places = files.iter().map(|file| Place::of(&file.path, KIND, 80, "a list of images"));
        Ok(Detected { places: places.collect() })
    }

    fn analyze(tree: &Tree<'_>, request: &AnalyzeRequest) -> Result<Analysis, Failure> {
        if request.place.kind != KIND {
            let message = format!("{:?} is not a place of this analyzer", request.place.kind);
            return Err(Failure::new("place.unknown", message));
        }
        let path = request.place.path(FILE);
        Ok(draw(&path, &tree.text(&path, MOST_BYTES)?))
    }
}

export_plugin!(analyzer: Plugin);

/// A deployment for each line; what is no such line is told, and the others are drawn.
fn draw(path: &str, text: &str) -> Analysis {
    let mut analysis = Analysis::default();
    for (line, number) in text.lines().zip(1..) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let origin = Origin::line(path, number);
        match words[..] {
            [] => {}
            [name, image] if is_free(name, &analysis) => {
                let draft = NodeDraft::new(name, "deployment", origin).data("name", name);
                analysis.nodes.push(draft.data("image", image).data("replicas", 1).confidence(90));
            }
            _ => analysis.findings.push(
                Finding::warning(
                    concat!(env!("CARGO_PKG_NAME"), ".line_invalid"),
                    "the line is not `name image`, or its name is taken",
                    "use lower-case letters, digits and hyphens, and each name once",
                )
                .at(origin),
            ),
        }
    }
    analysis
}

fn is_free(name: &str, analysis: &Analysis) -> bool {
    check::dns_label(name).is_ok() && analysis.nodes.iter().all(|node| node.key != name)
}

#[cfg(test)]
mod tests {
    use super::draw;

    /// `cargo test` runs the code as a program of this machine; `kubeorch plugin test` runs the component.
    #[test]
    fn a_name_is_drawn_once() {
        let analysis = draw("images.txt", "web nginx:1.27\n\nweb nginx:1.28\nWeb nginx\n");
        assert_eq!((analysis.nodes.len(), analysis.findings.len()), (1, 2));
    }
}
