//! A gauge: the progress of a program, read from what it prints.
//!
//! A program that doesn't know about boards prints its progress for people: `[12/340]`, `45 %`, a bar that is drawn
//! again and again. [`Gauge::feed`] takes the printed bytes in pieces of any size and yields a [`GaugeReading`] for
//! each progress report in them. Forms differ in how reliably they mean progress, and a form counts only as long as no
//! more reliable one was seen in any stream of the program: a percentage in a message does not move a bar that counts
//! steps.
//!
//! - `screen` removes control sequences and splits the rest into lines of bounded length,
//! - `form` recognizes the forms, and `number` their numbers,
//! - `pattern` is a form that the user defines by a regular expression.

mod form;
mod number;
mod pattern;
mod screen;

pub use pattern::{Pattern, PatternError};

use screen::{GaugeScreen, GaugeScreenEvent};

/// The unit in which a program counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaugeUnit {
    /// Steps, files, or other items.
    Count,
    /// Bytes.
    Bytes,
    /// Thousandths of the whole.
    Permille,
}

/// A program's progress at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaugeReading {
    /// Work finished, and the total if the program prints it; `None` if it only prints that it is working.
    pub done: Option<(u64, Option<u64>)>,
    /// The unit of both numbers.
    pub unit: GaugeUnit,
    /// The text beside the numbers, in one line.
    pub message: Option<String>,
}

/// The reliability of a form as a sign of progress, the most reliable last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GaugeFormRank {
    /// Two numbers with a slash between them, somewhere in a line.
    Fraction,
    /// A number with a percent sign.
    Percent,
    /// A drawn bar.
    Bar,
    /// Numbers in the place where build tools count their steps.
    Step,
    /// The control sequence by which programs report progress to a terminal.
    Sequence,
    /// The user's own pattern.
    Pattern,
}

/// A program's progress, read from its output.
pub struct Gauge {
    patterns: Vec<Pattern>,
    seen: Option<GaugeFormRank>,
}

/// State of one output stream between two pieces: a line or a control sequence may be cut anywhere.
#[derive(Default)]
pub struct GaugeStream(GaugeScreen);

impl Gauge {
    /// A gauge with these patterns besides the built-in forms.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns, seen: None }
    }

    /// Take the next bytes of a stream, and pass each reading in them to `take`.
    pub fn feed(&mut self, stream: &mut GaugeStream, bytes: &[u8], mut take: impl FnMut(GaugeReading)) {
        stream.0.feed(bytes, |sight| {
            let found = match sight {
                GaugeScreenEvent::Progress(reading) => Some((GaugeFormRank::Sequence, reading)),
                GaugeScreenEvent::Line(line) => {
                    let own = self.patterns.iter().find_map(|pattern| pattern.read(line));
                    own.map(|reading| (GaugeFormRank::Pattern, reading)).or_else(|| form::read(line))
                }
            };
            if let Some((rank, reading)) = found
                && self.believes(rank, &reading)
            {
                take(reading);
            }
        });
    }

    /// Accepts a form unless a more reliable one was seen. A reading without numbers always counts, and leaves the rank
    /// as it is.
    fn believes(&mut self, rank: GaugeFormRank, reading: &GaugeReading) -> bool {
        if reading.done.is_none() {
            return true;
        }
        let believed = self.seen.is_none_or(|surest| rank >= surest);
        if believed {
            self.seen = Some(rank);
        }
        believed
    }
}

#[cfg(test)]
mod tests;
