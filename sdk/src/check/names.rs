//! Names: objects, labels, keys, variables, images. Limits are those of `apimachinery/pkg/util/validation`.

use super::{Rejection, reject};

const LOWER: &str = "use lower-case letters, digits and hyphens, beginning and ending with a letter or digit";

/// RFC 1123 label: at most 63 characters. Namespaces, containers, volumes.
pub fn dns_label(text: &str) -> Result<(), Rejection> {
    if text.len() > 63 {
        return reject("is longer than 63 characters", "shorten it");
    }
    if is_label(text) { Ok(()) } else { reject("is not a DNS label", LOWER) }
}

/// RFC 1035 label: as [`dns_label`], beginning with a letter. Services.
pub fn dns_service(text: &str) -> Result<(), Rejection> {
    dns_label(text)?;
    if text.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        return Ok(());
    }
    reject("does not begin with a letter", "the name of a service begins with a lower-case letter")
}

/// RFC 1123 subdomain: labels with dots between, at most 253 characters. Most object names.
pub fn dns_subdomain(text: &str) -> Result<(), Rejection> {
    if text.len() > 253 {
        return reject("is longer than 253 characters", "shorten it");
    }
    if text.split('.').all(is_label) { Ok(()) } else { reject("is not a DNS name", LOWER) }
}

/// Key of a label or an annotation: an optional DNS prefix and `/`, then at most 63 characters.
pub fn label_key(text: &str) -> Result<(), Rejection> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            dns_subdomain(prefix)?;
            name
        }
        None => text,
    };
    if name.is_empty() {
        return reject("is empty", "give it a name");
    }
    label_value(name)
}

/// Value of a label: empty, or at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub fn label_value(text: &str) -> Result<(), Rejection> {
    if text.len() > 63 {
        return reject("is longer than 63 characters", "shorten it, or use an annotation");
    }
    let ends = [text.bytes().next(), text.bytes().next_back()];
    let inside = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if inside && ends.into_iter().flatten().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    reject("is not a label", "use letters, digits, '-', '_' and '.', with a letter or digit at both ends")
}

/// Name of an environment variable: printable ASCII without `=`, as Kubernetes 1.30 and later take it, but without
/// blanks, which no shell can read.
pub fn env_name(text: &str) -> Result<(), Rejection> {
    let first = text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if first && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Ok(());
    }
    reject("is not the name of a variable", "use letters, digits and '_', not beginning with a digit")
}

/// Key inside a config map or a secret: at most 253 letters, digits, `-`, `_` and `.`.
pub fn config_key(text: &str) -> Result<(), Rejection> {
    if text.len() > 253 {
        return reject("is longer than 253 characters", "shorten it");
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    // These would be paths when mounted.
    if plain && !text.is_empty() && text != "." && !text.starts_with("..") {
        return Ok(());
    }
    reject("is not a key", "use letters, digits, '-', '_' and '.'")
}

/// Name of a port: an IANA service name of at most 15 characters.
pub fn port_name(text: &str) -> Result<(), Rejection> {
    let letter = text.bytes().any(|byte| byte.is_ascii_lowercase());
    if text.len() <= 15 && letter && is_label(text) && !text.contains("--") {
        return Ok(());
    }
    reject(
        "is not the name of a port",
        "use at most 15 lower-case letters, digits and hyphens, one letter at least",
    )
}

/// Reference of an image: something without blanks. The registry decides about the rest.
pub fn image(text: &str) -> Result<(), Rejection> {
    if text.is_empty() {
        return reject("is empty", "give the image to run, for example nginx:1.27");
    }
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return reject("contains blanks", "write it as registry/name:tag");
    }
    Ok(())
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;

    #[track_caller]
    fn check(rule: Check, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(rule(text), Ok(()), "{text:?}");
        }
        for text in bad {
            assert!(rule(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names() {
        let long = "a".repeat(64);
        check(dns_label, &["a", "a-1", "0a"], &["", "-a", "a-", "A", "a.b", "a_b", "ä", &long]);
        check(dns_service, &["web"], &["0web", "web.a", ""]);
        check(dns_subdomain, &["a.b", "a"], &["", "a..b", ".a", "a.", "A.b", &"a.".repeat(127)]);
        check(label_key, &["app", "a.b/c_D"], &["", "/a", "a/", "a/b/c", "A/b", "-a", &long]);
        check(label_value, &["", "A_b.c-1"], &["-a", "a-", "a b", "ä", &long]);
        check(env_name, &["A", "_a", "a.b-c"], &["", "1A", "A=B", "A B"]);
        check(config_key, &["a", ".env", "A_b-c.d"], &["", ".", "..", "..a", "a/b", "a b"]);
        check(port_name, &["http", "p80"], &["", "80", "HTTP", "a--b", "abcdefghijklmnop", "-a"]);
        check(image, &["nginx", "a/b:c@sha256:d"], &["", "a b", "a\tb"]);
    }
}
