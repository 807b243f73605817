//! Carries progress from a command's output to its slot: numbers, and texts when they change. All output goes to the
//! log.

use std::path::PathBuf;

use vx_base::gauge::GaugeReading;
use vx_process::{LineSplitter, Log, Tail};
use vx_run::SlotProgressWriter;
use vx_shm::LOG_LINE_BYTES;

use super::command_slot::CommandBoardSlot;
use crate::running::reports::{ReportError, SlotReport};

/// How much of the end of the output is kept for the text of a failure, in bytes.
const TAIL_BYTES: usize = 4 * 1024;
/// How many of these lines a failure shows.
const TAIL_LINES: usize = 8;

/// Writes the slot of a running command.
pub(super) struct CommandMeter {
    /// `None` once the command has ended.
    place: Option<CommandBoardSlot>,
    numbers: SlotProgressWriter,
    log: Logging,
    streams: Vec<CommandOutputStream>,
    /// Whether a script of the command has reported; from then on no progress is read from the output.
    reported: bool,
}

/// One stream of the command's output.
struct CommandOutputStream {
    tail: Tail,
    lines: LineSplitter,
}

impl CommandMeter {
    /// The meter of a command that starts now. `total` is its total work.
    pub(super) fn new(place: CommandBoardSlot, total: Option<u64>) -> Self {
        let log = place.log().map_or(Logging::Off, |path| Logging::Soon(path.to_owned()));
        let numbers = SlotProgressWriter::with_total(total);
        Self { place: Some(place), numbers, log, streams: Vec::new(), reported: false }
    }

    /// Add a stream, and return its number, from 0.
    pub(super) fn add_stream(&mut self) -> usize {
        self.streams.push(CommandOutputStream {
            tail: Tail::keeping(TAIL_BYTES),
            lines: LineSplitter::of_at_most(LOG_LINE_BYTES),
        });
        self.streams.len() - 1
    }

    /// Handle what the command printed on the stream with this number.
    pub(super) fn printed(&mut self, stream: usize, bytes: &[u8]) {
        let Some(place) = &self.place else { return };
        let CommandOutputStream { tail, lines } = &mut self.streams[stream];
        tail.push(bytes);
        lines.feed(bytes, |line| place.log_line(line));
        self.log.write(bytes);
    }

    /// Write this progress, which was read from the output.
    pub(super) fn read(&mut self, reading: &GaugeReading) {
        let Some(slot) = self.place.as_mut().filter(|_| !self.reported).and_then(CommandBoardSlot::slot) else {
            return;
        };
        self.numbers.write(slot, reading);
    }

    /// Write a report from a script of the command, which is more reliable than anything read from the output.
    pub(super) fn report(&mut self, report: &SlotReport) -> Result<(), ReportError> {
        self.reported = true;
        self.place.as_mut().map_or(Ok(()), |place| place.report(report))
    }

    /// End the meter: returns the command's place, and the last lines of its output.
    pub(super) fn finish(&mut self) -> (CommandBoardSlot, Vec<String>) {
        let place = self.place.take().unwrap_or_else(CommandBoardSlot::none);
        self.streams.iter_mut().for_each(|stream| stream.lines.finish(|line| place.log_line(line)));
        (place, last_of(self.streams.iter().map(|stream| stream.tail.lines()).collect()))
    }
}

/// The last lines of all streams, stream by stream: the order between two pipes is not known, and the cause of a
/// failure is often a single line on one of them. No stream gets more than its share unless the others leave room.
fn last_of(mut streams: Vec<Vec<String>>) -> Vec<String> {
    let share = TAIL_LINES / streams.len().max(1);
    let spare = |lines: &Vec<String>| share.saturating_sub(lines.len());
    let all_spare: usize = streams.iter().map(spare).sum();
    for lines in &mut streams {
        let kept = if lines.len() > share { share + all_spare } else { share };
        lines.drain(..lines.len().saturating_sub(kept));
    }
    streams.concat()
}

/// The log of the output, which is created with the first output.
enum Logging {
    Soon(PathBuf),
    On(Log),
    /// No log; the output is still on the command's own streams.
    Off,
}

impl Logging {
    fn write(&mut self, bytes: &[u8]) {
        if let Self::Soon(path) = self {
            *self = Log::create(path).map_or(Self::Off, Self::On);
        }
        if let Self::On(log) = self {
            log.write(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, count: usize) -> Vec<String> {
        (1..=count).map(|line| format!("{name}{line}")).collect()
    }

    #[test]
    fn every_stream_has_its_share_of_the_last_lines() {
        let last = |out, err| last_of(vec![lines("o", out), lines("e", err)]).join(" ");
        assert_eq!(last(500, 1), "o494 o495 o496 o497 o498 o499 o500 e1");
        assert_eq!(last(2, 500), "o1 o2 e495 e496 e497 e498 e499 e500");
        assert_eq!(last(9, 9), "o6 o7 o8 o9 e6 e7 e8 e9");
        assert_eq!(last(0, 3), "e1 e2 e3");
        assert_eq!(last_of(vec![lines("o", 9)]).len(), TAIL_LINES);
        assert!(last_of(Vec::new()).is_empty());
    }
}
