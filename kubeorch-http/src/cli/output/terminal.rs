//! The one place that writes to stdout and stderr.
//!
//! Stdout carries the answer, stderr everything else. Colours follow `--color`, `NO_COLOR`,
//! `CLICOLOR_FORCE`, `TERM` and whether a stream is a terminal; the check is made for each stream.

use std::io::{ErrorKind, IsTerminal, Write};

use super::{Format, Progress, Row, Tone, document, paint};
use crate::cli::exit;
use crate::cli::failure::Failure;

/// Columns when nobody says how wide the terminal is.
const COLUMNS: usize = 80;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Stdout and stderr of a command.
pub(crate) struct Terminal {
    quiet: bool,
    live: bool,
    drawn: usize,
}

impl Terminal {
    /// `quiet` leaves out everything on stderr but errors; `verbose` leaves out redrawing, so that log lines and
    /// progress do not overwrite each other.
    pub(crate) fn new(color: Color, quiet: bool, verbose: bool) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let live = !quiet && !verbose && !dumb && std::io::stderr().is_terminal();
        Self { quiet, live, drawn: 0 }
    }

    /// Whether progress is redrawn in place.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Writes the answer. A reader that went away (`| head`) is no failure.
    pub(crate) fn data(&mut self, text: &str) -> Result<(), Failure> {
        self.clear();
        let mut out = anstream::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(exit::FAILURE, format!("stdout cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Where an answer goes that is too large to be one text. Bytes pass as they are.
    pub(crate) fn pipe(&mut self) -> std::io::Stdout {
        self.clear();
        std::io::stdout()
    }

    /// Writes a line about what goes on, unless quiet.
    pub(crate) fn note(&mut self, line: &str) {
        if !self.quiet {
            self.clear();
            self.say(line);
        }
    }

    /// Writes a warning, quiet or not.
    pub(crate) fn warn(&mut self, line: &str) {
        self.clear();
        self.say(&format!("{} {line}", paint(Tone::Busy, "warning:")));
    }

    /// Shows a node's new state: a line, or the redrawn block.
    pub(crate) fn progress(&mut self, progress: &Progress, changed: &Row) {
        if self.live {
            self.redraw(progress);
        } else if !self.quiet {
            self.say(&progress.line(changed));
        }
    }

    /// Draws the block anew, on a terminal.
    pub(crate) fn redraw(&mut self, progress: &Progress) {
        if !self.live {
            return;
        }
        self.clear();
        let size = terminal_size::terminal_size_of(std::io::stderr());
        let columns = size.map_or(COLUMNS, |(width, _)| usize::from(width.0));
        let lines = progress.block(columns);
        self.drawn = lines.len();
        self.say(&lines.join("\n"));
    }

    /// Takes the block away.
    pub(crate) fn clear(&mut self) {
        if self.drawn > 0 {
            let up = std::mem::take(&mut self.drawn);
            self.write(&format!("\u{1b}[{up}A\u{1b}[J"));
        }
    }

    /// Shows why a command failed: findings, sentence, next step. With a format for programs the same stands as
    /// a document on stdout.
    pub(crate) fn failure(&mut self, format: Format, failure: &Failure) {
        self.clear();
        for finding in &failure.findings {
            self.finding(finding);
        }
        self.say(&format!("{} {}", paint(Tone::Bad, "error:"), failure.message));
        if !failure.hint.is_empty() {
            self.say(&format!("{} {}", paint(Tone::Bold, "hint:"), failure.hint));
        }
        let value = serde_json::json!({"error": {
            "exitCode": failure.code, "message": failure.message, "hint": failure.hint, "findings": failure.findings,
        }});
        if let Some(text) = document(format, &value) {
            // The failure itself is already on stderr; a second one about stdout helps nobody.
            let _ = self.data(&text);
        }
    }

    /// Shows one remark on the workflow: node, field, reason, and the next step under it.
    pub(crate) fn finding(&mut self, finding: &kubeorch_core::error::Finding) {
        self.clear();
        let label = if finding.is_error() { paint(Tone::Bad, "error") } else { paint(Tone::Busy, "warning") };
        self.say(&format!("  {label} {finding} {}", paint(Tone::Dim, &format!("[{}]", finding.code))));
        if !finding.hint.is_empty() {
            self.say(&format!("    {}", paint(Tone::Dim, &finding.hint)));
        }
    }

    /// Writes a line that belongs to a failure, quiet or not.
    pub(crate) fn tell(&mut self, line: &str) {
        self.clear();
        self.say(line);
    }

    fn say(&mut self, line: &str) {
        self.write(&format!("{line}\n"));
    }

    /// There is nowhere to report that stderr is gone.
    #[allow(clippy::unused_self)]
    fn write(&mut self, text: &str) {
        let mut err = anstream::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}
