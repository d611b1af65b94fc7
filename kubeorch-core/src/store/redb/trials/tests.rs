//! The trials at a size for every change.

use super::super::Durability;
use super::power::power_on_a_liar;
use super::{errors, flips, power, power_large, reads};

fn lose_power(durability: Durability) {
    let done = power(1_000, durability, 1).unwrap_or_else(|error| panic!("{error}"));
    println!("power loss, {durability:?}: {done}");
    assert!(done.boundaries >= 1_000 && done.second > 0, "{done}");
}

#[test]
fn no_power_loss_takes_what_was_answered_with_two_flushes() {
    lose_power(Durability::Safe);
}

#[test]
fn no_power_loss_takes_what_was_answered_with_one_flush() {
    lose_power(Durability::Fast);
}

#[test]
fn no_power_loss_takes_what_was_answered_while_the_file_grows_and_shrinks() {
    for durability in [Durability::Safe, Durability::Fast] {
        let done = power_large(24, durability, 1).unwrap_or_else(|error| panic!("{error}"));
        println!("power loss, large values, {durability:?}: {done}");
        assert!(done.second > 0, "{done}");
    }
}

#[test]
fn a_flush_that_is_left_out_is_noticed() {
    for durability in [Durability::Safe, Durability::Fast] {
        for lie in [2, 3, 50, 151] {
            let noticed = power_on_a_liar(300, durability, 1, lie);
            println!("{durability:?}, each flush of {lie} left out: {noticed:?}");
            assert!(noticed.is_err(), "{durability:?}, {lie}: {noticed:?}");
        }
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
    for (trials, durability) in [(10_000, Durability::Safe), (3_000, Durability::Fast)] {
        let done = flips(trials, durability, 1).unwrap_or_else(|error| panic!("{error}"));
        println!("bit flips, {durability:?}: {done}");
        assert!(done.refused > 0 && done.detected > 0, "{done}");
    }
}

#[test]
fn no_failing_call_ends_reading() {
    let done = reads(1).unwrap_or_else(|error| panic!("{error}"));
    println!("reads from a failing disk: {done}");
    assert!(done.writes > 50 && done.reads > 50, "{done}");
}
