# The same recipes on a laptop and on a server. `just` alone lists them.

_list:
    @just --list --unsorted

# Everything that must be green
ci:
    CI=true .ci/run

# Format everything, the fuzz targets too
fmt:
    cargo fmt --all
    rustfmt fuzz/fuzz_targets/*.rs --edition 2024

# Formatting and clippy, warnings are errors
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# All tests, as the README says
test:
    cargo test --workspace

# The suites that need a cluster on a real one: a control plane built here (needs Go), or `just test-cluster given` for KUBECONFIG's
test-cluster TARGET='built':
    {{ if TARGET == "given" { "" } else { "kubeorch-core/tests/control-plane/build.sh && target/control-plane up -- " } }}env KUBEORCH_TEST_CLUSTER=1 cargo test --workspace --test it -- live:: kubectl::

# All tests but doctests, faster and with a deadline for each (needs cargo-nextest)
nextest *ARGS:
    cargo nextest run --workspace {{ ARGS }}

# The documentation, warnings are errors
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Licences, advisories, sources, bans (needs cargo-deny)
deny:
    cargo deny --all-features check

# The walls that features keep: the engine without any edge, and with each alone
features:
    cargo check -p kubeorch-core --no-default-features
    cargo check -p kubeorch-core --no-default-features --features redb
    cargo check -p kubeorch-core --no-default-features --features kube
    cargo check -p kubeorch-core --no-default-features --features wasm
    cargo check -p kubeorch-core --no-default-features --features fetch
    cargo check -p kubeorch-core --no-default-features --features test-util
    cargo check -p kubeorch-http --no-default-features

# Rewrite the goldens of the API, the help texts and the plugins; read the diff
bless:
    KUBEORCH_BLESS=1 cargo test -p kubeorch-http -p kubeorch-plugin-kubernetes -p kubeorch-plugin-json -p kubeorch-plugin-procfile -p kubeorch-plugin-service-selector -p kubeorch-plugin-crd-catalog
    git diff --stat

# Benches, each next to its baseline
bench *ARGS:
    cargo bench -p kubeorch-benches {{ ARGS }}

# Crashes, failing disks and changed bits at any size; kills of the server by number
faults *ARGS:
    cargo bench -p kubeorch-benches --bench faults -- {{ ARGS }}
kills KILLS='10000':
    KUBEORCH_KILLS={{ KILLS }} cargo test --release -p kubeorch-http --test cli crash -- --nocapture

# Fuzz one target for a minute (needs cargo-fuzz and a nightly compiler)
fuzz TARGET='graph' SECONDS='60':
    cargo +nightly fuzz run {{ TARGET }} -- -max_total_time={{ SECONDS }}

# The guestbook in a simulated cluster
up:
    cargo run --release -- up examples/guestbook/workflow.yaml
