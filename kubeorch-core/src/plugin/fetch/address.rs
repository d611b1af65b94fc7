//! Which addresses a stranger may send this server to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits)
}

/// What the IANA registry of special-purpose addresses lists as not globally reachable, and multicast. The metadata
/// services of the clouds are in the link-local and the private ones.
const CLOSED_V4: [Ipv4Net; 13] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// The global unicast space; the rest is loopback, local, multicast or not assigned.
const OPEN_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Within it: protocols (Teredo among them), documentation, 6to4.
const CLOSED_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// Whether an address may be connected to: a public one, or one of a network that was allowed. An IPv4 address in the
/// clothes of IPv6 counts as what it is.
pub(super) fn allowed(address: IpAddr, allow: &[IpNet]) -> bool {
    let address = address.to_canonical();
    let public = match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            OPEN_V6.contains(&address) && !CLOSED_V6.iter().any(|network| network.contains(&address))
        }
    };
    public || allow.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_and_what_was_allowed() {
        let allow: Vec<IpNet> = vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()];
        for (address, public, with) in [
            ("1.1.1.1", true, true),
            ("172.15.255.255", true, true),
            ("2606:4700:4700::1111", true, true),
            ("10.1.2.3", false, true),
            ("::ffff:10.1.2.3", false, true),
            ("fd00:1::5", false, true),
            ("10.2.0.1", false, false),
            ("0.0.0.0", false, false),
            ("127.0.0.1", false, false),
            ("169.254.169.254", false, false),
            ("172.31.0.1", false, false),
            ("192.168.1.1", false, false),
            ("100.100.100.200", false, false),
            ("255.255.255.255", false, false),
            ("224.0.0.1", false, false),
            ("::", false, false),
            ("::1", false, false),
            ("::ffff:127.0.0.1", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("::127.0.0.1", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("2002:7f00:1::", false, false),
            ("2001::1", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("ff02::1", false, false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(allowed(parsed, &[]), public, "{address}");
            assert_eq!(allowed(parsed, &allow), with, "{address}");
        }
    }
}
