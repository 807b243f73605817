//! The logs on the board itself: the last lines of each slot's output, for slots without a log file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use vx_shm::{Reader, Snapshot};
use vx_status::source::{LogLine, LogPart, LogPlace};

/// The log rings of one board.
pub struct Rings {
    board: PathBuf,
    /// `None` until it is needed, and if the board cannot be read.
    reader: Option<Reader>,
    snapshot: Snapshot,
    windows: HashMap<(u32, u32), RingWindow>,
}

/// The lines of a ring at the last look, and the byte offset of the first among all lines seen so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct RingWindow {
    at: u64,
    lines: Vec<String>,
}

impl Rings {
    /// The rings of the board in this file.
    pub fn for_board(board: &Path) -> Self {
        Self { board: board.to_owned(), reader: None, snapshot: Snapshot::default(), windows: HashMap::new() }
    }

    /// The newest lines of the slot with this key, at most `lines` of them.
    pub fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        self.read_ring(key, lines).map(|(_, lines)| lines).unwrap_or_default()
    }

    /// A piece of the log of the slot with this key, without lines that have left the ring.
    pub fn piece(&mut self, key: &str, place: LogPlace) -> LogPart {
        let Some((life, lines)) = self.read_ring(key, usize::MAX) else { return LogPart::default() };
        let window = self.windows.entry(life).or_default();
        window.advance(lines);
        window.part(place)
    }

    /// The life of the slot with this key, and the newest lines of its ring; `None` if there are no lines.
    fn read_ring(&mut self, key: &str, lines: usize) -> Option<((u32, u32), Vec<String>)> {
        if self.reader.is_none() {
            self.reader = Reader::open(&self.board).ok();
        }
        let reader = self.reader.as_mut()?;
        reader.refresh(&mut self.snapshot).ok()?;
        let slot = self.snapshot.slots.iter().find(|slot| slot.has_key(key))?;
        let lines = reader.log_tail(slot.index, lines);
        (!lines.is_empty()).then_some(((slot.index, slot.generation), lines))
    }
}

impl RingWindow {
    /// Take over the lines of a later look. They begin with some of the previous lines, unless all of those have left
    /// the
    /// ring.
    fn advance(&mut self, lines: Vec<String>) {
        let left = (0..self.lines.len()).find(|left| lines.starts_with(&self.lines[*left..]));
        let left = left.unwrap_or(self.lines.len());
        self.at += self.lines[..left].iter().map(|line| bytes_of(line)).sum::<u64>();
        self.lines = lines;
    }

    fn part(&self, place: LogPlace) -> LogPart {
        let mut size = self.at;
        let placed = self.lines.iter().map(|line| {
            let at = size;
            size += bytes_of(line);
            LogLine { at, text: line.clone() }
        });
        let wanted = |line: &LogLine| match place {
            LogPlace::End => true,
            LogPlace::From(from) => line.at >= from,
            LogPlace::Before(before) => line.at < before,
        };
        let all: Vec<LogLine> = placed.collect();
        let lines: Vec<LogLine> = all.into_iter().filter(wanted).collect();
        let from = lines.first().map_or(size, |line| line.at);
        let to = lines.last().map_or(size, |line| line.at + bytes_of(&line.text));
        LogPart { from, to, size, last: to == size, lines }
    }
}

/// The bytes of a line with its end.
fn bytes_of(line: &str) -> u64 {
    line.len() as u64 + 1
}

#[cfg(test)]
mod tests {
    use vx_shm::{Board, Kind, SlotWork};

    use super::*;

    #[test]
    fn a_board_alone_has_the_last_lines_and_a_view_that_follows_them_misses_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.board");
        let board = Board::create(&path, "a", 4).expect("a board");
        let work = SlotWork { log_writer: Some(std::process::id()), ..SlotWork::new("build", "", Kind::Task) };
        let reservation = board.reserve_as(&work).expect("a slot");
        let mut log = board.log_writer(reservation).expect("a log");
        let mut rings = Rings::for_board(&path);
        assert_eq!(rings.piece("build", LogPlace::End), LogPart::default());
        let (mut seen, mut at) = (Vec::new(), 0);
        for round in 0..40 {
            (0..10).for_each(|line| log.line(format!("line {round}.{line} of a long build\n").as_bytes()));
            let part = rings.piece("build", LogPlace::From(at));
            assert!(part.last && part.size == part.to && part.from == at, "{part:?}");
            seen.extend(part.lines.into_iter().map(|line| line.text));
            at = part.to;
        }
        assert_eq!(seen.len(), 400);
        assert_eq!((seen[0].as_str(), seen[399].as_str()), ("line 0.0 of a long build", "line 39.9 of a long build"));
        assert_eq!(rings.tail("build", 2), ["line 39.8 of a long build", "line 39.9 of a long build"]);
        let end = rings.piece("build", LogPlace::End);
        assert!(end.from > 0 && end.size == at, "only the end is there");
        assert_eq!(rings.piece("build", LogPlace::Before(end.from)).lines, []);
        assert_eq!(rings.piece("gone", LogPlace::End), LogPart::default());
    }

    #[test]
    fn lines_that_all_left_the_ring_since_are_counted_as_far_as_they_were_seen() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let mut window = RingWindow { at: 100, lines: lines(&["a", "b"]) };
        window.advance(lines(&["b", "c"]));
        assert_eq!(window, RingWindow { at: 102, lines: lines(&["b", "c"]) });
        window.advance(lines(&["x"]));
        assert_eq!(window, RingWindow { at: 106, lines: lines(&["x"]) });
    }
}
