//! A `Procfile`: one process a line, `NAME: COMMAND`, for projects that declare no services.

use std::collections::BTreeMap;

/// A process of a Procfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name: letters, digits, `_` and `-`.
    pub name: String,
    /// Its command, for a shell.
    pub command: String,
    /// The line that declares it, from 1.
    pub line: usize,
}

/// A mistake in a Procfile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ProcfileError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The mistake.
    pub kind: ProcfileErrorKind,
}

/// The kinds of mistakes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcfileErrorKind {
    /// The line has no colon behind a name.
    #[error("`{text}` is not `NAME: COMMAND`")]
    NoName {
        /// The line.
        text: String,
    },
    /// The name has other characters.
    #[error("`{name}` is no name; names have letters, digits, `_` and `-`")]
    OddName {
        /// The name.
        name: String,
    },
    /// There is no command.
    #[error("`{name}` has no command")]
    NoCommand {
        /// The name.
        name: String,
    },
    /// The name was declared before.
    #[error("`{name}` is declared in line {first}, too")]
    Twice {
        /// The name.
        name: String,
        /// The line that declares it first.
        first: usize,
    },
}

/// The processes in the text of a Procfile, in its order.
///
/// # Errors
/// All mistakes at once. Empty lines and those that begin with `#` are none.
pub fn parse(text: &str) -> Result<Vec<Process>, Vec<ProcfileError>> {
    let (mut processes, mut errors) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let column = 1 + line.chars().take_while(|character| character.is_whitespace()).count();
        match process(trimmed, number) {
            Ok(process) => match lines.get(&process.name) {
                Some(first) => {
                    let kind = ProcfileErrorKind::Twice { name: process.name, first: *first };
                    errors.push(ProcfileError { line: number, column, kind });
                }
                None => {
                    lines.insert(process.name.clone(), number);
                    processes.push(process);
                }
            },
            Err(kind) => errors.push(ProcfileError { line: number, column, kind }),
        }
    }
    if errors.is_empty() { Ok(processes) } else { Err(errors) }
}

fn process(text: &str, line: usize) -> Result<Process, ProcfileErrorKind> {
    let (name, command) = text.split_once(':').ok_or_else(|| ProcfileErrorKind::NoName { text: text.to_owned() })?;
    let (name, command) = (name.trim_end().to_owned(), command.trim().to_owned());
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(ProcfileErrorKind::OddName { name });
    }
    if command.is_empty() {
        return Err(ProcfileErrorKind::NoCommand { name });
    }
    Ok(Process { name, command, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read_in_their_order() {
        let text = "\u{feff}# what runs\nweb: bundle exec puma -p $PORT\r\n\n  worker-2 :sidekiq -q a:b # kept\n";
        let process =
            |name: &str, command: &str, line| Process { name: name.to_owned(), command: command.to_owned(), line };
        let expected =
            [process("web", "bundle exec puma -p $PORT", 2), process("worker-2", "sidekiq -q a:b # kept", 4)];
        assert_eq!(parse(text), Ok(expected.into()));
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn all_mistakes_are_named_at_once_with_their_places() {
        let text = "web: x\nno colon\n  a b: x\nempty:\nweb: y\n: z\n";
        let errors = parse(text).expect_err("it has mistakes");
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let expected = [
            "line 2, column 1: `no colon` is not `NAME: COMMAND`",
            "line 3, column 3: `a b` is no name; names have letters, digits, `_` and `-`",
            "line 4, column 1: `empty` has no command",
            "line 5, column 1: `web` is declared in line 1, too",
            "line 6, column 1: `` is no name; names have letters, digits, `_` and `-`",
        ];
        assert_eq!(shown, expected);
    }
}
