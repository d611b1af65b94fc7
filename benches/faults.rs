//! The trials of the store at any size: power loss, failing disks, changed bits.
//!
//! `cargo bench -p kubeorch-benches --bench faults -- [--commits 1000] [--flips 10000] [--seed 1]`
//!
//! They run on a disk in memory and judge by what the store answers, so they are no measurement: each line says what was
//! done, and the first thing that must never happen ends the program with exit code 1. Tests run the same trials at the
//! sizes above for every change; a night of them is a loop over seeds.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints what it did")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use kubeorch_core::store::redb::{Durability, trials};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut commits, mut flips, mut seed) = (1_000, 10_000, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, Box<dyn Error>> {
            let text = words.next().ok_or(format!("{word} needs a number"))?;
            Ok(text.parse().map_err(|_| format!("{word} needs a number, not {text}"))?)
        };
        match word.as_str() {
            "--commits" => commits = usize::try_from(number()?)?,
            "--flips" => flips = usize::try_from(number()?)?,
            "--seed" => seed = number()?,
            // Cargo's own.
            "--bench" => {}
            _ => return Err(format!("unknown flag {word}; there are --commits, --flips and --seed").into()),
        }
    }
    for durability in [Durability::Safe, Durability::Fast] {
        say(&format!("power loss, {durability:?}"), || trials::power(commits, durability, seed))?;
        let large = || trials::power_large(commits / 10, durability, seed);
        say(&format!("power loss, large values, {durability:?}"), large)?;
        say(&format!("changed bits, {durability:?}"), || trials::flips(flips, durability, seed))?;
    }
    say("failing disk", || trials::errors(1))?;
    say("reads from a failing disk", || trials::reads(1))
}

fn say<T: std::fmt::Display>(
    name: &str,
    trial: impl FnOnce() -> Result<T, trials::Trial>,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let done = trial().map_err(|error| format!("{name}, {error}"))?;
    println!("{name}: {done} ({:.1} s)", began.elapsed().as_secs_f64());
    Ok(())
}
