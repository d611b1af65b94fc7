//! Patterns of paths: `*` and `?` stay within a folder, `**` crosses folders, everything else is itself.
//!
//! A pattern is a small automaton whose states are the bits of one word, so matching takes the same few steps for every
//! character whatever a stranger writes into the pattern. Crates for globs give brackets and braces a meaning, which are
//! letters in real paths (`pages/[id].tsx`).

/// States of an automaton: one for each element after the literal beginning, and the end.
const STATES: usize = 128;

/// A pattern of paths.
///
/// ```
/// # use kubeorch_core::plugin::source::Pattern;
/// let pattern = Pattern::new("**/Dockerfile*").unwrap();
/// assert!(pattern.matches("Dockerfile") && pattern.matches("web/app/Dockerfile.dev"));
/// assert!(!pattern.matches("web/Dockerfiles/readme"));
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    prefix: String,
    elements: Vec<Element>,
    /// States that lead to the next one without a character.
    skip: u128,
    /// States that also lead to the one after that: of `**/`, which may stand for no folder.
    leap: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Char(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `**`
    Any,
    /// `**/` at the beginning of a folder's name: any number of whole folders. Its other half follows.
    Folders,
    /// Within one of these folders; left at the end of any.
    Folder,
}

impl Pattern {
    /// Reads a pattern; `None` when it has more than 127 elements after its literal beginning.
    pub fn new(text: &str) -> Option<Self> {
        let wild = text.find(['*', '?']).unwrap_or(text.len());
        let (prefix, rest) = text.split_at(wild);
        let elements = elements(rest, prefix.is_empty() || prefix.ends_with('/'));
        if elements.len() >= STATES {
            return None;
        }
        let states = |which: fn(&Element) -> bool| {
            let numbered = elements.iter().enumerate().filter(|(_, element)| which(element));
            numbered.fold(0, |bits, (state, _)| bits | 1 << state)
        };
        let skip = states(|element| matches!(element, Element::Run | Element::Any | Element::Folders));
        let leap = states(|element| *element == Element::Folders);
        Some(Self { prefix: prefix.to_owned(), elements, skip, leap })
    }

    /// What every match begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a whole path matches.
    pub fn matches(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(&self.prefix) else { return false };
        let mut states = self.settle(1);
        for character in rest.chars() {
            states = self.settle(self.step(states, character));
            if states == 0 {
                return false;
            }
        }
        states >> self.elements.len() & 1 == 1
    }

    /// Adds the states that follow without a character.
    fn settle(&self, mut states: u128) -> u128 {
        loop {
            let more = states | (states & self.skip) << 1 | (states & self.leap) << 2;
            if more == states {
                return states;
            }
            states = more;
        }
    }

    fn step(&self, states: u128, character: char) -> u128 {
        let mut next = 0;
        let mut left = states;
        while left != 0 {
            let state = left.trailing_zeros() as usize;
            left &= left - 1;
            next |= match self.elements.get(state) {
                Some(Element::Char(own)) if *own == character => 1 << (state + 1),
                Some(Element::One) if character != '/' => 1 << (state + 1),
                Some(Element::Run) if character != '/' => 1 << state,
                Some(Element::Folder) if character == '/' => 0b11 << state,
                Some(Element::Folder | Element::Any) => 1 << state,
                _ => 0,
            };
        }
        next
    }
}

