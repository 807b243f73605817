//! Finds lines and progress reports in the bytes that a program prints to a terminal.
//!
//! A line ends with a line feed, a carriage return, or a movement of the cursor, since programs redraw their progress
//! in place. Only the first bytes of a line are kept, so a line without an end costs no memory.

use super::GaugeUnit;
use anstyle_parse::{Params, Parser, Perform};

use super::GaugeReading;

/// The length of a line that is looked at, in bytes.
const LINE_BYTES: usize = 512;

/// A line or a report that was printed.
pub(super) enum GaugeScreenEvent<'a> {
    /// A line, without control sequences; never empty.
    Line(&'a str),
    /// A report of progress to the terminal: the operating system command 9;4.
    Progress(GaugeReading),
}

/// The state between two pieces of output.
#[derive(Default)]
pub(super) struct GaugeScreen {
    parser: Parser,
    line: String,
}

impl GaugeScreen {
    /// Take the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], take: impl FnMut(GaugeScreenEvent<'_>)) {
        let Self { parser, line } = self;
        let mut performer = Performer { line, take };
        for byte in bytes {
            parser.advance(&mut performer, *byte);
        }
    }
}

struct Performer<'a, F: FnMut(GaugeScreenEvent<'_>)> {
    line: &'a mut String,
    take: F,
}

impl<F: FnMut(GaugeScreenEvent<'_>)> Performer<'_, F> {
    fn end_line(&mut self) {
        if !self.line.trim().is_empty() {
            (self.take)(GaugeScreenEvent::Line(self.line));
        }
        self.line.clear();
    }
}

impl<F: FnMut(GaugeScreenEvent<'_>)> Perform for Performer<'_, F> {
    fn print(&mut self, character: char) {
        if self.line.len() + character.len_utf8() <= LINE_BYTES {
            self.line.push(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | b'\r' => self.end_line(),
            b'\t' => self.print(' '),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, _: &Params, _: &[u8], _: bool, action: u8) {
        // Colours (`m`), modes (`h`, `l`) and clearing to the end of a line (`K`) stay within a line; all else moves
        // the cursor or clears more.
        if !matches!(action, b'm' | b'h' | b'l' | b'K') {
            self.end_line();
        }
    }

    fn osc_dispatch(&mut self, parameters: &[&[u8]], _: bool) {
        if let Some(reading) = progress(parameters) {
            (self.take)(GaugeScreenEvent::Progress(reading));
        }
    }
}

/// Reads `9;4;STATE;PERCENT`. States: 1 at work, 2 failed, 3 at work without a percentage, 4 paused, 0 clear.
/// Source: ConEmu's documentation of its escape codes, which terminals follow.
fn progress(parameters: &[&[u8]]) -> Option<GaugeReading> {
    let [b"9", b"4", state, rest @ ..] = parameters else { return None };
    let percent = || std::str::from_utf8(rest.first()?).ok()?.parse::<u64>().ok();
    let done = match *state {
        b"1" | b"2" | b"4" => Some((percent()?.min(100) * 10, Some(1000))),
        b"3" => None,
        _ => return None,
    };
    Some(GaugeReading { done, unit: GaugeUnit::Permille, message: None })
}
