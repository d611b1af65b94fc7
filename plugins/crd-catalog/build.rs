//! Reads the entries, stops at one that does not fit, and writes them compactly for the component, which parses only the
//! one that it is asked about: every call runs in a fresh instance.

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, path::Path};

#[path = "src/model.rs"]
mod model;

use model::Entry;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("entries");
    #[allow(clippy::print_stdout, reason = "how a build script talks to Cargo")]
    {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let mut paths: Vec<_> =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let (mut table, mut owners) = ("&[\n".to_owned(), BTreeMap::new());
    for path in paths {
        let entry: Entry = serde_saphyr::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if path.file_stem().is_none_or(|stem| stem != entry.id.as_str()) {
            return Err(format!("{}: its id is {}", path.display(), entry.id).into());
        }
        for node_type in &entry.node_types {
            if let Some(other) = owners.insert(node_type.name.clone(), entry.id.clone()) {
                return Err(format!("{} has the node type {} of {other}", entry.id, node_type.name).into());
            }
        }
        let names: Vec<&str> = entry.node_types.iter().map(|node_type| node_type.name.as_str()).collect();
        writeln!(table, "    Source {{ names: &{names:?}, json: {:?} }},", serde_json::to_string(&entry)?)?;
    }
    table += "]\n";
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("sources.rs"), table)?)
}
