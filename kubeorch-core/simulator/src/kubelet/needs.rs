//! What a pod needs from other objects before it can run.

use serde_json::Value;

use crate::core::Core;
use crate::value::{flag, list, map, text};

/// Why a volume can't be mounted yet, in the kubelet's words.
pub(super) fn unmounted(core: &Core, space: &str, pod: &Value) -> Option<String> {
    list(pod, "/spec/volumes").iter().find_map(|volume| {
        let name = text(volume, "/name");
        let missing = |kind: &str, id: &str, wanted: &str, optional: bool| {
            let gone = !wanted.is_empty() && !optional && core.get(id, space, wanted).is_none();
            gone.then(|| {
                format!("MountVolume.SetUp failed for volume \"{name}\" : {kind} \"{wanted}\" not found")
            })
        };
        let source = |source: &Value| {
            missing(
                "configmap",
                "configmaps",
                text(source, "/configMap/name"),
                flag(source, "/configMap/optional"),
            )
            .or_else(|| {
                let wanted = text(source, "/secret/secretName");
                let wanted = if wanted.is_empty() { text(source, "/secret/name") } else { wanted };
                missing("secret", "secrets", wanted, flag(source, "/secret/optional"))
            })
        };
        source(volume).or_else(|| list(volume, "/projected/sources").iter().find_map(source))
    })
}

/// Why a container's environment can't be made, in the kubelet's words.
pub(super) fn unconfigured(core: &Core, space: &str, container: &Value) -> Option<String> {
    let whole = list(container, "/envFrom").iter().find_map(|source| {
        [("configmap", "configmaps", "configMapRef"), ("secret", "secrets", "secretRef")].iter().find_map(
            |(kind, id, part)| {
                let wanted = text(source, &format!("/{part}/name"));
                let optional = flag(source, &format!("/{part}/optional"));
                let gone = !wanted.is_empty() && !optional && core.get(id, space, wanted).is_none();
                gone.then(|| format!("{kind} \"{wanted}\" not found"))
            },
        )
    });
    whole.or_else(|| {
        list(container, "/env").iter().find_map(|env| {
            key(core, space, env, "configmap", "configmaps", "configMapKeyRef", "ConfigMap")
                .or_else(|| key(core, space, env, "secret", "secrets", "secretKeyRef", "Secret"))
        })
    })
}

fn key(
    core: &Core,
    space: &str,
    env: &Value,
    kind: &str,
    id: &str,
    part: &str,
    title: &str,
) -> Option<String> {
    let reference = env.pointer(&format!("/valueFrom/{part}"))?;
    if flag(reference, "/optional") {
        return None;
    }
    let (wanted, key) = (text(reference, "/name"), text(reference, "/key"));
    let Some(found) = core.get(id, space, wanted) else {
        return Some(format!("{kind} \"{wanted}\" not found"));
    };
    let has = ["/data", "/binaryData"]
        .iter()
        .any(|part| map(&found, part).is_some_and(|data| data.contains_key(key)));
    (!has).then(|| format!("couldn't find key {key} in {title} {space}/{wanted}"))
}
