//! Aligned columns, as kubectl prints them.

use unicode_width::UnicodeWidthStr;

use super::{paint, tone};

/// Blanks between two columns.
const GAP: usize = 3;

/// Rows of text under a header. Cells keep one line: line breaks in them become blanks.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    toned: Option<usize>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), toned: None }
    }

    /// Colours the cells of a column by the state that they name.
    pub(crate) fn toned(mut self, column: usize) -> Self {
        self.toned = Some(column);
        self
    }

    /// Adds a row; missing cells stay empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| one_line(&cell)).collect());
    }

    /// The text, each line ended; trailing blanks left out.
    pub(crate) fn render(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain([self.header[column].width()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let header: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let mut text = line(&header, &widths, None);
        for row in &self.rows {
            text.push_str(&line(row, &widths, self.toned));
        }
        text
    }
}

fn line(cells: &[String], widths: &[usize], toned: Option<usize>) -> String {
    let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
    let mut text = String::new();
    for (column, cell) in cells.iter().enumerate().take(last + 1) {
        if toned == Some(column) && !cell.is_empty() {
            text.push_str(&paint(tone(cell), cell));
        } else {
            text.push_str(cell);
        }
        if column < last {
            text.push_str(&" ".repeat(widths[column].saturating_sub(cell.width()) + GAP));
        }
    }
    text.push('\n');
    text
}

/// The text without line breaks and other control characters: what a cluster answers must not steer the terminal.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts a line to a number of columns.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if out.width() + unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) + 1 > columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_cells_hold() {
        let mut table = Table::new(&["NODE", "STATE", "MESSAGE"]);
        table.row(["web", "ready", "2/2 pods ready"].map(String::from));
        table.row(["データ", "failed", "line one\n\u{1b}[31mline two"].map(String::from));
        table.row(["db".to_owned(), "pending".to_owned(), String::new()]);
        let expected = "NODE     STATE     MESSAGE\n\
                        web      ready     2/2 pods ready\n\
                        データ   failed    line one [31mline two\n\
                        db       pending\n";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn a_line_is_cut_by_columns_not_bytes() {
        for (text, columns, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("データ", 5, "デー…"), ("", 0, ""), ("a", 0, "…")]
        {
            assert_eq!(cut(text, columns), expected, "{text}");
        }
    }
}
