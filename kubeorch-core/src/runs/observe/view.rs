//! What an observer tells.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::plugin::Status;
use crate::runs::ready::Readiness;

/// A node's state as of now.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::runs) struct NodeView {
    /// What clients see.
    pub(in crate::runs) status: Status,
    /// The state belongs to what was applied last, not to an older generation.
    pub(in crate::runs) current: bool,
    /// Decides when a run goes on.
    pub(in crate::runs) readiness: Readiness,
    /// What holds it up, as the newest warning about its objects and their pods says; `None` once it is ready.
    pub(in crate::runs) stall: Option<Stall>,
}

impl NodeView {
    /// What is said of it for people: its plugin's words, else those of the rule.
    pub(in crate::runs) fn told(&self) -> &str {
        match self.status.message() {
            "" => &self.readiness.message,
            message => message,
        }
    }

    /// Why it is not further: `FailedScheduling (Pod/web-1): 0/3 nodes are available`.
    pub(in crate::runs) fn explain(&self) -> String {
        // What the plugin says of a pod (`ImagePullBackOff`) is what people look for; the event (`Failed`) has the details.
        if let (Some(reason), Some(object)) = (&self.status.reason, &self.status.object) {
            let stall = self.stall.as_ref().filter(|stall| stall.object == *object);
            let message = stall.map_or_else(|| self.told(), |stall| stall.message.as_str());
            return format!("{reason} ({object}): {message}");
        }
        if let Some(stall) = &self.stall {
            return stall.to_string();
        }
        let object = self.status.object.as_deref().map(|object| format!(" ({object})")).unwrap_or_default();
        let (reason, message) = (&self.readiness.reason, &self.readiness.message);
        match (reason.is_empty(), message.is_empty()) {
            (true, _) => message.clone(),
            (false, true) => format!("{reason}{object}"),
            (false, false) => format!("{reason}{object}: {message}"),
        }
    }
}

/// A warning of the cluster about an object of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runs) struct Stall {
    /// `FailedScheduling`, `FailedMount`, `FailedCreate`, …
    pub(in crate::runs) reason: String,
    /// `Pod/web-1`
    pub(in crate::runs) object: String,
    /// The cluster's words.
    pub(in crate::runs) message: String,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.reason, self.object, self.message)
    }
}

/// All nodes' states; readers share one copy.
pub(in crate::runs) type Views = Arc<BTreeMap<String, Arc<NodeView>>>;
