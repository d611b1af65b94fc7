//! Scripts as files.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use super::{Action, Fault};
use crate::api::Verb;

/// Rules of one script.
const MOST: usize = 1000;

/// What is wrong with a script, one finding a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    findings: Vec<String>,
}

impl ScriptError {
    /// The findings, each with the place it is about.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.findings.join("\n"))
    }
}

impl std::error::Error for ScriptError {}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    r#do: String,
    #[serde(default)]
    name: String,
    verb: Option<String>,
    resource: Option<String>,
    namespace: Option<String>,
    object: Option<String>,
    user_agent: Option<String>,
    #[serde(default)]
    after: u64,
    times: Option<u64>,
    probability: Option<f64>,
    #[serde(default)]
    seed: u64,
    retry_after: Option<String>,
    message: Option<String>,
    delay: Option<String>,
    bytes: Option<u64>,
    events: Option<u64>,
}

pub(super) fn parse(script: &str) -> Result<Vec<Fault>, ScriptError> {
    let failed = |finding: String| ScriptError { findings: vec![finding] };
    let rules: Vec<Value> = serde_saphyr::from_str(script)
        .map_err(|error| failed(format!("a script is a list of rules: {error}")))?;
    if rules.len() > MOST {
        return Err(failed(format!("a script has at most {MOST} rules, this one {}", rules.len())));
    }
    let (mut out, mut findings) = (Vec::new(), Vec::new());
    for (at, rule) in rules.into_iter().enumerate() {
        let read = serde_json::from_value::<Written>(rule).map_err(|error| vec![error.to_string()]);
        match read.and_then(Written::fault) {
            Ok(fault) => out.push(fault),
            Err(found) => findings.extend(found.into_iter().map(|one| format!("rule {}: {one}", at + 1))),
        }
    }
    if findings.is_empty() { Ok(out) } else { Err(ScriptError { findings }) }
}

impl Written {
    fn fault(self) -> Result<Fault, Vec<String>> {
        let mut findings = Vec::new();
        let mut note = |problem: Result<(), String>| findings.extend(problem.err());
        let verb = self
            .verb
            .as_deref()
            .map(|name| Verb::named(name).ok_or_else(|| format!("verb: there is no verb \"{name}\"")));
        note(verb.clone().transpose().map(drop));
        if let Some(share) = self.probability.filter(|share| !(0.0..=1.0).contains(share)) {
            note(Err(format!("probability: {share} is not between 0 and 1")));
        }
        let action = self.action();
        note(action.clone().map(drop));
        let Ok(action) = action.map_err(drop) else { return Err(findings) };
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Fault {
            name: self.name,
            verb: verb.and_then(Result::ok),
            resource: self.resource,
            namespace: self.namespace,
            object: self.object,
            agent: self.user_agent,
            skip: self.after,
            times: self.times.unwrap_or(u64::MAX),
            chance: self.probability.map(|share| (share, self.seed)),
            action,
        })
    }

    fn action(&self) -> Result<Action, String> {
        Ok(match self.r#do.as_str() {
            "too-many-requests" => {
                let wait =
                    self.retry_after.as_deref().map(|text| duration("retryAfter", text)).transpose()?;
                Action::TooManyRequests(wait.unwrap_or(Duration::from_secs(1)).as_secs())
            }
            "internal-error" => Action::InternalError,
            "unavailable" => Action::Unavailable,
            "conflict" => Action::Conflict,
            "gone" => Action::Gone,
            "deny" => Action::Deny(self.message.clone().unwrap_or_else(|| "not allowed".to_owned())),
            "namespace-terminating" => Action::NamespaceTerminating,
            "not-established" => Action::NotEstablished,
            "slow" => Action::Delay(duration("delay", self.delay.as_deref().ok_or("delay: missing")?)?),
            "reset" => Action::Reset,
            "reset-after" => Action::ResetAfter,
            "cut" => Action::Cut(self.bytes.ok_or("bytes: missing")?),
            "drop-watch" => Action::DropWatch(self.events.ok_or("events: missing")?),
            other => return Err(format!("do: there is no action \"{other}\"")),
        })
    }
}

fn duration(field: &str, text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok().and_then(|parsed| Duration::try_from(parsed).ok());
    parsed.ok_or_else(|| format!("{field}: \"{text}\" is no duration, write 200ms or 2s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read() {
        let script = "
- {do: too-many-requests, retryAfter: 3s, verb: create, resource: configmaps, times: 1}
- {do: slow, delay: 200ms, namespace: a, object: b, userAgent: kubectl, after: 2, name: late}
- {do: deny, message: not today, probability: 0.5, seed: 9}
- {do: cut, bytes: 10}
- {do: drop-watch, events: 2}
";
        let late = Duration::from_millis(200);
        assert_eq!(
            parse(script),
            Ok(vec![
                Fault::new(Action::TooManyRequests(3)).verb(Verb::Create).resource("configmaps").times(1),
                Fault::new(Action::Delay(late))
                    .namespace("a")
                    .object("b")
                    .user_agent("kubectl")
                    .after(2)
                    .named("late"),
                Fault::new(Action::Deny("not today".to_owned())).probability(0.5, 9),
                Fault::new(Action::Cut(10)),
                Fault::new(Action::DropWatch(2)),
            ])
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let script = "
- {do: explode, verb: fetch, probability: 2}
- {do: slow}
- {do: slow, delay: soon}
- {do: reset, color: red}
- {verb: get}
";
        let error = parse(script).unwrap_err();
        let expected = [
            "rule 1: verb: there is no verb \"fetch\"",
            "rule 1: probability: 2 is not between 0 and 1",
            "rule 1: do: there is no action \"explode\"",
            "rule 2: delay: missing",
            "rule 3: delay: \"soon\" is no duration, write 200ms or 2s",
            "rule 4: unknown field `color`",
            "rule 5: missing field `do`",
        ];
        assert_eq!(error.findings().len(), expected.len(), "{error}");
        for (found, lead) in error.findings().iter().zip(expected) {
            assert!(found.starts_with(lead), "{found}");
        }
        assert!(parse("a: b").unwrap_err().to_string().starts_with("a script is a list of rules"));
    }
}
