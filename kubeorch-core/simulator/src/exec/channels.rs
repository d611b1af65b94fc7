//! The channel protocols `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of a binary message
//! says what the rest is.

use bytes::Bytes;

/// Channel numbers of the protocol.
const STDIN: u8 = 0;
pub(super) const STDOUT: u8 = 1;
pub(super) const STDERR: u8 = 2;
/// The result, a `Status`.
pub(super) const ERROR: u8 = 3;
/// Only v5: the rest is the number of a channel its sender closes.
const CLOSE: u8 = 255;

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    V4,
    V5,
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Stdin(Bytes),
    StdinClosed,
    /// A new size of the terminal (channel 4), or something only newer clients say.
    Other,
}

impl Protocol {
    /// The newest version in a `Sec-WebSocket-Protocol` header that is spoken here.
    pub(crate) fn choose(offered: &str) -> Option<Self> {
        let offers = |name: &str| offered.split(',').any(|one| one.trim() == name);
        [Self::V5, Self::V4].into_iter().find(|version| offers(version.name()))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }

    pub(super) fn read(self, message: &Bytes) -> Incoming {
        match (message.first(), message.get(1)) {
            (Some(&STDIN), _) => Incoming::Stdin(message.slice(1..)),
            (Some(&CLOSE), Some(&STDIN)) if self == Self::V5 => Incoming::StdinClosed,
            _ => Incoming::Other,
        }
    }
}

/// A message on a channel.
pub(super) fn write(channel: u8, payload: &[u8]) -> Bytes {
    let mut message = Vec::with_capacity(payload.len() + 1);
    message.push(channel);
    message.extend_from_slice(payload);
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_by_their_first_byte() {
        for (protocol, message, expected) in [
            (Protocol::V5, &[0, b'a', b'b'][..], Incoming::Stdin(Bytes::from_static(b"ab"))),
            (Protocol::V5, &[0], Incoming::Stdin(Bytes::new())),
            (Protocol::V5, &[255, 0], Incoming::StdinClosed),
            (Protocol::V5, &[255, 1], Incoming::Other),
            (Protocol::V4, &[255, 0], Incoming::Other),
            (Protocol::V5, &[4, b'{', b'}'], Incoming::Other),
            (Protocol::V5, &[], Incoming::Other),
        ] {
            assert_eq!(protocol.read(&Bytes::copy_from_slice(message)), expected, "{message:?}");
        }
    }

    #[test]
    fn the_newest_version_offered_is_chosen() {
        for (offered, expected) in [
            ("v5.channel.k8s.io", Some(Protocol::V5)),
            ("v4.channel.k8s.io, v5.channel.k8s.io", Some(Protocol::V5)),
            ("v4.channel.k8s.io", Some(Protocol::V4)),
            ("channel.k8s.io", None),
            ("", None),
        ] {
            assert_eq!(Protocol::choose(offered), expected, "{offered}");
        }
    }
}
