//! The trials at a size for every change.

use super::super::Durability;
use super::{errors, flips, power};

#[test]
fn no_power_loss_takes_what_was_answered() {
    for durability in [Durability::Safe, Durability::Fast] {
        let done = power(1_000, durability, 1).unwrap_or_else(|error| panic!("{error}"));
        println!("power loss, {durability:?}: {done}");
        assert!(done.boundaries >= 1_000, "{done}");
    }
}

#[test]
fn no_failing_call_makes_an_answer_wrong() {
    let done = errors(1).unwrap_or_else(|error| panic!("{error}"));
    println!("failing disk: {done}");
    assert!(done.injections > 100 && done.refused > 0, "{done}");
}

#[test]
fn no_changed_bit_changes_an_answer() {
    let done = flips(10_000, 1).unwrap_or_else(|error| panic!("{error}"));
    println!("bit flips: {done}");
    assert!(done.refused > 0 && done.detected > 0, "{done}");
}
