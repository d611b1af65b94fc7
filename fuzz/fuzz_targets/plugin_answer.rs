//! What a plugin answers, as bytes: taken or refused by every decoder, and nothing else.
#![no_main]

use kubeorch_core::plugin::{Limits, decode_answers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    decode_answers(bytes, &Limits::default());
});
