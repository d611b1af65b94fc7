//! The rules that texts of a form may have to pass.

use kubeorch_plugin_sdk::check::{self, Check, Quantity, Rejection};

use crate::model::Rule;

/// The function of a rule.
pub(crate) fn rule(rule: Rule) -> Check {
    match rule {
        Rule::Name => check::dns_subdomain,
        Rule::Label => check::dns_label,
        Rule::Quantity => Quantity::check_positive,
        Rule::Image => check::image,
        Rule::Host => host,
        Rule::Cron => check::cron_schedule,
        Rule::Duration => duration,
        Rule::Url => url,
        Rule::Email => email,
        Rule::LabelPair => label_pair,
        Rule::Version => version,
    }
}

/// `*` alone means every host to gateways and meshes.
fn host(text: &str) -> Result<(), Rejection> {
    if text == "*" { Ok(()) } else { check::host(text) }
}

fn duration(text: &str) -> Result<(), Rejection> {
    const REJECTION: Rejection =
        Rejection { problem: "is not a duration", hint: "write it as 30s, 15m, 1h30m or 15d" };
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = ["ms", "s", "m", "h", "d", "w", "y"].into_iter().find(|unit| after.starts_with(unit));
        let (Some(unit), false) = (unit, number.is_empty()) else { return Err(REJECTION) };
        rest = &after[unit.len()..];
    }
    if text.is_empty() { Err(REJECTION) } else { Ok(()) }
}

fn url(text: &str) -> Result<(), Rejection> {
    let good = text.split_once("://").is_some_and(|(scheme, rest)| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(letters)
            && !rest.is_empty()
            && !text.contains(char::is_whitespace)
    });
    let rejection = Rejection { problem: "is not an address", hint: "write it as https://example.com/path" };
    if good { Ok(()) } else { Err(rejection) }
}

fn email(text: &str) -> Result<(), Rejection> {
    let good = text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !user.contains(char::is_whitespace) && check::host(host).is_ok()
    });
    let rejection = Rejection { problem: "is not an e-mail address", hint: "write it as ops@example.com" };
    if good { Ok(()) } else { Err(rejection) }
}

fn label_pair(text: &str) -> Result<(), Rejection> {
    let rejection = Rejection { problem: "is not a label with its value", hint: "write it as app=web" };
    let (key, value) = text.split_once('=').ok_or(rejection)?;
    check::label_key(key)?;
    check::label_value(value)
}

fn version(text: &str) -> Result<(), Rejection> {
    let good = text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+_".contains(&byte));
    let rejection = Rejection { problem: "is not a version", hint: "write it as 8.11.0" };
    if good { Ok(()) } else { Err(rejection) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(of: Rule, good: &[&str], bad: &[&str]) {
        let wrong = good
            .iter()
            .filter(|text| rule(of)(text).is_err())
            .chain(bad.iter().filter(|text| rule(of)(text).is_ok()));
        assert_eq!(wrong.collect::<Vec<_>>(), [&""; 0], "{of:?}");
    }

    #[test]
    fn rules() {
        check(Rule::Host, &["*", "*.a.example", "a.example"], &["", "http://a", "a b"]);
        check(
            Rule::Duration,
            &["30s", "1h30m", "15d", "500ms"],
            &["", "30", "s", "30x", "-1s", "1.5h", "3 s"],
        );
        check(
            Rule::Url,
            &["https://a", "s3://b/c", "local:///x.py", "ssh://git@a/b"],
            &["", "a", "://a", "1a://b", "https://", "https://a b"],
        );
        check(Rule::Email, &["ops@example.com"], &["", "ops", "@a", "ops@", "o ps@a"]);
        check(Rule::LabelPair, &["app=web", "a.b/c="], &["", "app", "=web", "app=a b"]);
        check(Rule::Version, &["8.11.0", "16", "23.2.0-rc.1"], &["", "v1", "latest", "1 2"]);
    }
}
