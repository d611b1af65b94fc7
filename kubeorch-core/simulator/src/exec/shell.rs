//! A shell that only pretends: no files, no processes, and of programs only `sh`, `bash`, `echo`,
//! `printf`, `cat`, `env`, `printenv`, `hostname`, `date`, `sleep`, `true`, `false` and `exit`.

use std::time::Duration;

use jiff::Timestamp;

/// Bytes of a command line.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest `sleep`; longer ones end earlier.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// What running something leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Out(String),
    Err(String),
    Sleep(Duration),
    /// Copy standard input to standard output until it ends.
    Copy,
    /// Read command lines from standard input until it ends.
    Read,
    /// The program ends; nothing comes after it.
    Exit(i32),
    /// There is no such program.
    Missing(String),
}

/// A shell in a container.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) hostname: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) now: Timestamp,
    /// The exit code of the last command.
    pub(crate) code: i32,
}

impl Shell {
    /// Runs the command of a request, which is no shell line unless it names a shell.
    pub(super) fn start(&mut self, command: &[String]) -> Vec<Effect> {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["sh" | "bash" | "/bin/sh" | "/bin/bash", rest @ ..] => {
                let script = rest.iter().position(|word| word.ends_with('c') && word.starts_with('-'));
                match script.and_then(|at| rest.get(at + 1)) {
                    Some(script) => self.script(script),
                    None => vec![Effect::Read],
                }
            }
            words => {
                let mut out = Vec::new();
                self.run(words, &mut out);
                if out.iter().any(|one| matches!(one, Effect::Missing(_) | Effect::Copy)) {
                    return out;
                }
                out.push(Effect::Exit(self.code));
                out
            }
        }
    }

    fn script(&mut self, script: &str) -> Vec<Effect> {
        let mut out = Vec::new();
        for line in script.lines() {
            out.append(&mut self.line(line));
            if matches!(out.last(), Some(Effect::Exit(_))) {
                return out;
            }
        }
        out.push(Effect::Exit(self.code));
        out
    }

    /// Runs one line: commands joined by `;`, `&&` and `||`.
    pub(super) fn line(&mut self, line: &str) -> Vec<Effect> {
        let mut out = Vec::new();
        if line.len() > LONGEST_LINE {
            self.code = 2;
            return vec![Effect::Err("sh: line too long\n".to_owned())];
        }
        for (joint, command) in commands(line) {
            let skip = (joint == "&&" && self.code != 0) || (joint == "||" && self.code == 0);
            if skip || command.is_empty() {
                continue;
            }
            let mut words: Vec<_> = command.iter().map(|word| self.expand(word)).collect();
            let to_stderr = words.iter().any(|word| word == ">&2" || word == "1>&2");
            words.retain(|word| word != ">&2" && word != "1>&2");
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let begin = out.len();
            self.run(&words, &mut out);
            for effect in out.iter_mut().skip(begin) {
                match effect {
                    Effect::Out(text) if to_stderr => *effect = Effect::Err(std::mem::take(text)),
                    Effect::Missing(program) => {
                        *effect = Effect::Err(format!("sh: {program}: not found\n"));
                        self.code = 127;
                    }
                    _ => {}
                }
            }
            if matches!(out.last(), Some(Effect::Exit(_))) {
                break;
            }
        }
        out
    }

    fn run(&mut self, words: &[&str], out: &mut Vec<Effect>) {
        let Some((program, arguments)) = words.split_first() else { return };
        self.code = 0;
        match (program.rsplit('/').next().unwrap_or(program), arguments) {
            ("echo", ["-n", rest @ ..]) => out.push(Effect::Out(rest.join(" "))),
            ("echo", rest) => out.push(Effect::Out(format!("{}\n", rest.join(" ")))),
            ("printf", rest) => out.push(Effect::Out(rest.first().unwrap_or(&"").replace("\\n", "\n"))),
            ("true" | ":", _) => {}
            ("false", _) => self.code = 1,
            ("hostname", _) => out.push(Effect::Out(format!("{}\n", self.hostname))),
            ("date", _) => {
                out.push(Effect::Out(format!("{}\n", self.now.strftime("%a %b %e %H:%M:%S UTC %Y"))));
            }
            ("env" | "printenv", []) => {
                let lines = self.environment.iter().map(|(key, value)| format!("{key}={value}\n"));
                out.push(Effect::Out(lines.collect()));
            }
            ("printenv", [name, ..]) => match self.variable(name) {
                Some(value) => out.push(Effect::Out(format!("{value}\n"))),
                None => self.code = 1,
            },
            ("cat", [] | ["-"]) => out.push(Effect::Copy),
            ("cat", [file, ..]) => {
                out.push(Effect::Err(format!("cat: can't open '{file}': No such file or directory\n")));
                self.code = 1;
            }
            ("sleep", [seconds, ..]) => {
                if let Ok(Ok(wait)) = seconds.parse().map(Duration::try_from_secs_f64) {
                    out.push(Effect::Sleep(wait.min(LONGEST_SLEEP)));
                } else {
                    out.push(Effect::Err(format!("sleep: invalid number '{seconds}'\n")));
                    self.code = 1;
                }
            }
            ("exit", arguments) => {
                let code = arguments.first().and_then(|code| code.parse::<u8>().ok()).unwrap_or_default();
                self.code = code.into();
                out.push(Effect::Exit(self.code));
            }
            _ => {
                self.code = 127;
                out.push(Effect::Missing((*program).to_owned()));
            }
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `$NAME`, `${NAME}` and `$?` replaced.
    fn expand(&self, word: &str) -> String {
        let mut out = String::new();
        let mut rest = word;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let after = after.get(1..).unwrap_or_default();
            if let Some(tail) = after.strip_prefix('?') {
                out.push_str(&self.code.to_string());
                rest = tail;
                continue;
            }
            let (name, tail) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(found) => found,
                None => after.split_at(
                    after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len()),
                ),
            };
            out.push_str(if name.is_empty() { "$" } else { self.variable(name).unwrap_or_default() });
            rest = tail;
        }
        out + rest
    }
}

