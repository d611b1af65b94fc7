//! `plugin run`: one node through one plugin.

use kubeorch_core::plugin::{NodeInput, NodeTypes, Registry, RenderRequest, Rendered};
use serde_json::{Map, Value, json};

use super::{component, host};
use crate::cli::args::{self, DocumentFormat};
use crate::cli::exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, Source};
use crate::cli::output::{Format, Terminal, document};

/// The id of a node that has none.
const ID: &str = "node";

/// Renders a node without neighbours and prints its objects.
pub(super) async fn run(args: &args::Run, terminal: &mut Terminal) -> Outcome {
    let node = node(&Source::new(&args.node))?;
    let name = args.file.display().to_string();
    let registry = Registry::builder().host(host()?).plugin(&name, component(&args.file)?);
    let registry = registry.try_build().await.map_err(kubeorch_core::Error::from)?;
    let request = RenderRequest { node, links: Vec::new() };
    let rendered = registry.render(&request).await.map_err(kubeorch_core::Error::from)?;
    terminal.data(&text(args.output, &rendered))?;
    for note in &rendered.notes {
        terminal.note(note);
    }
    for finding in &rendered.findings {
        terminal.finding(finding);
    }
    let errors = rendered.findings.iter().any(kubeorch_core::error::Finding::is_error);
    Ok(if errors { exit::INVALID } else { exit::OK })
}

fn node(source: &Source) -> Result<NodeInput, Failure> {
    let wrong = |what: String| {
        let hint = "Write an object with `type` and `data`, for instance {type: team-quota, data: {pods: 3}}";
        Failure::usage(format!("{source} is no node: {what}")).hint(hint)
    };
    let value = file::parse(&file::read(source)?).map_err(|finding| wrong(finding.message))?;
    let mut value: Map<String, Value> = match value {
        Value::Object(members) => members,
        _ => return Err(wrong("it is not an object".into())),
    };
    value.entry("id").or_insert_with(|| ID.into());
    value.entry("data").or_insert_with(|| json!({}));
    serde_json::from_value(Value::Object(value)).map_err(|error| wrong(error.to_string()))
}

fn text(format: DocumentFormat, rendered: &Rendered) -> String {
    let objects = rendered.objects.iter().map(|out| &out.object);
    match format {
        DocumentFormat::Json => document(Format::Json, &objects.collect::<Vec<_>>()).unwrap_or_default(),
        DocumentFormat::Yaml => {
            objects.filter_map(|object| document(Format::Yaml, object)).collect::<Vec<_>>().join("---\n")
        }
    }
}
