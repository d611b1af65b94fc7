//! Every record type of the engine.

use crate::store::Schema;
use crate::{clusters, plugins, projects, runs, settings, users, versions, workflows};

/// What the store of an engine holds: for verifying, rewriting, exporting and importing it, with or without a running
/// engine.
pub fn schema() -> Schema {
    [
        settings::records,
        projects::records,
        users::records,
        versions::records,
        clusters::records,
        workflows::records,
        runs::records,
        plugins::records,
    ]
    .into_iter()
    .fold(Schema::default(), |schema, records| records(schema))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::schema;

    /// The names of the tables of all `impl Record for`, as the sources say.
    fn tables(folder: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "tests") {
                    tables(&path, out);
                }
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for (at, _) in code.iter().enumerate().filter(|(_, line)| line.contains("impl Record for")) {
                let table = code[at..]
                    .iter()
                    .find_map(|line| line.trim().strip_prefix("const TABLE: Table = Table(\""));
                out.push(table.expect("its table").split('"').next().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn no_record_type_is_missing() {
        let mut written = Vec::new();
        tables(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
        assert!(written.len() > 10, "the sources look different: {written:?}");
        let known: Vec<_> = schema().tables().into_iter().map(|table| table.0).collect();
        let missing: Vec<_> = written.iter().filter(|table| !known.contains(&table.as_str())).collect();
        assert!(missing.is_empty(), "add them to their domain's `records`: {missing:?}");
    }
}
