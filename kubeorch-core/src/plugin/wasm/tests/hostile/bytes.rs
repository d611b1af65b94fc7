//! Parts that hostile components are made of.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Guest;

pub(super) fn wat(text: &str) -> Arc<[u8]> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text:.2000}")).into()
}

/// The usual plugin with other words in one place.
pub(super) fn edited(from: &str, to: &str) -> Arc<[u8]> {
    let text = Guest::default().text();
    assert!(text.contains(from), "the plugin has no {from}");
    wat(&text.replacen(from, to, 1))
}

/// The usual plugin, which does something before it does anything else.
pub(super) fn starting(body: &str) -> Arc<[u8]> {
    edited("(func $recurse", &format!("(func $start {body}) (start $start) (func $recurse"))
}

/// The usual plugin with another `list-types`.
pub(super) fn listing(body: &str) -> Arc<[u8]> {
    let list = "(func (export \"list\") (result i32)";
    edited(list, &format!("{list} (return {body})"))
}

/// Expressions that answer a text, then one byte so many times. The text lies where answers do.
pub(super) fn fill(text: &str, byte: u8, times: usize) -> String {
    let (size, to) = (text.len(), 0x1_0000);
    format!(
        "(drop (memory.grow (i32.const 40)))
         (memory.copy (i32.const {to}) (i32.const 0x1000) (i32.const {size}))
         (memory.fill (i32.const {}) (i32.const {byte}) (i32.const {times}))
         (call $ok (i32.const {to}) (i32.const {}))",
        to + size,
        size + times
    )
}

/// A component of one core module.
pub(super) fn module(fields: &str) -> Arc<[u8]> {
    wat(&format!("(component (core module {fields}) (core instance (instantiate 0)))"))
}

/// The same words so many times, the number in place of `#`.
pub(super) fn times(count: usize, words: &str) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        write!(text, "{} ", words.replace('#', &at.to_string())).unwrap();
        text
    })
}

/// A component of one section.
pub(super) fn section(id: u8, body: &[u8]) -> Arc<[u8]> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(id);
    leb(&mut bytes, body.len());
    bytes.extend_from_slice(body);
    bytes.into()
}

/// A type that declares a type that declares a type, so deep.
pub(super) fn nested_types(depth: usize) -> Arc<[u8]> {
    let mut body = vec![1];
    for _ in 0..depth {
        // A component type of one declaration, which is a type.
        body.extend_from_slice(&[0x41, 1, 1]);
    }
    // An empty one at last.
    body.extend_from_slice(&[0x41, 0]);
    section(7, &body)
}

fn leb(bytes: &mut Vec<u8>, mut number: usize) {
    while number > 127 {
        bytes.push(u8::try_from(number & 127).unwrap() | 128);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
}
