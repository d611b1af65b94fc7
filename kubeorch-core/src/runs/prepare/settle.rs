//! Objects that several nodes make.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::made::Made;
use crate::error::Finding;
use crate::manifest::Object;

/// Kind without version, namespace and name: two versions of one kind are the same object.
type Place<'o> = (&'o str, &'o str, Option<&'o str>, &'o str);

/// Which objects are left out, and which collide.
#[derive(Default)]
pub(super) struct Settled {
    /// Per node, which of its objects are kept; a node that is not here keeps all.
    kept: HashMap<usize, Vec<bool>>,
    pub(super) findings: Vec<Finding>,
}

impl Settled {
    /// Leaves out optional objects that another node makes, and names objects that two nodes make.
    pub(super) fn new(made: &[Arc<Made>], id: impl Fn(usize) -> String) -> Self {
        let mut makers: HashMap<Place<'_>, Vec<(usize, bool)>> = HashMap::with_capacity(made.len());
        for (at, node) in made.iter().enumerate() {
            for (object, optional) in node.objects.iter().zip(&node.optional) {
                makers.entry(place(object)).or_default().push((at, *optional));
            }
        }
        let mut settled = Self::default();
        for (at, node) in made.iter().enumerate() {
            let mut kept = Vec::with_capacity(node.objects.len());
            for (object, optional) in node.objects.iter().zip(&node.optional) {
                let all = &makers[&place(object)];
                let firm = all.iter().any(|(_, optional)| !optional);
                let first = all.first().is_some_and(|(maker, _)| *maker == at);
                kept.push(!optional || (!firm && first));
                let other = all.iter().find(|(maker, optional)| *maker != at && !optional);
                if let Some((other, _)) = other.filter(|_| kept.last() == Some(&true)) {
                    settled.findings.push(
                        Finding::error(
                            "graph.duplicate_object",
                            format!("{} is also made by node {}", object.key(), id(*other)),
                        )
                        .on_node(id(at))
                        .at("name")
                        .hint("Give one of the two another name or namespace."),
                    );
                }
            }
            if kept.contains(&false) {
                settled.kept.insert(at, kept);
            }
        }
        settled
    }

    /// Whether the same is left out and collides when these are made anew: each as it was and as it is. The text of a
    /// collision names the version too.
    pub(super) fn holds<'m>(mut changed: impl Iterator<Item = (&'m Made, &'m Made)>) -> bool {
        let same = |old: &Object, new: &Object| place(old) == place(new) && version(old) == version(new);
        changed.all(|(old, new)| {
            old.optional == new.optional
                && old.objects.iter().zip(new.objects.iter()).all(|(old, new)| same(old, new))
        })
    }

    /// The objects of a node that are applied.
    pub(super) fn objects(&self, at: usize, made: &Made) -> Arc<[Object]> {
        match self.kept.get(&at) {
            None => Arc::clone(&made.objects),
            Some(kept) => {
                let kept = made.objects.iter().zip(kept).filter(|(_, kept)| **kept);
                kept.map(|(object, _)| object.clone()).collect()
            }
        }
    }
}

fn place(object: &Object) -> Place<'_> {
    let group = version(object).split_once('/').map_or("", |(group, _)| group);
    let kind = object.as_map().get("kind").and_then(Value::as_str).unwrap_or_default();
    (group, kind, object.namespace(), object.name())
}

fn version(object: &Object) -> &str {
    object.as_map().get("apiVersion").and_then(Value::as_str).unwrap_or_default()
}
