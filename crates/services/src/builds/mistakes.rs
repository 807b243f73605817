//! The mistakes that a build reports: file, line, column and message, from what compilers print for people.
//!
//! Only errors count: a warning does not stop a build. Text that belongs to no known form is left alone, so a build that
//! failed without a mistake found here is explained by its last lines.

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

/// The part of a line that is looked at.
const LINE_BYTES: usize = 8 * 1024;

/// The form in which a build reports its mistakes.
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
    /// A pattern that the user gives.
    Own(OwnPattern),
}

impl MistakeFormat {
    /// The form with this name, or the pattern of this text.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, OwnPatternError> {
        Self::named(text).map_or_else(|| OwnPattern::new(text).map(Self::Own), Ok)
    }

    /// The form of the first compiler that these words name, as programs or within the text of a shell.
    pub fn of_command(words: &[String]) -> Option<Self> {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        words.into_iter().find_map(|word| match word.rsplit('/').next().unwrap_or(word) {
            "cargo" => Some(Self::Rustc),
            name => Self::named(name),
        })
    }

    /// The form of this name; `None` if it has none, and may be a pattern.
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

/// The mistakes in the output of one build, which comes in any pieces.
#[derive(Debug)]
pub struct Mistakes {
    form: MistakeFormat,
    lines: LineSplitter,
    found: MistakeCollector,
}

impl Mistakes {
    /// The mistakes of a build that starts now.
    pub fn with_format(form: MistakeFormat) -> Self {
        Self { form, lines: LineSplitter::of_at_most(LINE_BYTES), found: MistakeCollector::default() }
    }

    /// Take the next piece of the build's output.
    pub fn output(&mut self, bytes: &[u8]) {
        let Self { form, lines, found } = self;
        lines.feed(bytes, |line| parse_line(form, found, line));
    }

    /// The build has ended: all mistakes in the order in which they were reported, each once.
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
