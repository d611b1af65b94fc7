//! From a guest's bytes to typed answers. Nothing of it is trusted: shape, counts and identities are checked
//! here, so that the engine never sees an answer that the contract does not allow.

pub(super) mod analyzer;
pub(super) mod fix;
pub(super) mod node_types;
pub(super) mod step;

use serde::de::DeserializeOwned;

use crate::error::Finding;

/// Characters of a guest's own words that an error repeats.
const EXCERPT: usize = 300;

/// Bytes of a note or of a finding's text.
const TEXT: usize = 4096;

/// A guest's words, fit for an error and a log: short, and without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(EXCERPT).map(|c| if hidden(c) { ' ' } else { c }).collect();
    if text.chars().nth(EXCERPT).is_some() {
        shown.push('…');
    }
    shown
}

/// A guest's words in full, up to so many bytes, with escapes in place of control characters.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most));
    for character in text.chars() {
        if shown.len() + character.len_utf8() > most {
            shown.push('…');
            break;
        }
        if hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, and those that change the direction of what follows or end a line unseen.
fn hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count > most { Err(format!("{count} {what}, at most {most} are allowed")) } else { Ok(()) }
}

fn confidence(value: u8) -> Result<(), String> {
    if value > 100 { Err(format!("confidence {value} is not between 0 and 100")) } else { Ok(()) }
}

/// Whether the texts of a finding are short enough to be kept.
fn short(finding: &Finding) -> Result<(), String> {
    texts(&[&finding.code, &finding.field, &finding.message, &finding.hint])
}

fn texts(texts: &[&String]) -> Result<(), String> {
    if texts.iter().any(|text| text.len() > TEXT) {
        return Err(format!("a finding's text is longer than {TEXT} bytes"));
    }
    Ok(())
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // A list of values would be taken for the members of a struct in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err("its answer breaks the contract: a list is no object".into());
    }
    serde_json::from_slice(bytes)
        .map_err(|error| format!("its answer breaks the contract: {}", excerpt(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_shown() {
        for (text, most, expected) in [
            ("plain", 100, "plain"),
            ("a\nb\u{1b}[31m\0", 100, "a\\nb\\u{1b}[31m\\u{0}"),
            ("\u{202e}txt", 100, "\\u{202e}txt"),
            ("müll", 3, "mü…"),
            ("", 0, ""),
        ] {
            assert_eq!(plain(text, most), expected);
        }
        assert_eq!(excerpt("a\nb\u{2066}c"), "a b c");
    }
}
