//! Plain lines of a run or of one log, printed in place of the view so that they stay in the terminal's history. Each
//! stream continues where it stopped, so that every change is printed exactly once.

use std::collections::HashMap;
use std::fmt::Write;

use vx_shm::Snapshot;
use vx_status::estimate::TimeLeft;
use vx_status::pace::SlotRate;
use vx_status::plain::Plain;
use vx_status::source::{LogPlace, Logs};
use vx_text::units::bytes;
use vx_text::{clean, last_overwrite};

/// Interval between two lines about the whole run.
const BETWEEN_SUMS_MS: u64 = 3_000;
/// Number of pieces of a log printed in a row.
const READS: usize = 4;
/// If more than this was missed, only its end is printed: the rest would scroll by unread.
const MOST_MISSED_BYTES: u64 = 4 * 1024 * 1024;

/// Prints lines, and remembers how much of the run and of each log is already printed.
pub(super) struct StreamPrinter {
    run: Plain,
    /// First byte of each log that is not printed yet, by its key.
    logs: HashMap<String, u64>,
    /// Key of the log being printed; `None` for the lines of the run.
    of: Option<String>,
}

impl StreamPrinter {
    pub(super) fn new() -> Self {
        Self { run: Plain::new(BETWEEN_SUMS_MS, false), logs: HashMap::new(), of: None }
    }

    /// Switch to this log or the run. Returns the heading; `back` is the key that leads back.
    pub(super) fn begin(&mut self, of: Option<String>, back: &str) -> String {
        let what = of.as_deref().map_or_else(|| "the run".into(), |key| format!("the log of {}", clean(key)));
        self.of = of;
        format!("--- {what}; {back} goes back ---\r\n")
    }

    /// Read the new lines.
    pub(super) fn step(
        &mut self,
        snapshot: &Snapshot,
        paces: &[SlotRate],
        left: Option<TimeLeft>,
        now_ms: u64,
        logs: &mut dyn Logs,
    ) -> String {
        match self.of.clone() {
            Some(key) => self.log_lines(&key, logs),
            None => {
                let mut lines = Vec::new();
                // A vector takes everything.
                let _ = self.run.step(snapshot, paces, left, now_ms, &mut lines);
                String::from_utf8_lossy(&lines).replace('\n', "\r\n")
            }
        }
    }

    /// Read the rest of a log that has ended, including a last line without a line end.
    pub(super) fn rest(&mut self, logs: &mut dyn Logs) -> String {
        let Some(key) = self.of.clone() else { return String::new() };
        let mut text = String::new();
        loop {
            match self.log_lines(&key, logs) {
                more if more.is_empty() => break,
                more => text.push_str(&more),
            }
        }
        let printed = self.logs.get(&key).copied().unwrap_or_default();
        for line in logs.read(&key, LogPlace::From(printed)).lines {
            text.push_str(&last_overwrite(&line.text));
            text.push_str("\r\n");
        }
        text
    }

    fn log_lines(&mut self, key: &str, logs: &mut dyn Logs) -> String {
        let mut text = String::new();
        let printed = self.logs.entry(key.to_owned()).or_default();
        for _ in 0..READS {
            let mut part = logs.read(key, LogPlace::From(*printed));
            if part.size.saturating_sub(*printed) > MOST_MISSED_BYTES {
                part = logs.read(key, LogPlace::End);
                let left_out = bytes(part.from.saturating_sub(*printed));
                let whole = logs.location(key).map(|path| format!("; the whole log is {}", clean(&path)));
                let _ = write!(text, "({left_out} left out{})\r\n", whole.unwrap_or_default());
            }
            let to = part.to;
            for line in part.lines.iter().filter(|line| line.at < to) {
                text.push_str(&last_overwrite(&line.text));
                text.push_str("\r\n");
            }
            if to <= *printed {
                break;
            }
            *printed = to;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::fixture::{LongLog, done, downloading, everything};

    fn lines(text: &str) -> Vec<&str> {
        text.split("\r\n").filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn missed_log_lines_are_printed_once_and_too_many_are_counted() {
        let mut log = LongLog::with_lines(10);
        let mut stream = StreamPrinter::new();
        assert_eq!(stream.begin(Some("a\u{1b}[2Jb".to_owned()), "s"), "--- the log of ab; s goes back ---\r\n");
        stream.begin(Some("node".to_owned()), "s");
        let snapshot = everything();
        let first = stream.step(&snapshot, &[], None, 0, &mut log);
        assert_eq!((lines(&first).len(), lines(&first)[9]), (10, "line 9"));
        assert_eq!(stream.step(&snapshot, &[], None, 0, &mut log), "");
        log.grow_to(12);
        stream.begin(Some("node".to_owned()), "s");
        assert_eq!(lines(&stream.step(&snapshot, &[], None, 0, &mut log)), ["line 10", "line 11"]);
        log.grow_to(1_000_000);
        let much = stream.step(&snapshot, &[], None, 0, &mut log);
        assert!(lines(&much)[0].contains("MB left out; the whole log is /logs/node.log)"), "{}", lines(&much)[0]);
        assert_eq!(lines(&much).last(), Some(&"line 999999"));
        assert!(much.len() < 1_000_000, "{}", much.len());
    }

    #[test]
    fn a_log_that_ended_is_printed_to_its_last_byte() {
        let mut log = LongLog::with_lines(1_000);
        let mut stream = StreamPrinter::new();
        stream.begin(Some("node".to_owned()), "s");
        let first = stream.step(&everything(), &[], None, 0, &mut log);
        assert!(lines(&first).len() < 1_000, "a step is bounded");
        log.write("half a line");
        let rest = stream.rest(&mut log);
        assert_eq!(lines(&first).len() + lines(&rest).len(), 1_001);
        assert_eq!(lines(&rest).last(), Some(&"half a line"));
    }

    #[test]
    fn a_run_prints_what_changed_since_it_was_last_printed() {
        let mut snapshot = everything();
        snapshot.slots.truncate(2);
        let mut stream = StreamPrinter::new();
        stream.begin(None, "s");
        let first = stream.step(&snapshot, &[], None, 0, &mut LongLog::with_lines(0));
        assert!(first.contains("node") && first.contains("go"), "{first}");
        snapshot.slots[1] = done(1, "go", "1.25.4", 78_500_000, 112.0);
        snapshot.slots.push(downloading(2, "zig", "0.15.2", 1, None));
        stream.begin(None, "s");
        let missed = stream.step(&snapshot, &[], None, 60_000, &mut LongLog::with_lines(0));
        assert!(missed.contains("go") && missed.contains("zig") && !missed.contains("node"), "{missed}");
    }
}
