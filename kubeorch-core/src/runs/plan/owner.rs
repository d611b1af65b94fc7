//! Whose an object is.

use super::planner::Planner;
use crate::kube::Head;
use crate::manifest::Object;
use crate::runs::MANAGER;
use crate::runs::policy::Policy;
use crate::runs::prepare::WORKFLOW_LABEL;

/// What of an object says whose it is.
pub(super) trait Marked {
    /// A label's value.
    fn mark(&self, name: &str) -> Option<&str>;
    /// Whether another object made it and sees to it.
    fn controlled(&self) -> bool;
}

impl Marked for Object {
    fn mark(&self, name: &str) -> Option<&str> {
        self.label(name)
    }

    fn controlled(&self) -> bool {
        let owners = self.pointer("/metadata/ownerReferences").and_then(serde_json::Value::as_array);
        owners.is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == true))
    }
}

impl Marked for Head {
    fn mark(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    fn controlled(&self) -> bool {
        self.controlled
    }
}

/// What may be done with an object that the graph wants.
pub(super) enum Claim {
    /// It is this workflow's.
    Ours,
    /// It becomes this workflow's, with all its fields when somebody asked for it.
    Adopt { from: String, force: bool },
    /// It is left alone.
    Foreign(Foreign),
}

/// Why an object is left alone.
pub(super) struct Foreign {
    pub(super) owner: String,
    /// Whether asking for it would help.
    pub(super) adoptable: bool,
}

impl Planner<'_> {
    /// Free are this workflow's own objects and those that the reference server made (label `managed-by: kubeorch`, no
    /// workflow). Everything else is taken over only when somebody asks: what is taken over is also removed one day.
    pub(super) fn claim(&self, live: &dyn Marked, policy: &Policy) -> Claim {
        let foreign = |owner: String, adoptable| Claim::Foreign(Foreign { owner, adoptable });
        let own = self.workflow.to_string();
        let owner = match live.mark(WORKFLOW_LABEL) {
            Some(id) if id == own => return Claim::Ours,
            // Clusters may be shared; another account's objects are neither taken nor shown, asked or not.
            Some(id) if (self.stranger)(id) => return foreign("another account".to_owned(), false),
            Some(id) => format!("workflow {id}"),
            None => {
                let by = ["managed-by", "app.kubernetes.io/managed-by"];
                match by.iter().find_map(|label| live.mark(label)) {
                    Some(by) if by == MANAGER => {
                        return Claim::Adopt { from: "an earlier KubeOrch".to_owned(), force: false };
                    }
                    Some(by) => by.to_owned(),
                    None => "somebody else: it has no label of a workflow".to_owned(),
                }
            }
        };
        if live.controlled() {
            return foreign("a controller, which would make it again".to_owned(), false);
        }
        if self.options.adopt || policy.adopt {
            return Claim::Adopt { from: owner, force: true };
        }
        foreign(owner, true)
    }

    /// Whether an object that carries the workflow's label was made by a run. Labels are copied along with manifests; field managers are not.
    /// A server that tells no managers leaves only the label.
    pub(super) fn made_by_us(&self, live: &Object) -> bool {
        let managers = live.pointer("/metadata/managedFields").and_then(serde_json::Value::as_array);
        live.label(WORKFLOW_LABEL) == Some(&self.workflow.to_string())
            && managers
                .is_none_or(|all| all.is_empty() || all.iter().any(|entry| entry["manager"] == MANAGER))
    }
}
