//! A `Procfile`: one service per line, `NAME: COMMAND`, for projects that declare no services in their own file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::files::small_file::read_regular;
use vx_base::paths::leads_outside;

use super::problem::{LineStarts, Problem};
use super::services::{DeclaredService, NAME_BYTES, Port};
use crate::dotted_key::key_segment;

/// Name of the file, beside the project's.
pub const FILE_NAME: &str = "Procfile";
/// Variables for its commands, by the custom of programs that read a `Procfile`.
const VARIABLES: &str = ".env";
/// Variable that a command uses for its port, if it names no port otherwise.
const PORT: &str = "PORT";

/// Longest command; systems limit an argument to this length.
const COMMAND_BYTES: usize = 128 * 1024;

/// What a `Procfile` adds to its project.
#[derive(Clone, Debug, Default)]
pub struct Procfile {
    /// Path of the file.
    pub path: PathBuf,
    /// Its services in its order; empty if it has a mistake.
    pub services: Vec<DeclaredService>,
    /// Values that consent covers, by the keys that they would have in the project's file.
    pub values: Vec<(String, String)>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Read the `Procfile` at `path`, if there is one. An unreadable file is a problem like any in it, since only services
/// need the file.
pub fn read(path: &Path) -> Option<Procfile> {
    if leads_outside(path) {
        let advice = Some("put the file itself beside vx.toml".to_owned());
        let problems =
            vec![LineStarts::from_text("").problem(0..0, "it is a link out of the project, and is not read", advice)];
        return Some(Procfile { path: path.to_owned(), problems, ..Procfile::default() });
    }
    let text = match read_regular(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => return None,
        Err(error) => {
            let problems = vec![LineStarts::from_text("").problem(0..0, &format!("it cannot be read: {error}"), None)];
            return Some(Procfile { path: path.to_owned(), problems, ..Procfile::default() });
        }
    };
    let (lines, problems) = parse(&text);
    let variables = path.with_file_name(VARIABLES).is_file();
    let services = lines.iter().filter(|_| problems.is_empty()).map(|line| line.service(variables)).collect();
    let values = lines.iter().flat_map(|line| line.values(variables)).collect();
    Some(Procfile { path: path.to_owned(), services, values, problems })
}

/// A service in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProcfileLine {
    /// Its line, from 1.
    number: usize,
    name: String,
    /// Its command, for a shell.
    command: String,
}

impl ProcfileLine {
    /// Make the service. If its command uses the variable for a port, it gets a port.
    fn service(&self, variables: bool) -> DeclaredService {
        DeclaredService {
            command: vec!["/bin/sh".to_owned(), "-c".to_owned(), self.command.clone()],
            env_files: variables.then(|| VARIABLES.to_owned()).into_iter().collect(),
            port: speaks_of(&self.command, PORT).then_some(Port::Auto),
            ..DeclaredService::named(&self.name)
        }
    }

    fn values(&self, variables: bool) -> Vec<(String, String)> {
        let key = format!("services.{}", key_segment(&self.name));
        let mut values = vec![(key.clone(), self.command.clone())];
        if variables {
            values.push((format!("{key}.env_file"), VARIABLES.to_owned()));
        }
        values
    }
}

/// Parse the services in their order, and all problems. Empty lines and lines that begin with `#` are skipped.
fn parse(text: &str) -> (Vec<ProcfileLine>, Vec<Problem>) {
    let (mut lines, mut problems): (Vec<ProcfileLine>, _) = (Vec::new(), Vec::new());
    let places = LineStarts::from_text(text);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    for (number, line) in (1..).zip(text[at..].split_inclusive('\n')) {
        let trimmed = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        match of_line(trimmed, number) {
            Ok(line) => match known.insert(line.name.clone(), number) {
                Some(first) => {
                    let message = format!("`{}` is declared in line {first}, too", line.name);
                    problems.push(places.problem(start..start + line.name.len(), &message, None));
                }
                None => lines.push(line),
            },
            Err((message, advice)) => {
                let span = start..start + trimmed.len();
                problems.push(places.problem(span, &message, Some(advice)));
            }
        }
    }
    (lines, problems)
}

/// Whether the command uses the variable of this name, not as a part of another name.
fn speaks_of(command: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    command.match_indices(name).any(|(at, _)| {
        let (before, after) = (&command[..at], &command[at + name.len()..]);
        !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}

/// Parse the service in a line; returns what is wrong and the advice if that fails.
fn of_line(text: &str, number: usize) -> Result<ProcfileLine, (String, String)> {
    let form = || "write NAME: COMMAND".to_owned();
    let (name, command) = text.split_once(':').ok_or_else(|| ("there is no name".to_owned(), form()))?;
    let (name, command) = (name.trim_end().to_owned(), command.trim().to_owned());
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || name.len() > NAME_BYTES || !name.chars().all(plain) || name.starts_with('-') {
        let advice = format!("use at most {NAME_BYTES} letters, digits, `-` and `_`");
        return Err((format!("`{name}` cannot be the name of a service"), advice));
    }
    if command.is_empty() {
        return Err((format!("`{name}` has no command"), form()));
    }
    if command.len() > COMMAND_BYTES {
        let advice = "put it in a script, and name the script".to_owned();
        return Err((format!("the command of `{name}` is longer than 128 KiB, which no program can be given"), advice));
    }
    Ok(ProcfileLine { number, name, command })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, name: &str, command: &str) -> ProcfileLine {
        ProcfileLine { number, name: name.to_owned(), command: command.to_owned() }
    }

    #[test]
    fn services_are_read_in_their_order() {
        let text = "\u{feff}# what runs\nweb: bundle exec puma -p $PORT\r\n\n  worker-2 :sidekiq -q a:b # kept\n";
        let (lines, problems) = parse(text);
        assert_eq!(lines, [line(2, "web", "bundle exec puma -p $PORT"), line(4, "worker-2", "sidekiq -q a:b # kept")]);
        assert_eq!((problems, parse("").0), (Vec::new(), Vec::new()));
        assert_eq!(lines.iter().map(|line| line.service(false).port).collect::<Vec<_>>(), [Some(Port::Auto), None]);
    }

    #[test]
    fn a_command_that_names_its_port_gets_one() {
        let named = ["run -p $PORT", "PORT=3 run", "${PORT}", "REPORT=1 run", "run $PORTS", "IMPORT_PORT"];
        assert_eq!(named.map(|command| speaks_of(command, PORT)), [true, true, true, false, false, false]);
        let long = format!("a: {}", "x".repeat(COMMAND_BYTES + 1));
        assert!(parse(&long).1[0].message.contains("longer than 128 KiB"));
    }

    #[test]
    fn all_faults_are_named_at_once_with_their_places() {
        let text = "web: x\nno colon\n  a b: x\nempty:\nweb: y\n: z\n-o: z";
        let problems = parse(text).1;
        let shown: Vec<_> = problems.iter().map(|found| (found.line, found.column, found.message.as_str())).collect();
        let expected = [
            (2, 1, "there is no name"),
            (3, 3, "`a b` cannot be the name of a service"),
            (4, 1, "`empty` has no command"),
            (5, 1, "`web` is declared in line 1, too"),
            (6, 1, "`` cannot be the name of a service"),
            (7, 1, "`-o` cannot be the name of a service"),
        ];
        assert_eq!(shown, expected);
    }
}