/// The commands of a line, each with what joins it to the one before.
fn commands(line: &str) -> Vec<(&str, Vec<String>)> {
    let mut out = vec![("", Vec::new())];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.char_indices();
    let flush = |word: &mut Option<String>, out: &mut Vec<(&str, Vec<String>)>| {
        if let (Some(word), Some((_, words))) = (word.take(), out.last_mut()) {
            words.push(word);
        }
    };
    while let Some((at, letter)) = letters.next() {
        let rest = line.get(at..).unwrap_or_default();
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ';') => {
                flush(&mut word, &mut out);
                out.push((";", Vec::new()));
            }
            (None, '&' | '|') if rest.starts_with("&&") || rest.starts_with("||") => {
                flush(&mut word, &mut out);
                letters.next();
                out.push((if letter == '&' { "&&" } else { "||" }, Vec::new()));
            }
            (None, letter) if letter.is_whitespace() => flush(&mut word, &mut out),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_do_what_their_namesakes_do() {
        for (command, out, err, code) in [
            (&["echo", "a", "b"][..], "a b\n", "", 0),
            (&["echo", "-n", "a"], "a", "", 0),
            (&["/bin/sh", "-c", "exit 3"], "", "", 3),
            (&["sh", "-c", "echo out; echo err >&2; exit 4; echo never"], "out\n", "err\n", 4),
            (&["sh", "-c", "false && echo no || echo \"yes  $NAME\""], "yes  web\n", "", 0),
            (&["sh", "-ec", "false; echo $? ${NAME}x"], "1 webx\n", "", 0),
            (&["sh", "-c", "nosuch"], "", "sh: nosuch: not found\n", 127),
            (&["sh", "-c", "# quiet"], "", "", 0),
            (&["printenv", "NAME"], "web\n", "", 0),
            (&["printenv", "NONE"], "", "", 1),
            (&["env"], "NAME=web\n", "", 0),
            (&["hostname"], "web-0\n", "", 0),
            (&["cat", "/etc/hosts"], "", "cat: can't open '/etc/hosts': No such file or directory\n", 1),
            (&["date"], "Thu Jan  1 00:00:00 UTC 1970\n", "", 0),
            (&["false"], "", "", 1),
        ] {
            let mut shell = Shell {
                hostname: "web-0".to_owned(),
                environment: vec![("NAME".to_owned(), "web".to_owned())],
                now: Timestamp::UNIX_EPOCH,
                code: 0,
            };
            let command: Vec<_> = command.iter().map(|word| (*word).to_owned()).collect();
            let (mut said, mut complained, mut ended) = (String::new(), String::new(), None);
            for effect in shell.start(&command) {
                match effect {
                    Effect::Out(text) => said += &text,
                    Effect::Err(text) => complained += &text,
                    Effect::Exit(code) => ended = Some(code),
                    other => panic!("{command:?}: {other:?}"),
                }
            }
            assert_eq!((said.as_str(), complained.as_str(), ended), (out, err, Some(code)), "{command:?}");
        }
    }

    #[test]
    fn programs_that_are_not_there_are_missing_and_some_read() {
        let shell = || Shell {
            hostname: String::new(),
            environment: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            code: 0,
        };
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(shell().start(&words("ls -l")), [Effect::Missing("ls".to_owned())]);
        assert_eq!(shell().start(&words("cat")), [Effect::Copy]);
        assert_eq!(shell().start(&words("sh -i")), [Effect::Read]);
        assert_eq!(
            shell().start(&words("sleep 1.5")),
            [Effect::Sleep(Duration::from_millis(1500)), Effect::Exit(0)]
        );
    }
}
