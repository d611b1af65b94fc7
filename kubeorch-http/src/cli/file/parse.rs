//! Text to a value: JSON when it starts like JSON, else YAML within a budget.

use kubeorch_core::error::Finding;
use serde_json::Value;

/// Containers inside containers; graphs need about ten.
const MAX_DEPTH: usize = 64;
/// Maps, lists and scalars of one file: a graph of 10,000 nodes has about 300,000.
const MAX_VALUES: usize = 1_000_000;
/// Uses of anchors.
const MAX_ALIASES: usize = 10_000;
/// Values that come from uses of anchors, so that a few lines cannot become gigabytes.
const MAX_REPLAYED: usize = 100_000;

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Value, Box<Finding>> {
    if text.trim().is_empty() {
        let finding = Finding::error("file.empty", "there is nothing in it");
        return Err(Box::new(finding.hint("A workflow file has at least `name` and `nodes`.")));
    }
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    // A flow mapping of YAML may start with a brace as well, so JSON's verdict alone is not the answer.
    yaml(text)
}

fn yaml(text: &str) -> Result<Value, Box<Finding>> {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_nodes: MAX_VALUES,
        max_events: 2 * MAX_VALUES,
        max_aliases: MAX_ALIASES,
        max_documents: 1,
    };
    let mut options = serde_saphyr::options! {
        budget: budget,
        strict_booleans: true,
        with_snippet: false,
    };
    options.alias_limits.max_total_replayed_events = MAX_REPLAYED;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
        let finding = Finding::error("file.syntax", text);
        Box::new(finding.hint("A workflow file is one YAML 1.2 or JSON document."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_and_json_give_the_same_value() {
        for text in [
            "a: 1\nb: [x, 'yes', yes]\n",
            r#"{"a": 1, "b": ["x", "yes", "yes"]}"#,
            "{a: 1, b: [x, \"yes\", yes]}",
            "# comment\n---\na: 1\nb:\n- x\n- \"yes\"\n- yes\n",
        ] {
            assert_eq!(parse(text).unwrap(), json!({"a": 1, "b": ["x", "yes", "yes"]}), "{text}");
        }
    }

    #[test]
    fn bad_text_is_one_finding_that_says_where() {
        let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned())
            .chain((1..12).map(|n| {
                let item = format!("*a{}", n - 1);
                format!("a{n}: &a{n} [{}]\n", vec![item; 9].join(", "))
            }))
            .collect();
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        for (text, code, part) in [
            ("", "file.empty", "nothing"),
            (" \n\t\n", "file.empty", "nothing"),
            ("a: [1\nb: 2\n", "file.syntax", "line"),
            ("a: 1\na: 2\n", "file.syntax", "line 2"),
            ("{\"a\": 1,, }", "file.syntax", "line 1"),
            ("a: 1\n---\nb: 2\n", "file.syntax", ""),
            (&bomb, "file.syntax", ""),
            (&deep, "file.syntax", ""),
        ] {
            let finding = parse(text).unwrap_err();
            assert_eq!(finding.code, code, "{finding}");
            assert!(finding.message.contains(part), "{finding}");
        }
    }
}