/// The elements of a pattern that starts with a wildcard. `boundary` tells whether a folder's name begins there.
fn elements(text: &str, mut boundary: bool) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (element, taken) = match character {
            '*' if boundary && rest.starts_with("**/") => (Element::Folders, 3),
            '*' if rest.starts_with("**") => (Element::Any, 2),
            '*' => (Element::Run, 1),
            '?' => (Element::One, 1),
            other => (Element::Char(other), other.len_utf8()),
        };
        boundary = matches!(element, Element::Folders | Element::Char('/'));
        match element {
            Element::Folders if elements.last() == Some(&Element::Folder) => {}
            Element::Folders => elements.extend([Element::Folders, Element::Folder]),
            // A second one matches nothing that the first does not.
            Element::Run | Element::Any if elements.last() == Some(&element) => {}
            _ => elements.push(element),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    elements
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        for (pattern, yes, no) in [
            ("a.txt", &["a.txt"][..], &["a.txt2", "b/a.txt", "a"][..]),
            ("*.txt", &["a.txt", ".txt"], &["b/a.txt", "a.txt/b"]),
            ("**/*.txt", &["a.txt", "b/a.txt", "b/c/.txt"], &["a.txt/b", "b/atxt"]),
            (
                "**/Dockerfile",
                &["Dockerfile", "a/Dockerfile", "a/b/Dockerfile"],
                &["xDockerfile", "a/xDockerfile"],
            ),
            ("src/**", &["src/a", "src/a/b"], &["src", "srcs/a"]),
            ("src/**/mod.rs", &["src/mod.rs", "src/a/mod.rs", "src/a/b/mod.rs"], &["src/amod.rs", "mod.rs"]),
            ("a**b", &["ab", "a/b", "axx/yyb"], &["a", "b"]),
            ("a**/b", &["a/b", "ax/b", "ax/y/b"], &["ab", "axb"]),
            ("**/**/x", &["x", "a/x", "a/b/x"], &["ax"]),
            ("?.md", &["a.md", "ü.md"], &[".md", "ab.md", "/.md"]),
            ("pages/[id]{a,b}.tsx", &["pages/[id]{a,b}.tsx"], &["pages/i.tsx", "pages/[id]a.tsx"]),
            ("**", &["a", "a/b"], &[]),
            ("", &[], &["a"]),
        ] {
            let compiled = Pattern::new(pattern).unwrap();
            for path in yes {
                assert!(compiled.matches(path), "{pattern} and {path}");
            }
            for path in no {
                assert!(!compiled.matches(path), "{pattern} and {path}");
            }
        }
    }

    #[test]
    fn a_long_literal_is_fine_and_a_long_tail_is_not() {
        assert!(Pattern::new(&format!("{}/*", "x".repeat(1000))).is_some());
        assert!(Pattern::new(&format!("*{}", "x".repeat(126))).is_some());
        assert!(Pattern::new(&format!("*{}", "x".repeat(127))).is_none());
    }

    /// The same by the definition, in exponential time.
    fn slow(pattern: &str, path: &str, boundary: bool) -> bool {
        let tail = |text: &str| text.chars().skip(1).collect::<String>();
        if boundary && let Some(after) = pattern.strip_prefix("**/") {
            let folders = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
            return slow(after, path, true) || folders.into_iter().any(|rest| slow(after, rest, true));
        }
        if let Some(after) = pattern.strip_prefix("**") {
            return (0..=path.len()).filter_map(|at| path.get(at..)).any(|rest| slow(after, rest, false));
        }
        match (pattern.chars().next(), path.chars().next()) {
            (None, None) => true,
            (Some('*'), None) => slow(&tail(pattern), path, false),
            (Some('*'), Some(c)) => {
                slow(&tail(pattern), path, false) || c != '/' && slow(pattern, &tail(path), false)
            }
            (Some('?'), Some(c)) => c != '/' && slow(&tail(pattern), &tail(path), false),
            (Some(own), Some(c)) => own == c && slow(&tail(pattern), &tail(path), own == '/'),
            (_, None) | (None, _) => false,
        }
    }

    proptest! {
        #[test]
        fn the_automaton_agrees_with_the_definition(pattern in "[ab/*?]{0,8}", path in "[ab]{1,2}(/[ab]{1,2}){0,3}") {
            let found = Pattern::new(&pattern).unwrap().matches(&path);
            prop_assert_eq!(found, slow(&pattern, &path, true), "{} and {}", pattern, path);
        }
    }
}
