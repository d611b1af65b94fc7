//! Fault scripts: rules that make chosen requests go wrong.

use std::time::Duration;

use parking_lot::Mutex;

use crate::api::Verb;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// 429 with `Retry-After`, in seconds.
    TooManyRequests(u64),
    /// 500.
    InternalError,
    /// 503 without a `Status` body, as a proxy in front answers.
    Unavailable,
    /// 409, as if someone else had changed the object.
    Conflict,
    /// The request is carried out, but later.
    Delay(Duration),
    /// The connection breaks without an answer, before the request is carried out.
    Reset,
    /// The request is carried out, then the connection breaks.
    ResetAfter,
    /// A watch ends without warning after so many events.
    DropWatch(u64),
}

/// A rule: the requests it is for, which of them, and what happens. Rules are tried in order; the
/// first that matches acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    verb: Option<Verb>,
    resource: Option<String>,
    skip: u64,
    times: u64,
    action: Action,
}

impl Fault {
    /// Every request meets `action`, until narrowed.
    pub fn new(action: Action) -> Self {
        Self { verb: None, resource: None, skip: 0, times: u64::MAX, action }
    }

    /// Only requests with this verb.
    #[must_use]
    pub fn verb(mut self, verb: Verb) -> Self {
        self.verb = Some(verb);
        self
    }

    /// Only requests for this resource: `pods`, `deployments.apps`.
    #[must_use]
    pub fn resource(mut self, id: impl Into<String>) -> Self {
        self.resource = Some(id.into());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Acts only so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, verb: Option<Verb>, resource: Option<&str>) -> bool {
        self.verb.is_none_or(|wanted| verb == Some(wanted))
            && self.resource.as_deref().is_none_or(|wanted| resource == Some(wanted))
    }

    /// Counts a matching request; `true` when the rule acts on it.
    fn act(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let acts = self.times > 0;
        self.times = self.times.saturating_sub(1);
        acts
    }
}

/// The script of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Mutex<Vec<Fault>>,
}

impl Script {
    pub(crate) fn new(rules: Vec<Fault>) -> Self {
        Self { rules: Mutex::new(rules) }
    }

    pub(crate) fn set(&self, rules: Vec<Fault>) {
        *self.rules.lock() = rules;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.lock().is_empty()
    }

    /// What a request meets, watches that are dropped later aside.
    pub(crate) fn decide(&self, verb: Option<Verb>, resource: Option<&str>) -> Option<Action> {
        let mut rules = self.rules.lock();

        rules
            .iter_mut()
            .filter(|rule| !matches!(rule.action, Action::DropWatch(_)))
            .filter(|rule| rule.matches(verb, resource))
            .find_map(|rule| rule.act().then_some(rule.action))
    }

    /// After how many events a watch that begins now is dropped.
    pub(crate) fn drop_after(&self, resource: &str) -> Option<u64> {
        let mut rules = self.rules.lock();
        rules.iter_mut().filter(|rule| rule.matches(Some(Verb::Watch), Some(resource))).find_map(|rule| {
            let Action::DropWatch(events) = rule.action else { return None };
            rule.act().then_some(events)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_only_what_they_match() {
        let script = Script::new(vec![
            Fault::new(Action::InternalError).verb(Verb::Create).resource("pods").after(1).times(2),
            Fault::new(Action::Reset).verb(Verb::List),
            Fault::new(Action::DropWatch(3)).times(1),
        ]);
        let create = || script.decide(Some(Verb::Create), Some("pods"));
        assert_eq!(script.decide(Some(Verb::Create), Some("services")), None);
        assert_eq!(create(), None);
        assert_eq!(create(), Some(Action::InternalError));
        assert_eq!(create(), Some(Action::InternalError));
        assert_eq!(create(), None);
        assert_eq!(script.decide(Some(Verb::List), None), Some(Action::Reset));
        assert_eq!(script.drop_after("pods"), Some(3));
        assert_eq!(script.drop_after("pods"), None);
    }
}
