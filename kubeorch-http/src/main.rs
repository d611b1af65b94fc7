//! The binary `kubeorch`; everything is in [`kubeorch_http::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    kubeorch_http::cli::main()
}
