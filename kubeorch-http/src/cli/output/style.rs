//! Colours by meaning. The terminal strips them where they are not wanted.

use anstyle::{AnsiColor, Style};

/// What a word says about the state of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// On its way, or worth knowing.
    Busy,
    /// Wrong.
    Bad,
    /// Less important.
    Dim,
    /// More important.
    Bold,
}

/// A text in the colour of its meaning.
pub(crate) fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Busy => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Bold => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}

/// The tone of a word for a node's state (contract 5.8), a run's status or a planned action.
pub(crate) fn tone(state: &str) -> Tone {
    match state.to_ascii_lowercase().as_str() {
        "ready" | "completed" | "healthy" | "bound" | "active" | "created" | "create" | "stable" => {
            Tone::Good
        }
        "failed" | "error" | "lost" | "delete" | "deleted" | "cancelled" => Tone::Bad,
        "unchanged" | "none" | "pending" | "suspended" => Tone::Dim,
        _ => Tone::Busy,
    }
}
