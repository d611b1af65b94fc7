//! Addresses, hosts and paths.

use std::net::IpAddr;

use super::{Rejection, names::dns_subdomain, reject};

/// An IPv4 or IPv6 address.
pub fn ip_address(text: &str) -> Result<(), Rejection> {
    match text.parse::<IpAddr>() {
        Ok(_) => Ok(()),
        Err(_) => reject("is not an IP address", "write it as 203.0.113.7 or 2001:db8::7"),
    }
}

/// An address and the length of its prefix.
pub fn cidr(text: &str) -> Result<(), Rejection> {
    const HINT: &str = "write it as 10.0.0.0/8 or 2001:db8::/32";
    let Some((address, length)) = text.split_once('/') else { return reject("is not a CIDR block", HINT) };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return reject("is not a CIDR block", HINT),
    };
    // A sign or a leading zero parses as a number but is no prefix length.
    let digits =
        length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    if digits && length.parse::<u8>().is_ok_and(|length| length <= most) {
        return Ok(());
    }
    reject("is not a CIDR block", HINT)
}

/// A host of an ingress: a DNS name, its first label may be `*`.
pub fn host(text: &str) -> Result<(), Rejection> {
    if text.parse::<IpAddr>().is_ok() {
        return reject("is an IP address", "an ingress wants a host name; leave it empty for every host");
    }
    if dns_subdomain(text.strip_prefix("*.").unwrap_or(text)).is_err() {
        return reject("is not a host name", "write it as shop.example.com, without scheme, port or path");
    }
    Ok(())
}

/// A path from the root, without `..`.
pub fn absolute_path(text: &str) -> Result<(), Rejection> {
    if !text.starts_with('/') {
        return reject("is not absolute", "begin it with '/'");
    }
    if text.split('/').any(|part| part == "..") {
        return reject("contains '..'", "write it out");
    }
    Ok(())
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
    fn network() {
        check(ip_address, &["1.2.3.4", "::1"], &["", "1.2.3", "1.2.3.256", "a"]);
        let bad =
            ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/"];
        check(cidr, &["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"], &bad);
        check(
            host,
            &["a.example.com", "*.example.com"],
            &["", "*", "http://a", "a:80", "A.b", "1.2.3.4", "a.*.b"],
        );
        check(absolute_path, &["/", "/a/..b"], &["", "a", "/a/../b"]);
    }
}
