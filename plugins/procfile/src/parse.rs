//! The grammar: `name: command`, a line each. Blank lines and lines that begin with `#` are skipped, as every runner of
//! Procfiles does.

/// Processes that are read; the rest are told as one line too many.
const MOST: usize = 64;

/// A Procfile, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) processes: Vec<Process>,
    /// Lines that are none of it.
    pub(crate) strange: Vec<Strange>,
}

/// A process, in the words of its line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) command: String,
    /// From 1.
    pub(crate) line: u32,
}

/// A line that is no process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Strange {
    pub(crate) line: u32,
    pub(crate) why: Why,
}

/// Why a line is no process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Not `name: command`.
    Syntax,
    /// No command after the name.
    NoCommand(String),
    /// The name was there already, on that line.
    Again(String, u32),
    /// The 65th process; nothing after it is read.
    TooMany,
}

pub(crate) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match process(text, line, &parsed.processes) {
            Ok(_) if parsed.processes.len() == MOST => {
                parsed.strange.push(Strange { line, why: Why::TooMany });
                break;
            }
            Ok(process) => parsed.processes.push(process),
            Err(_) if parsed.strange.len() == MOST => {}
            Err(why) => parsed.strange.push(Strange { line, why }),
        }
    }
    parsed
}

fn process(text: &str, line: u32, before: &[Process]) -> Result<Process, Why> {
    let (name, command) = text.split_once(':').ok_or(Why::Syntax)?;
    let name = name.trim_end();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || !name.bytes().all(good) {
        return Err(Why::Syntax);
    }
    if let Some(known) = before.iter().find(|known| known.name == name) {
        return Err(Why::Again(name.to_owned(), known.line));
    }
    match command.trim() {
        "" => Err(Why::NoCommand(name.to_owned())),
        command => Ok(Process { name: name.to_owned(), command: command.to_owned(), line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let parsed = parse(
            "\u{feff}# app\r\n\r\nweb: bin/web -p $PORT\r\nworker : bin/a:b\nhttp://x\nclock:\nweb: again\n",
        );
        let seen: Vec<_> =
            parsed.processes.iter().map(|it| (it.name.as_str(), it.command.as_str(), it.line)).collect();
        assert_eq!(seen, [("web", "bin/web -p $PORT", 3), ("worker", "bin/a:b", 4), ("http", "//x", 5)]);
        let strange: Vec<_> = parsed.strange.into_iter().map(|it| (it.line, it.why)).collect();
        assert_eq!(strange, [(6, Why::NoCommand("clock".to_owned())), (7, Why::Again("web".to_owned(), 3))]);
    }

    #[test]
    fn a_file_of_many_lines_is_cut() {
        let text: String = (0..100).map(|n| format!("p{n}: x\n")).collect();
        let parsed = parse(&text);
        assert_eq!(parsed.processes.len(), MOST);
        assert_eq!(parsed.strange, [Strange { line: 65, why: Why::TooMany }]);
        assert_eq!(parse(&"?\n".repeat(1000)).strange.len(), MOST);
    }
}
