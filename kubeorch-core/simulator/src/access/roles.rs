//! The cluster roles every cluster has and clients rely on.

use serde_json::{Value, json};

use crate::core::{Core, Ownership, Writer};

/// Makes the roles for people and the bindings that let everybody discover the API.
pub(crate) fn seed(core: &mut Core) {
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let everything = json!([
        { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
        { "nonResourceURLs": ["*"], "verbs": ["*"] },
    ]);
    let rights = json!({
        "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"], "verbs": write,
    });
    let (view, mut edit) = (content(false, &read), content(true, &write));
    role(core, "cluster-admin", &everything);
    role(core, "view", &view);
    role(core, "edit", &edit);
    if let Some(rules) = edit.as_array_mut() {
        rules.push(rights);
    }
    role(core, "admin", &edit);
    role(
        core,
        "system:basic-user",
        &json!([
            { "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"] },
            { "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"] },
        ]),
    );
    let urls = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    role(core, "system:discovery", &json!([{ "nonResourceURLs": urls, "verbs": ["get"] }]));
    bind(core, "cluster-admin", super::MASTERS);
    bind(core, "system:basic-user", super::AUTHENTICATED);
    bind(core, "system:discovery", super::AUTHENTICATED);
}

/// Rules over what lives in namespaces; secrets and commands in containers only for those who may write.
fn content(secrets: bool, verbs: &[&str]) -> Value {
    let mut core = vec![
        "configmaps",
        "endpoints",
        "events",
        "persistentvolumeclaims",
        "pods",
        "pods/log",
        "pods/status",
        "replicationcontrollers",
        "replicationcontrollers/scale",
        "serviceaccounts",
        "services",
    ];
    if secrets {
        core.extend([
            "secrets",
            "pods/attach",
            "pods/eviction",
            "pods/exec",
            "pods/portforward",
            "serviceaccounts/token",
        ]);
    }
    json!([
        { "apiGroups": [""], "resources": core, "verbs": verbs },
        { "apiGroups": [""], "resources": ["limitranges", "namespaces", "resourcequotas"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": ["apps", "autoscaling", "batch", "networking.k8s.io", "policy"], "resources": ["*"], "verbs": verbs },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": ["get", "list", "watch"] },
    ])
}

fn role(core: &mut Core, name: &str, rules: &Value) {
    make(
        core,
        "clusterroles.rbac.authorization.k8s.io",
        json!({ "metadata": { "name": name }, "rules": rules }),
    );
}

fn bind(core: &mut Core, role: &str, group: &str) {
    let binding = json!({
        "metadata": { "name": role },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group }],
    });
    make(core, "clusterrolebindings.rbac.authorization.k8s.io", binding);
}

fn make(core: &mut Core, id: &str, mut object: Value) {
    crate::value::put(
        &mut object,
        &["metadata", "labels"],
        json!({ "kubernetes.io/bootstrapping": "rbac-defaults" }),
    );
    let resource = core.resource(id);
    let writer = Writer::controller("kube-apiserver");
    if let Err(error) = core.create(&resource, object, &writer, Ownership::Tracked) {
        tracing::warn!(id, %error, "cluster starts without an object");
    }
}
