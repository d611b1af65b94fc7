//! Which paths there are in a tree.

/// Bytes of a path.
pub const MAX_PATH: usize = 1024;

/// Whether a text is the path of a file: relative, with `/`, no empty part, no `.` or `..`, no NUL and no backslash
/// (which another system would take for a separator).
///
/// ```
/// use kubeorch_core::plugin::source::valid_path;
/// assert!(valid_path("charts/web/values.yaml"));
/// assert!(!valid_path("../etc/passwd") && !valid_path("/etc/passwd") && !valid_path("a//b"));
/// ```
pub fn valid_path(path: &str) -> bool {
    path.len() <= MAX_PATH
        && !path.contains(['\0', '\\'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
