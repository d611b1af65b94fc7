//! Where each node of a run stands, as text.

use std::time::Duration;

use super::table::{cut, one_line};
use super::{Tone, paint, tone};

/// Lines of the redrawn block without its last one; more nodes are summed up.
const MAX_LINES: usize = 10;

/// A node's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Node id.
    pub(crate) node: String,
    /// A word: `pending`, `applying`, `waiting`, `ready`, `failed`.
    pub(crate) state: String,
    /// What it waits for, or why it failed.
    pub(crate) message: String,
}

/// All nodes of a run, in the order of the file.
pub(crate) struct Progress {
    rows: Vec<Row>,
    width: usize,
    elapsed: Duration,
}

impl Progress {
    /// All nodes pending.
    pub(crate) fn new(nodes: impl IntoIterator<Item = String>) -> Self {
        let rows: Vec<Row> = nodes
            .into_iter()
            .map(|node| Row { node, state: "pending".into(), message: String::new() })
            .collect();
        let width =
            rows.iter().map(|row| unicode_width::UnicodeWidthStr::width(&*row.node)).max().unwrap_or(0);
        Self { rows, width, elapsed: Duration::ZERO }
    }

    /// Takes a node's state; the row when that is news. Nodes that are not of the run are not shown.
    pub(crate) fn update(&mut self, mut row: Row) -> Option<Row> {
        row.message = one_line(&row.message);
        let known = self.rows.iter_mut().find(|known| known.node == row.node)?;
        (*known != row).then(|| {
            known.clone_from(&row);
            row
        })
    }

    /// How long the run has taken so far.
    pub(crate) fn elapse(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    /// One state change on a line of its own.
    pub(crate) fn line(&self, row: &Row) -> String {
        let pad = self.width.saturating_sub(unicode_width::UnicodeWidthStr::width(&*row.node));
        let text = format!("  {}{}  {:<9}  {}", row.node, " ".repeat(pad), row.state, row.message);
        text.trim_end().replacen(&row.state, &paint(tone(&row.state), &row.state), 1)
    }

    /// Nodes that are not ready yet, and a line with the sum.
    pub(crate) fn block(&self, columns: usize) -> Vec<String> {
        let open: Vec<&Row> = self.rows.iter().filter(|row| tone(&row.state) != Tone::Good).collect();
        let mut lines: Vec<String> =
            open.iter().take(MAX_LINES).map(|row| self.cut_line(row, columns)).collect();
        if open.len() > MAX_LINES {
            lines.push(format!("  … and {} more", open.len() - MAX_LINES));
        }
        let ready = self.rows.len() - open.len();
        lines.push(format!("{ready} of {} nodes ready, {}", self.rows.len(), seconds(self.elapsed)));
        lines
    }

    fn cut_line(&self, row: &Row, columns: usize) -> String {
        let used = 2 + self.width + 2 + row.state.len().max(9) + 2;
        // One column stays free: some terminals wrap when the last one is written.
        let message = cut(&row.message, columns.saturating_sub(used + 1));
        self.line(&Row { message, ..row.clone() })
    }
}

/// A duration for people: `4.2 s`, `3 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..=99 => format!("{:.1} s", duration.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(node: &str, state: &str, message: &str) -> Row {
        Row { node: node.into(), state: state.into(), message: message.into() }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn only_news_is_told() {
        let mut progress = Progress::new(["web", "db"].map(String::from));
        for (change, told) in [
            (row("web", "pending", ""), false),
            (row("web", "waiting", "0/2 pods ready"), true),
            (row("web", "waiting", "0/2 pods ready"), false),
            (row("web", "waiting", "0/2 pods\nready"), false),
            (row("stranger", "ready", ""), false),
            (row("web", "ready", ""), true),
        ] {
            assert_eq!(progress.update(change.clone()).is_some(), told, "{change:?}");
        }
    }

    #[test]
    fn a_node_named_like_its_state_keeps_its_line() {
        let progress = Progress::new(["ready".to_owned()]);
        assert_eq!(plain(&progress.line(&row("ready", "ready", "all"))), "  ready  ready      all");
    }

    #[test]
    fn the_block_shows_what_is_open_and_fits() {
        let mut progress = Progress::new((0..20).map(|n| format!("n{n}")));
        progress.elapse(Duration::from_millis(4210));
        progress.update(row("n0", "ready", ""));
        progress.update(row("n1", "waiting", &"x".repeat(200)));
        let block: Vec<String> = progress.block(40).iter().map(|line| plain(line)).collect();
        assert_eq!(block.len(), 12);
        assert!(block[0].starts_with("  n1   waiting    xxx"), "{block:#?}");
        assert!(block.iter().all(|line| line.chars().count() < 40), "{block:#?}");
        assert_eq!(block[10..], ["  … and 9 more", "1 of 20 nodes ready, 4.2 s"]);
    }

    #[test]
    fn durations_read_well() {
        for (millis, text) in [(0, "0.0 s"), (4_210, "4.2 s"), (99_949, "99.9 s"), (185_000, "3 min 5 s")] {
            assert_eq!(seconds(Duration::from_millis(millis)), text);
        }
    }
}
