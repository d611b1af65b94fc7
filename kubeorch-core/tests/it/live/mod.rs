//! Suites that run on a cluster with controllers: the simulator, or a real one (`just test-cluster`).
//! `deploy.rs` one level up is the same ground on the fake, where calls are counted and failures scripted.

mod deploy;
mod edge;
mod target;
