//! Machine code as bytes, and the only way from there to code that runs.

use aws_lc_rs::{constant_time, hmac};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes of a tag, an HMAC-SHA-256.
pub(in crate::plugin::wasm) const TAG: usize = 32;

/// What a compiler of this program made, unchanged. There are two ways to get one: compile, or open what was sealed
/// with [`Seal::tag`], which takes one.
pub(in crate::plugin::wasm) struct Artefact(Vec<u8>);

impl Artefact {
    /// Compiles in this process, with the bounds of nobody.
    pub(super) fn compile(engine: &Engine, component: &[u8]) -> wasmtime::Result<Self> {
        engine.precompile_component(component).map(Self)
    }

    pub(in crate::plugin::wasm) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes it a component. Fails where it is of another wasmtime, target or engine.
    #[allow(unsafe_code, reason = "wasmtime runs these bytes as they are; the proof is beside the call")]
    pub(super) fn revive(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` wants bytes that `precompile_component` returned, unchanged. The field is private to
        // this module and two functions fill it: `compile` with that very value, `Seal::open` with bytes whose
        // HMAC under a secret key is right. Tags come from `Seal::tag` alone, which takes an `Artefact`, so what
        // is opened was one before, in this process or in one of the same program that held the key. The
        // bytes are owned, so nobody can change them between the check and the copy that wasmtime makes.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}

/// A secret that tells artefacts from other bytes.
pub(in crate::plugin::wasm) struct Seal(hmac::Key);

impl Seal {
    pub(in crate::plugin::wasm) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The tag of an artefact in its place: it is of no use in another.
    pub(in crate::plugin::wasm) fn tag(&self, place: &[u8], artefact: &Artefact) -> [u8; TAG] {
        self.sign(place, &artefact.0)
    }

    /// The artefact, if all its bytes are those that were sealed for this place.
    pub(in crate::plugin::wasm) fn open(
        &self,
        place: &[u8],
        tag: &[u8; TAG],
        bytes: Vec<u8>,
    ) -> Option<Artefact> {
        let expected = self.sign(place, &bytes);
        constant_time::verify_slices_are_equal(&expected, tag).ok().map(|()| Artefact(bytes))
    }

    fn sign(&self, place: &[u8], bytes: &[u8]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.0);
        // Its length first, so that no byte can move between the two.
        context.update(&(place.len() as u64).to_le_bytes());
        context.update(place);
        context.update(bytes);
        let mut tag = [0; TAG];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens_and_only_in_its_place() {
        let artefact = || Artefact(vec![1, 2, 3, 4]);
        let seal = Seal::new(&[7; 32]);
        let tag = seal.tag(b"here", &artefact());
        let forged = |at: usize| {
            let mut tag = tag;
            tag[at] ^= 1;
            tag
        };
        assert!(seal.open(b"here", &tag, artefact().0).is_some());
        assert!(seal.open(b"her", &tag, vec![b'e', 1, 2, 3, 4]).is_none(), "bytes moved from place to code");
        assert!(seal.open(b"there", &tag, artefact().0).is_none(), "another place");
        assert!(seal.open(b"here", &tag, vec![1, 2, 3]).is_none(), "cut");
        assert!(seal.open(b"here", &tag, vec![1, 2, 3, 5]).is_none(), "changed");
        assert!(Seal::new(&[8; 32]).open(b"here", &tag, artefact().0).is_none(), "another key");
        assert!((0..TAG).all(|at| seal.open(b"here", &forged(at), artefact().0).is_none()), "a forged tag");
    }
}
