//! Answers for programs.

use serde::Serialize;

/// The form of a command's answer on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// A value as a document that ends with a line break; `None` for the table.
pub(crate) fn document(format: Format, value: &impl Serialize) -> Option<String> {
    let text = match format {
        Format::Table => return None,
        Format::Json => serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string()),
        Format::Yaml => serde_saphyr::to_string(value).unwrap_or_else(|error| error.to_string()),
    };
    Some(format!("{}\n", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_end_with_one_line_break_and_read_back() {
        let value = serde_json::json!({"a": 1, "b": ["x", "yes", "01", "a: b"], "c": null});
        for format in [Format::Json, Format::Yaml] {
            let text = document(format, &value).unwrap();
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
            let back: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(back, value, "{text}");
        }
        assert_eq!(document(Format::Table, &value), None);
    }
}
