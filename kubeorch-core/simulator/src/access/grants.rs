//! RBAC: from bindings to rules, from rules to a decision.

use serde_json::{Value, json};

use super::User;
use crate::api::status::Status;
use crate::core::Core;
use crate::value::{list, name, text};

const ROLES: &str = "roles.rbac.authorization.k8s.io";
const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
const CLUSTER_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// What somebody wants to do. Empty strings are what is not said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Attempt<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    /// A path that is no resource; then only the verb counts beside it.
    pub(crate) path: &'a str,
}

/// A rule somebody has, and why.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) rule: Value,
    pub(crate) why: String,
}

impl Attempt<'_> {
    /// Refuses what RBAC does not allow, in the server's words.
    pub(crate) fn check(&self, core: &Core, user: &User) -> Result<(), Status> {
        if user.is_master() || self.allowed(core, user).is_some() {
            return Ok(());
        }
        Err(Status::denied(self.group, self.resource, self.name, &self.refusal(user)))
    }

    /// Why the attempt is allowed, if it is.
    pub(crate) fn allowed(&self, core: &Core, user: &User) -> Option<String> {
        if user.is_master() {
            return Some(String::new());
        }
        grants(core, user, self.namespace)
            .into_iter()
            .find(|grant| self.fits(&grant.rule))
            .map(|grant| grant.why)
    }

    fn refusal(&self, user: &User) -> String {
        let Self { verb, group, resource, subresource, namespace, path, .. } = self;
        let user = &user.name;
        if !path.is_empty() {
            return format!("User \"{user}\" cannot {verb} path \"{path}\"");
        }
        let slash = if subresource.is_empty() { "" } else { "/" };
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        format!(
            "User \"{user}\" cannot {verb} resource \"{resource}{slash}{subresource}\" in API group \"{group}\" {place}"
        )
    }

    fn fits(&self, rule: &Value) -> bool {
        let has = |field: &str, wanted: &str| {
            list(rule, field)
                .iter()
                .any(|one| matches!(one.as_str(), Some(one) if one == "*" || one == wanted))
        };
        if !has("/verbs", self.verb) {
            return false;
        }
        if !self.path.is_empty() {
            return list(rule, "/nonResourceURLs").iter().filter_map(Value::as_str).any(|url| {
                url == self.path || url.strip_suffix('*').is_some_and(|lead| self.path.starts_with(lead))
            });
        }
        let named = list(rule, "/resourceNames");
        has("/apiGroups", self.group)
            && list(rule, "/resources").iter().filter_map(Value::as_str).any(|one| self.is(one))
            && (named.is_empty() || named.iter().any(|one| one == self.name))
    }

    /// Whether an entry of `resources` means what is attempted.
    fn is(&self, entry: &str) -> bool {
        if entry == "*" {
            return true;
        }
        match entry.split_once('/') {
            None => self.subresource.is_empty() && entry == self.resource,
            Some((resource, subresource)) => {
                (resource == "*" || resource == self.resource) && subresource == self.subresource
            }
        }
    }
}

/// All rules a user has in a namespace; with `""` those of the whole cluster.
pub(crate) fn grants(core: &Core, user: &User, namespace: &str) -> Vec<Grant> {
    let mut out = Vec::new();
    if user.is_master() {
        let all = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
        let urls = json!({ "verbs": ["*"], "nonResourceURLs": ["*"] });
        out.extend([all, urls].map(|rule| Grant { rule, why: String::new() }));
    }
    for binding in core.objects.list(CLUSTER_BINDINGS, None) {
        add(core, user, binding, "", &mut out);
    }
    if !namespace.is_empty() {
        for binding in core.objects.list(BINDINGS, Some(namespace)) {
            add(core, user, binding, namespace, &mut out);
        }
    }
    out
}

fn add(core: &Core, user: &User, binding: &Value, namespace: &str, out: &mut Vec<Grant>) {
    let Some(subject) = list(binding, "/subjects").iter().find(|subject| is(subject, user, namespace)) else {
        return;
    };
    let (kind, own) = (text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
    let role = if kind == "ClusterRole" {
        core.objects.get(CLUSTER_ROLES, "", own)
    } else {
        core.objects.get(ROLES, namespace, own)
    };
    let Some(role) = role else { return };
    let at = if namespace.is_empty() {
        name(binding).to_owned()
    } else {
        format!("{}/{namespace}", name(binding))
    };
    let why = format!(
        "RBAC: allowed by {} \"{at}\" of {kind} \"{own}\" to {} \"{}\"",
        text(binding, "/kind"),
        text(subject, "/kind"),
        text(subject, "/name")
    );
    out.extend(list(role, "/rules").iter().map(|rule| Grant { rule: rule.clone(), why: why.clone() }));
}

fn is(subject: &Value, user: &User, namespace: &str) -> bool {
    let own = text(subject, "/name");
    match text(subject, "/kind") {
        "User" => own == user.name,
        "Group" => user.groups.iter().any(|group| group == own),
        "ServiceAccount" => {
            let at = match text(subject, "/namespace") {
                "" => namespace,
                named => named,
            };
            user.name == format!("system:serviceaccount:{at}:{own}")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_fit_as_rbac_says() {
        let rule = |resources: &[&str], names: &[&str]| json!({ "verbs": ["get"], "apiGroups": [""], "resources": resources, "resourceNames": names });
        let get = |resource: &'static str, subresource: &'static str, name: &'static str| Attempt {
            verb: "get",
            resource,
            subresource,
            name,
            ..Attempt::default()
        };
        for (rule, attempt, expected) in [
            (rule(&["pods"], &[]), get("pods", "", "a"), true),
            (rule(&["pods"], &[]), get("pods", "log", "a"), false),
            (rule(&["pods/log"], &[]), get("pods", "log", "a"), true),
            (rule(&["*/log"], &[]), get("pods", "log", "a"), true),
            (rule(&["*"], &[]), get("pods", "log", "a"), true),
            (rule(&["pods"], &["b"]), get("pods", "", "a"), false),
            (rule(&["pods"], &["a"]), get("pods", "", "a"), true),
            (rule(&["pods"], &[]), Attempt { verb: "list", ..get("pods", "", "") }, false),
            (rule(&["pods"], &[]), Attempt { group: "apps", ..get("pods", "", "") }, false),
            (
                json!({ "verbs": ["get"], "nonResourceURLs": ["/api/*"] }),
                Attempt { path: "/api/v1", ..get("", "", "") },
                true,
            ),
            (
                json!({ "verbs": ["get"], "nonResourceURLs": ["/api"] }),
                Attempt { path: "/apis", ..get("", "", "") },
                false,
            ),
        ] {
            assert_eq!(attempt.fits(&rule), expected, "{rule} {attempt:?}");
        }
    }
}
