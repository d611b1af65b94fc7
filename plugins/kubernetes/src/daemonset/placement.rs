//! On which nodes of the cluster the pods run, and what they may do there.

use kubeorch_plugin_sdk::{
    Reader,
    check::{self, Rejection},
    kubernetes::{Tree, label_map},
};
use serde_json::Value;

pub(super) const OPERATORS: [&str; 2] = ["Equal", "Exists"];
pub(super) const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Members of the pod's spec.
pub(super) fn pod(reader: &Reader<'_>) -> Tree {
    let tolerations: Vec<Value> =
        reader.items("tolerations").iter().filter_map(toleration).map(Value::from).collect();
    let pod = Tree::new()
        .set_filled("nodeSelector", label_map(reader, "nodeSelector"))
        .set_filled("tolerations", tolerations);
    let pod = if reader.flag("hostNetwork") == Some(true) {
        // Else names of services would not resolve.
        pod.set("hostNetwork", true).set("dnsPolicy", "ClusterFirstWithHostNet")
    } else {
        pod
    };
    if reader.flag("hostPID") == Some(true) { pod.set("hostPID", true) } else { pod }
}

fn toleration(item: &Reader<'_>) -> Option<Tree> {
    let operator = item.choice("operator", &OPERATORS);
    let effect = item.choice("effect", &EFFECTS);
    let key = item.checked("key", check::label_key);
    let value = item.checked("value", check::label_value);
    let seconds = item.integer("tolerationSeconds", 0..=i64::MAX);
    let mut good = true;
    let mut wrong = |key: &str, what: &str, message: &str, hint: &str| {
        item.error(key, what, message, hint);
        good = false;
    };
    if operator == Some("Exists") && value.is_some() {
        wrong(
            "value",
            "unused",
            "a toleration that asks whether a taint exists has no value",
            "clear it, or use Equal",
        );
    }
    // What is there but wrong is reported already.
    if item.get("key").is_none() && operator != Some("Exists") {
        wrong(
            "key",
            "missing",
            "the key of the taint is missing",
            "give the key, or use Exists for every taint",
        );
    }
    if seconds.is_some() && effect != Some("NoExecute") {
        wrong(
            "tolerationSeconds",
            "unused",
            "only NoExecute has a time",
            "clear it, or use the effect NoExecute",
        );
    }
    good.then(|| {
        Tree::new()
            .set_some("key", key)
            .set("operator", operator.unwrap_or("Equal"))
            .set_some("value", value)
            .set_some("effect", effect)
            .set_some("tolerationSeconds", seconds)
    })
}

/// The container's `securityContext`.
pub(super) fn security(reader: &Reader<'_>) -> Tree {
    let Some(inner) = reader.object("securityContext") else { return Tree::new() };
    let added = inner.checked_texts("capabilities", capability);
    let capabilities = Tree::new().set_filled("add", added);
    Tree::new()
        .set_some("privileged", inner.flag("privileged"))
        .set_some("runAsUser", inner.integer("runAsUser", 0..=i64::from(i32::MAX)))
        .set_filled("capabilities", capabilities)
}

fn capability(text: &str) -> Result<(), Rejection> {
    let good = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if good && !text.starts_with("CAP_") {
        return Ok(());
    }
    Err(Rejection { problem: "is not the name of a capability", hint: "write it as NET_ADMIN, without CAP_" })
}
