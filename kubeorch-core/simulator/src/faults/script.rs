//! The rules of a simulator at work.

use parking_lot::Mutex;

use super::{Action, Fault, Tally};
use crate::api::Verb;
use crate::names::mix;

/// What a request is about, as far as rules ask. Requests for no resource have no verb.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) verb: Option<Verb>,
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) object: &'a str,
    pub(crate) agent: &'a str,
}

/// The script of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Mutex<Vec<Rule>>,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    matched: u64,
    acted: u64,
}

impl Rule {
    fn matches(&self, about: &About<'_>) -> bool {
        let Fault { verb, resource, namespace, object, agent, .. } = &self.fault;
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        verb.is_none_or(|wanted| about.verb == Some(wanted))
            && is(resource, about.resource)
            && is(namespace, about.namespace)
            && is(object, about.object)
            && agent.as_deref().is_none_or(|part| about.agent.contains(part))
    }

    /// Counts a matching request; `true` when the rule acts on it.
    fn act(&mut self) -> bool {
        self.matched += 1;
        let fault = &self.fault;
        let chosen = fault.chance.is_none_or(|(share, seed)| {
            // 53 bits are all a float between 0 and 1 has.
            #[expect(clippy::cast_precision_loss, reason = "shifted to 53 bits")]
            let drawn = (mix(mix(seed) ^ self.matched.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 11) as f64
                / (1_u64 << 53) as f64;
            drawn < share
        });
        let acts = self.matched > fault.skip && self.acted < fault.times && chosen;
        self.acted += u64::from(acts);
        acts
    }
}

impl Script {
    pub(crate) fn new(rules: Vec<Fault>) -> Self {
        let script = Self::default();
        script.set(rules);
        script
    }

    pub(crate) fn set(&self, rules: Vec<Fault>) {
        *self.rules.lock() = rules.into_iter().map(|fault| Rule { fault, matched: 0, acted: 0 }).collect();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.lock().is_empty()
    }

    pub(crate) fn tallies(&self) -> Vec<Tally> {
        let tally =
            |rule: &Rule| Tally { name: rule.fault.name.clone(), matched: rule.matched, acted: rule.acted };
        self.rules.lock().iter().map(tally).collect()
    }

    /// What a request meets, watches that are dropped later aside.
    pub(crate) fn decide(&self, about: &About<'_>) -> Option<Action> {
        self.rules
            .lock()
            .iter_mut()
            .filter(|rule| !matches!(rule.fault.action, Action::DropWatch(_)))
            .filter(|rule| rule.matches(about))
            .find_map(|rule| rule.act().then(|| rule.fault.action.clone()))
    }

    /// After how many events a watch that begins now is dropped.
    pub(crate) fn drop_after(&self, about: &About<'_>) -> Option<u64> {
        self.rules.lock().iter_mut().filter(|rule| rule.matches(about)).find_map(|rule| {
            let Action::DropWatch(events) = rule.fault.action else { return None };
            rule.act().then_some(events)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(verb: Verb, resource: &str) -> About<'_> {
        About { verb: Some(verb), resource, namespace: "a", object: "x", agent: "kubectl/v1" }
    }

    #[test]
    fn rules_count_only_what_they_match() {
        let script = Script::new(vec![
            Fault::new(Action::InternalError)
                .verb(Verb::Create)
                .resource("pods")
                .after(1)
                .times(2)
                .named("pods"),
            Fault::new(Action::Reset).verb(Verb::List),
            Fault::new(Action::DropWatch(3)).times(1),
        ]);
        let create = || script.decide(&about(Verb::Create, "pods"));
        assert_eq!(script.decide(&about(Verb::Create, "services")), None);
        assert_eq!(create(), None);
        assert_eq!(create(), Some(Action::InternalError));
        assert_eq!(create(), Some(Action::InternalError));
        assert_eq!(create(), None);
        assert_eq!(script.decide(&about(Verb::List, "")), Some(Action::Reset));
        assert_eq!(script.drop_after(&about(Verb::Watch, "pods")), Some(3));
        assert_eq!(script.drop_after(&about(Verb::Watch, "pods")), None);
        assert_eq!(script.tallies()[0], Tally { name: "pods".to_owned(), matched: 4, acted: 2 });
    }

    #[test]
    fn rules_are_narrowed_by_place_and_client() {
        let rule = || Fault::new(Action::Reset);
        for (fault, expected) in [
            (rule(), true),
            (rule().namespace("a"), true),
            (rule().namespace("b"), false),
            (rule().object("x"), true),
            (rule().object("y"), false),
            (rule().user_agent("kubectl"), true),
            (rule().user_agent("helm"), false),
        ] {
            let script = Script::new(vec![fault.clone()]);
            assert_eq!(script.decide(&about(Verb::Get, "pods")).is_some(), expected, "{fault:?}");
        }
    }

    #[test]
    fn chance_is_a_share_and_the_same_every_time() {
        let draw = |share: f64, seed: u64| {
            let script = Script::new(vec![Fault::new(Action::Reset).probability(share, seed)]);
            (0..1000).map(|_| script.decide(&About::default()).is_some()).collect::<Vec<_>>()
        };
        let acted = |draws: &[bool]| draws.iter().filter(|acted| **acted).count();
        assert_eq!(draw(0.3, 1), draw(0.3, 1));
        assert_ne!(draw(0.3, 1), draw(0.3, 2));
        assert!((250..350).contains(&acted(&draw(0.3, 1))), "{}", acted(&draw(0.3, 1)));
        assert_eq!(acted(&draw(0.0, 1)), 0);
        assert_eq!(acted(&draw(1.0, 1)), 1000);
    }
}
