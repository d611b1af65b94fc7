//! Tables of examples, and properties over generated graphs: one file per subject.

mod example_diff;
mod examples;
mod prop_diff;
mod prop_hash;
mod prop_layout;
mod prop_links;
mod prop_order;
mod prop_snapshot;
mod prop_validate;
pub(crate) mod strategies;

/// Cases per property: what keeps all of them together within some seconds.
fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        failure_persistence: None,
        ..proptest::test_runner::Config::with_cases(64)
    }
}
