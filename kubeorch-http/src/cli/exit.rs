//! The exit codes, one meaning each. They are part of the interface: scripts may rely on them.

use kubeorch_core::error::Kind;

/// Done; `up`: everything is ready.
pub const OK: u8 = 0;
/// It failed in a way that no other code names.
pub const FAILURE: u8 = 1;
/// The command line or the configuration is wrong; nothing was done.
pub const USAGE: u8 = 2;
/// The workflow or the plugin has errors, all of them were shown; nothing was applied.
pub const INVALID: u8 = 3;
/// The cluster refused an object, or a node cannot get ready.
pub const DEPLOY_FAILED: u8 = 4;
/// Not everything was ready within `--timeout`.
pub const TIMED_OUT: u8 = 5;
/// The cluster does not answer, or refuses the credentials.
pub const CLUSTER: u8 = 6;
/// The store is in use, damaged, full, or was written by a newer release.
pub const STORE: u8 = 7;
/// The address to listen on is in use or not ours.
pub const ADDRESS: u8 = 8;
/// `plan --detailed-exitcode`: there is something to change.
pub const CHANGES: u8 = 9;
/// Ctrl-C or SIGTERM ended it before it was done.
pub const INTERRUPTED: u8 = 130;

/// Every code with one sentence, in order; the help text shows it.
pub const ALL: &[(u8, &str)] = &[
    (OK, "done; `up`: everything is ready"),
    (FAILURE, "a failure that no other code names"),
    (USAGE, "wrong command line or configuration; nothing was done"),
    (INVALID, "the workflow or the plugin has errors; nothing was applied"),
    (DEPLOY_FAILED, "the cluster refused an object, or a node cannot get ready"),
    (TIMED_OUT, "not everything was ready within --timeout"),
    (CLUSTER, "the cluster does not answer or refuses the credentials"),
    (STORE, "the store is in use, damaged, full or of a newer release"),
    (ADDRESS, "the address to listen on is in use or not available"),
    (CHANGES, "`plan --detailed-exitcode`: there is something to change"),
    (INTERRUPTED, "interrupted before it was done"),
];

/// The code for an error of the engine.
pub fn of(error: &kubeorch_core::Error) -> u8 {
    let (part, what) = error.code().name.split_once('.').unwrap_or((error.code().name, ""));
    match (part, what) {
        // Another place than the store's.
        ("store", "destination") => FAILURE,
        ("store", "reserve") => USAGE,
        ("store", _) => STORE,
        ("graph", _) | ("plugin", "invalid") => INVALID,
        _ if error.findings().iter().any(kubeorch_core::error::Finding::is_error) => INVALID,
        ("cluster", "unreachable" | "denied") | ("credentials", _) => CLUSTER,
        ("cluster", _) => DEPLOY_FAILED,
        _ if error.kind() == Kind::Cancelled => INTERRUPTED,
        _ => FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeorch_core::error::{Code, codes};

    #[test]
    fn codes_of_the_engine_map_to_their_documented_exit_code() {
        let check = |code: &'static Code, expected: u8| {
            assert_eq!(of(&kubeorch_core::Error::new(code, "x")), expected, "{}", code.name);
        };
        check(codes::STORE_LOCKED, STORE);
        check(codes::STORE_NEWER, STORE);
        check(codes::STORE_DAMAGED, STORE);
        check(codes::STORE_UNRELATED, STORE);
        check(codes::STORE_DESTINATION, FAILURE);
        check(codes::STORE_RESERVE, USAGE);
        check(codes::GRAPH_INVALID, INVALID);
        check(codes::CLUSTER_UNREACHABLE, CLUSTER);
        check(codes::CLUSTER_DENIED, CLUSTER);
        check(codes::CREDENTIALS_INVALID, CLUSTER);
        check(codes::CLUSTER_REJECTED, DEPLOY_FAILED);
        check(codes::CLUSTER_CONFLICT, DEPLOY_FAILED);
        check(codes::PLUGIN_FAILED, FAILURE);
        check(codes::PLUGIN_INVALID, INVALID);
    }

    #[test]
    fn every_code_has_one_meaning() {
        let mut codes: Vec<u8> = ALL.iter().map(|(code, _)| *code).collect();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.is_sorted());
    }
}
