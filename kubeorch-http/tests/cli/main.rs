//! The built binary, as people and scripts meet it: texts, answers, exit codes, signals.

mod deploy;
mod harness;
mod help;
mod refused;
mod serve;
mod simulator;
