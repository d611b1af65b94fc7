//! Metadata and labels by KubeOrch's conventions: `app: <name>`, `managed-by: kubeorch`, then the user's own.

use super::Tree;
use crate::{Reader, check, reader::code};

/// The value of the label `managed-by`.
pub const MANAGED_BY: &str = "kubeorch";

/// Name, namespace and labels of an object.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The label `version`, on workloads.
    pub version: Option<String>,
    /// The user's labels, checked.
    pub labels: Vec<(String, String)>,
}

impl Meta {
    /// Reads name, namespace and `labels`.
    pub fn read(reader: &Reader<'_>, name: check::Check) -> Self {
        Self {
            name: reader.name(name),
            namespace: reader.namespace(),
            version: None,
            labels: custom_labels(reader, reader.name(|_| Ok(())).as_str()),
        }
    }

    /// Adds the label `version`: the user's label of that name, else `data.version`, else `v1`.
    #[must_use]
    pub fn versioned(mut self, reader: &Reader<'_>) -> Self {
        let own = self.labels.iter().position(|(key, _)| key == "version").map(|at| self.labels.remove(at).1);
        let field = || reader.checked("version", check::label_value).unwrap_or("v1").to_owned();
        self.version = Some(own.unwrap_or_else(field));
        self
    }

    /// The labels that select the pods: `app` alone, so that changing any other label never changes a selector.
    pub fn selector(&self) -> Tree {
        Tree::new().set("app", label_text(&self.name))
    }

    /// All labels of the object.
    pub fn object_labels(&self) -> Tree {
        self.finish(self.selector().set("managed-by", MANAGED_BY))
    }

    /// All labels of the pods.
    pub fn pod_labels(&self) -> Tree {
        self.finish(self.selector())
    }

    /// `metadata` of the object.
    pub fn metadata(&self) -> Tree {
        Tree::new()
            .set("name", self.name.as_str())
            .set("namespace", self.namespace.as_str())
            .set("labels", self.object_labels())
    }

    fn finish(&self, labels: Tree) -> Tree {
        let labels = labels.set_some("version", self.version.as_deref());
        self.labels.iter().fold(labels, |labels, (key, value)| labels.set(key, value.as_str()))
    }
}

/// The member `labels`, checked. The labels by which KubeOrch finds its objects cannot be taken.
pub fn custom_labels(reader: &Reader<'_>, name: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    for (key, value) in reader.map("labels") {
        let field = reader.field(&format!("labels.{key}"));
        let reserved = match key {
            "app" => Some(label_text(name)),
            "managed-by" => Some(MANAGED_BY),
            _ if key.starts_with("kubeorch.io/") => Some(""),
            _ => None,
        };
        if let Some(ours) = reserved {
            if ours != value {
                let message = format!("the label {key} is reserved");
                reader.findings().error("label_reserved", field, message, "use another key");
            }
            continue;
        }
        let bad = check::label_key(key).err().map(|why| (key, why));
        match bad.or_else(|| check::label_value(&value).err().map(|why| (value.as_str(), why))) {
            None => labels.push((key.to_owned(), value)),
            Some((text, why)) => {
                reader.findings().error(
                    "label_invalid",
                    field,
                    format!("{text:?} {}", why.problem),
                    why.hint,
                );
            }
        }
    }
    labels
}

/// A member that holds labels to select by, keys and values checked.
pub fn label_map(reader: &Reader<'_>, key: &str) -> Tree {
    let good = reader.map(key).into_iter().filter(|(label, value)| {
        let bad = check::label_key(label).err().or_else(|| check::label_value(value).err());
        if let Some(why) = &bad {
            let field = reader.field(&format!("{key}.{label}"));
            let message = format!("{key} {label}={value} {}", why.problem);
            reader.findings().error(&code(key, "invalid"), field, message, why.hint);
        }
        bad.is_none()
    });
    good.collect()
}

/// The member `annotations`, keys checked. Values may be any text, up to 256 KiB together.
pub fn annotations(reader: &Reader<'_>) -> Tree {
    const MOST: usize = 256 * 1024;
    let all = reader.map("annotations");
    if all.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MOST {
        reader.error(
            "annotations",
            "too_large",
            "annotations are larger than 256 KiB",
            "keep large data elsewhere",
        );
    }
    let good = all.into_iter().filter(|(key, _)| match check::label_key(&key.to_ascii_lowercase()) {
        Ok(()) => true,
        Err(why) => {
            let field = reader.field(&format!("annotations.{key}"));
            reader.findings().error(
                "annotation_invalid",
                field,
                format!("{key:?} {}", why.problem),
                why.hint,
            );
            false
        }
    });
    good.collect()
}

/// A name as the value of a label, which holds 63 characters at most.
pub fn label_text(name: &str) -> &str {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].trim_end_matches(['-', '.', '_'])
}
