//! Keys as bytes whose order is the order of the values.
//!
//! Every encoding is self-delimiting, so parts can follow each other and a tuple sorts part by part.
//! The encodings are part of the file format.

use crate::id::Raw;
use crate::time::Time;

/// A value that can be (a part of) a key. Implemented for ids, text, numbers, [`Time`], [`Desc`] and tuples.
pub trait Key {
    /// Appends the ordered bytes.
    fn encode(&self, out: &mut Builder);

    /// The bytes alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Builder::default();
        self.encode(&mut out);
        out.finish()
    }
}

/// Collects the parts of a key.
#[derive(Debug, Clone, Default)]
pub struct Builder(Vec<u8>);

impl Builder {
    /// Appends a part.
    #[must_use]
    pub fn part(mut self, part: &(impl Key + ?Sized)) -> Self {
        part.encode(&mut self);
        self
    }

    /// Appends the begin of a text: what follows is any text that starts so. Only for the end of a prefix.
    #[must_use]
    pub fn text_prefix(mut self, text: &str) -> Self {
        self.push_escaped(text.as_bytes());
        self
    }

    /// Appends bytes of fixed width, which need no end mark.
    pub fn push_fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends bytes of any width: zero becomes `00 ff`, the end is `00 01`, so that a text sorts before
    /// every longer one that starts with it.
    pub fn push_delimited(&mut self, bytes: &[u8]) {
        self.push_escaped(bytes);
        self.0.extend_from_slice(&[0, 1]);
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn push_escaped(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xff);
            }
        }
    }
}

/// The first key after every key that starts with `prefix`; `None` when there is no such bound.
pub(super) fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// Sorts the other way round: `Desc(time)` puts the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Desc<T>(pub T);

impl<T: Key> Key for Desc<T> {
    fn encode(&self, out: &mut Builder) {
        let start = out.0.len();
        self.0.encode(out);
        out.0[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

impl<T: Copy + Into<Raw>> Key for T {
    fn encode(&self, out: &mut Builder) {
        let raw: Raw = (*self).into();
        out.push_fixed(raw.as_bytes());
    }
}

impl Key for str {
    fn encode(&self, out: &mut Builder) {
        out.push_delimited(self.as_bytes());
    }
}

impl Key for String {
    fn encode(&self, out: &mut Builder) {
        self.as_str().encode(out);
    }
}

impl Key for &str {
    fn encode(&self, out: &mut Builder) {
        (**self).encode(out);
    }
}

impl Key for () {
    fn encode(&self, _: &mut Builder) {}
}

impl Key for Time {
    fn encode(&self, out: &mut Builder) {
        self.as_millis().encode(out);
    }
}

impl Key for i64 {
    fn encode(&self, out: &mut Builder) {
        // The flipped sign bit puts negative numbers first.
        out.push_fixed(&(self.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    }
}

impl Key for bool {
    fn encode(&self, out: &mut Builder) {
        out.push_fixed(&[u8::from(*self)]);
    }
}

macro_rules! unsigned {
    ($($number:ty)*) => {$(
        impl Key for $number {
            fn encode(&self, out: &mut Builder) {
                out.push_fixed(&self.to_be_bytes());
            }
        }
    )*};
}
unsigned! { u8 u16 u32 u64 }

macro_rules! tuples {
    ($(($($part:ident $at:tt)*))*) => {$(
        impl<$($part: Key),*> Key for ($($part,)*) {
            fn encode(&self, out: &mut Builder) {
                $(self.$at.encode(out);)*
            }
        }
    )*};
}
tuples! { (A 0) (A 0 B 1) (A 0 B 1 C 2) (A 0 B 1 C 2 D 3) (A 0 B 1 C 2 D 3 E 4) }

impl<T: Key> Key for Option<T> {
    fn encode(&self, out: &mut Builder) {
        match self {
            None => out.push_fixed(&[0]),
            Some(value) => {
                out.push_fixed(&[1]);
                value.encode(out);
            }
        }
    }
}
