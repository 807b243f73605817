//! The position of a word in its command, which shows whether the file that it names may be run.
//!
//! A file counts as an argument only where all words before it leave no doubt: after a program that isn't known to run
//! its arguments, or after the script of an interpreter. Everything else counts as a program.

use super::words::UNKNOWN;

/// Programs and words of a shell after which another program follows.
const LAUNCHERS: [&str; 17] = [
    "!", "{", "builtin", "bunx", "command", "do", "elif", "else", "env", "exec", "if", "nohup", "npx", "then", "time",
    "until", "while",
];

/// Programs whose first file is a script.
const INTERPRETERS: [&str; 37] = [
    ".",
    "ash",
    "bash",
    "csh",
    "dash",
    "dart",
    "elixir",
    "escript",
    "fish",
    "groovy",
    "guile",
    "julia",
    "ksh",
    "lua",
    "luajit",
    "mksh",
    "node",
    "nodejs",
    "nodemon",
    "osascript",
    "perl",
    "php",
    "pwsh",
    "pypy",
    "python",
    "racket",
    "Rscript",
    "ruby",
    "scala",
    "sh",
    "source",
    "swift",
    "tclsh",
    "ts-node",
    "tsx",
    "vite-node",
    "zsh",
];

/// Programs and words of a shell that run their arguments, or a file that an argument names.
const RUNNERS: [&str; 66] = [
    "awk",
    "bun",
    "bundle",
    "busybox",
    "cargo",
    "case",
    "celery",
    "chpst",
    "clojure",
    "cmake",
    "concurrently",
    "conda",
    "deno",
    "docker",
    "dotnet",
    "emacs",
    "entr",
    "erl",
    "eval",
    "fastapi",
    "find",
    "flask",
    "for",
    "foreman",
    "gawk",
    "go",
    "gradle",
    "gunicorn",
    "honcho",
    "hypercorn",
    "java",
    "jupyter",
    "just",
    "make",
    "mise",
    "mvn",
    "nice",
    "npm",
    "overmind",
    "parallel",
    "pipenv",
    "pm2",
    "pnpm",
    "podman",
    "poetry",
    "psql",
    "rails",
    "rake",
    "run-parts",
    "sed",
    "select",
    "setsid",
    "ssh",
    "start-stop-daemon",
    "streamlit",
    "su",
    "sudo",
    "systemd-run",
    "timeout",
    "trap",
    "uv",
    "uvicorn",
    "vx",
    "watch",
    "xargs",
    "yarn",
];

/// What a word may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandPosition {
    /// The program of a command, or a word before it.
    Program,
    /// The script of an interpreter, or a word before it.
    Script,
    /// Anything.
    Unknown,
    /// A mere argument of a program.
    Argument,
}

impl CommandPosition {
    /// Return the position of the next word, after `word`, which follows `before` and names a file or not.
    pub(super) fn behind(self, word: &str, before: &str, names_file: bool) -> Self {
        match self {
            Self::Program => behind_program(word),
            // A file after an option may be the option's value.
            Self::Script if names_file && !before.starts_with('-') => Self::Argument,
            unchanged => unchanged,
        }
    }
}

fn behind_program(word: &str) -> CommandPosition {
    let file = word.rsplit('/').next().unwrap_or(word);
    // Many programs are installed with their version in the name.
    let name = file.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    let name = if name.is_empty() { file } else { name };
    match name {
        _ if is_assignment(word) || LAUNCHERS.contains(&name) => CommandPosition::Program,
        _ if INTERPRETERS.contains(&name) => CommandPosition::Script,
        _ if RUNNERS.contains(&name) || word.starts_with('-') || word.contains(UNKNOWN) => CommandPosition::Unknown,
        _ => CommandPosition::Argument,
    }
}

/// Whether the word is `NAME=VALUE`.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    let is_letter = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !name.is_empty() && name.chars().all(is_letter) && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Find the words of a text that are arguments; words with a dot name files.
    fn arguments(text: &str) -> Vec<&str> {
        let (mut position, mut before, mut found) = (CommandPosition::Program, "", Vec::new());
        for word in text.split(' ') {
            if position == CommandPosition::Argument {
                found.push(word);
            }
            position = position.behind(word, before, word.contains('.'));
            before = word;
        }
        found
    }

    #[test]
    fn a_word_is_an_argument_only_where_no_doubt_is_left() {
        for (text, expected) in [
            ("./run.sh a.json -x b", &["a.json", "-x", "b"][..]),
            ("json-server a.json", &["a.json"]),
            ("X=1 Y= ./run.sh a.json", &["a.json"]),
            ("exec env X=1 ./run.sh a.json", &["a.json"]),
            ("npx json-server a.json", &["a.json"]),
            ("npx -y json-server a.json", &[]),
            ("env -i ./run.sh a.json", &[]),
            ("sh run.sh a.json", &["a.json"]),
            ("/usr/bin/python3.12 a.py b.json", &["b.json"]),
            ("python3 -m x a.json b.json", &["b.json"]),
            ("node --require a.js b.js c.js d.json", &["c.js", "d.json"]),
            ("sh -e run.sh a.json", &[]),
            (". a.sh b.sh", &["b.sh"]),
            ("sudo ./run.sh a.json", &[]),
            ("for x in a.sh", &[]),
            ("\0 a.json", &[]),
            ("a=b/c.sh", &[]),
        ] {
            assert_eq!(arguments(text), expected, "{text:?}");
        }
    }
}
