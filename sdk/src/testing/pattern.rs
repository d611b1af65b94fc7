//! The patterns of a listing: `*` and `?` stay within a folder, `**` crosses folders.

/// A pattern, by the parts between its slashes.
#[derive(Debug)]
pub(super) struct Pattern<'a>(Vec<&'a str>);

impl<'a> Pattern<'a> {
    /// None for what can match nothing: an empty part, `.` or `..`.
    pub(super) fn parse(pattern: &'a str) -> Option<Self> {
        let parts: Vec<_> = pattern.split('/').collect();
        let good = parts.iter().all(|part| !part.is_empty() && *part != "." && *part != "..");
        good.then_some(Self(parts))
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let path: Vec<_> = path.split('/').collect();
        parts(&self.0, &path)
    }
}

fn parts(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            parts(rest, path) || path.split_first().is_some_and(|(_, below)| parts(pattern, below))
        }
        (Some((first, rest)), Some((name, below))) => {
            letters(first.as_bytes(), name.as_bytes()) && parts(rest, below)
        }
        _ => false,
    }
}

fn letters(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            letters(rest, name) || name.split_first().is_some_and(|(_, after)| letters(pattern, after))
        }
        (Some((b'?', rest)), Some((_, after))) => letters(rest, after),
        (Some((one, rest)), Some((other, after))) => one == other && letters(rest, after),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_a_folder_and_two_cross_them() {
        for (pattern, good, bad) in [
            ("Procfile", &["Procfile"][..], &["a/Procfile", "Procfile2"][..]),
            ("**/Procfile", &["Procfile", "a/Procfile", "a/b/Procfile"], &["a/xProcfile"]),
            ("*.yaml", &["a.yaml", ".yaml"], &["a/b.yaml", "a.yml"]),
            ("a/**", &["a/b", "a/b/c"], &["b/a"]),
            ("a/**/c", &["a/c", "a/b/c", "a/b/b/c"], &["a/b", "c"]),
            ("?.m*", &["a.md", "b.m"], &["ab.md"]),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert!(good.iter().all(|path| parsed.matches(path)), "{pattern}");
            assert!(!bad.iter().any(|path| parsed.matches(path)), "{pattern}");
        }
        for nothing in ["", "/a", "a//b", "a/", "../a"] {
            assert!(Pattern::parse(nothing).is_none(), "{nothing}");
        }
    }
}
