//! The mistakes that a build reports: file, line, column and message, from what compilers print for people.
//!
//! Only errors count: a warning does not stop a build. Text in no known form is ignored; a failed build in which no
//! mistake was found is explained by its last lines instead.

mod collector;
mod esbuild;
mod go;
mod own;
mod rustc;
mod tsc;

use collector::MistakeCollector;
pub use collector::{Mistake, MistakeLocation};
pub use own::{OwnPattern, OwnPatternError};

use vx_process::LineSplitter;

use crate::plain::plain;

/// A line is searched up to this many bytes.
const LINE_BYTES: usize = 8 * 1024;

/// Forms in which builds report mistakes.
#[derive(Clone, Debug)]
pub enum MistakeFormat {
    /// `go build`, `go vet`, and the errors of modules.
    Go,
    /// `rustc`, and `cargo` around it.
    Rustc,
    /// `tsc`, plain and pretty.
    Tsc,
    /// `esbuild`.
    Esbuild,
    /// The user's own pattern.
    Own(OwnPattern),
}

impl MistakeFormat {
    /// Find the form with this name, or else take this text as a pattern.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, OwnPatternError> {
        Self::named(text).map_or_else(|| OwnPattern::new(text).map(Self::Own), Ok)
    }

    /// Find the form of the first compiler named in a command, as a program or inside a shell script.
    pub fn of_command(words: &[String]) -> Option<Self> {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        words.into_iter().find_map(|word| match word.rsplit('/').next().unwrap_or(word) {
            "cargo" => Some(Self::Rustc),
            name => Self::named(name),
        })
    }

    /// Find the form with this name; `None` for any other text, which may be a pattern.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "go" => Some(Self::Go),
            "rustc" => Some(Self::Rustc),
            "tsc" => Some(Self::Tsc),
            "esbuild" => Some(Self::Esbuild),
            _ => None,
        }
    }
}

/// Finds the mistakes in the output of one build, which may arrive in pieces of any size.
#[derive(Debug)]
pub struct Mistakes {
    form: MistakeFormat,
    lines: LineSplitter,
    found: MistakeCollector,
}

impl Mistakes {
    /// Begin with a build that starts now.
    pub fn with_format(form: MistakeFormat) -> Self {
        Self { form, lines: LineSplitter::of_at_most(LINE_BYTES), found: MistakeCollector::default() }
    }

    /// Take the next piece of the build's output.
    pub fn output(&mut self, bytes: &[u8]) {
        let Self { form, lines, found } = self;
        lines.feed(bytes, |line| parse_line(form, found, line));
    }

    /// End with the build: all mistakes in the order in which they were reported, each once.
    pub fn finish(mut self) -> Vec<Mistake> {
        let Self { form, lines, found } = &mut self;
        lines.finish(|line| parse_line(form, found, line));
        self.found.finish()
    }
}

fn parse_line(form: &MistakeFormat, found: &mut MistakeCollector, line: &[u8]) {
    for line in plain(line).split('\n') {
        match form {
            MistakeFormat::Go => go::parse_line(found, line),
            MistakeFormat::Rustc => rustc::parse_line(found, line),
            MistakeFormat::Tsc => tsc::parse_line(found, line),
            MistakeFormat::Esbuild => esbuild::parse_line(found, line),
            MistakeFormat::Own(pattern) => pattern.parse_line(found, line),
        }
    }
}

#[cfg(test)]
mod tests;
