//! The bytes of the event log.

use crate::store::key::Builder;
use crate::store::{Error, Event, NewEvent, Seq};

/// The layout below; a reader refuses others.
const LAYOUT: u8 = 1;

/// `layout, stream seq, time, stream length, stream, kind length, kind, payload`, numbers big-endian.
pub(super) fn encode(event: &NewEvent, stream_seq: u64, at: i64) -> Vec<u8> {
    let mut bytes = vec![LAYOUT];
    bytes.extend_from_slice(&stream_seq.to_be_bytes());
    bytes.extend_from_slice(&at.to_be_bytes());
    for text in [&event.stream, &event.kind] {
        // A batch is bounded far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(&event.payload);
    bytes
}

pub(super) fn decode(seq: u64, bytes: &[u8]) -> Result<Event, Error> {
    match bytes.first() {
        Some(&layout) if layout > LAYOUT => return Err(Error::Newer(format!("event {seq}"))),
        _ => {}
    }
    parse(seq, bytes)
        .ok_or_else(|| Error::Damaged { what: format!("event {seq}"), reason: "it is cut short".to_owned() })
}

fn parse(seq: u64, bytes: &[u8]) -> Option<Event> {
    let (_, rest) = bytes.split_first()?;
    let (stream_seq, rest) = rest.split_first_chunk::<8>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (stream, rest) = text(rest)?;
    let (kind, payload) = text(rest)?;
    Some(Event {
        seq: Seq(seq),
        stream_seq: u64::from_be_bytes(*stream_seq),
        at: i64::from_be_bytes(*at),
        stream,
        kind,
        payload: payload.to_vec(),
    })
}

fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((String::from_utf8(text.to_vec()).ok()?, rest))
}

/// The key of an event in the index by stream.
pub(super) fn place(stream: &str, stream_seq: u64) -> Vec<u8> {
    Builder::default().part(stream).part(&stream_seq).finish()
}

/// The stream at the begin of such a key.
pub(super) fn stream(place: &[u8]) -> Option<String> {
    // Its text ends with `00 01`, and a zero in it is `00 ff`.
    let escaped = place.split_last_chunk::<8>()?.0.strip_suffix(&[0, 1])?;
    let mut text = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(byte) = bytes.next() {
        text.push(*byte);
        if *byte == 0 {
            bytes.next();
        }
    }
    String::from_utf8(text).ok()
}

/// The number at the end of such a key.
pub(super) fn number(place: &[u8]) -> u64 {
    place.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
