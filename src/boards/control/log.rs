//! Lines of a slot's log as JSON, in pieces of bounded size.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Value, json};

/// The most bytes of a log that one message holds.
const PIECE_BYTES: u64 = 24 * 1024;

/// Lines of a log, with the byte at which each begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LogLinesPart {
    pub lines: Vec<(u64, String)>,
    /// The byte of the next line.
    pub to: u64,
    /// The length of the log.
    pub size: u64,
}

impl LogLinesPart {
    /// The first lines from the byte `from` on, or the last lines without it. Includes a line that is still being
    /// written, unless only `whole` lines are wanted. A line that is longer than a piece comes in several pieces.
    pub(super) fn read(path: &Path, from: Option<u64>, most: usize, whole: bool) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let begin = from.unwrap_or(size.saturating_sub(PIECE_BYTES)).min(size);
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.take(PIECE_BYTES).read_to_end(&mut bytes)?;
        let at_the_end = begin + bytes.len() as u64 >= size;
        let cut = from.is_none() && begin > 0;
        let skipped = if cut { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1) } else { 0 };
        let mut found = Self { lines: Vec::new(), to: begin + skipped as u64, size };
        for line in bytes[skipped..].split_inclusive(|byte| *byte == b'\n') {
            let ends = line.ends_with(b"\n");
            // A piece without any line end is part of a long line.
            let long = !ends && !at_the_end && found.lines.is_empty();
            if from.is_some() && found.lines.len() == most || !ends && !long && (whole || !at_the_end) {
                break;
            }
            found.lines.push((found.to, text(line)));
            if ends || long {
                found.to += line.len() as u64;
            }
        }
        let surplus = found.lines.len().saturating_sub(most);
        found.lines.drain(..surplus);
        Ok(found)
    }

    /// As JSON.
    pub(super) fn document(&self, key: &str) -> Value {
        let lines: Vec<Value> = self.lines.iter().map(|(at, text)| json!({ "at": at, "text": text })).collect();
        json!({ "key": key, "lines": lines, "to": self.to, "size": self.size })
    }
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], from: Option<u64>, most: usize, whole: bool) -> (Vec<String>, u64) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("x.log");
        std::fs::write(&path, text).expect("a log");
        let found = LogLinesPart::read(&path, from, most, whole).expect("it reads");
        assert_eq!(found.size, text.len() as u64);
        (found.lines.into_iter().map(|(_, line)| line).collect(), found.to)
    }

    #[test]
    fn lines_come_from_a_place_or_from_the_end() {
        let log = b"one\r\ntwo\nthr";
        let texts = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(read(log, None, 9, false), (texts(&["one", "two", "thr"]), 9));
        assert_eq!(read(log, None, 1, true), (texts(&["two"]), 9));
        assert_eq!(read(log, Some(0), 1, false), (texts(&["one"]), 5));
        assert_eq!(read(log, Some(5), 9, true), (texts(&["two"]), 9));
        assert_eq!(read(log, Some(99), 9, false), (texts(&[]), 12));
    }

    #[test]
    fn pieces_that_follow_each_other_are_the_whole_log_whatever_is_in_it() {
        let mut log = vec![b'x'; 100_000];
        log.extend(b"\n".repeat(50_000));
        log.extend((0..20_000).flat_map(|line| format!("line {line}\n").into_bytes()));
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("x.log");
        std::fs::write(&path, &log).expect("a log");
        let (mut at, mut bytes) = (0, 0);
        while at < log.len() as u64 {
            let found = LogLinesPart::read(&path, Some(at), 1000, true).expect("it reads");
            assert!(found.to > at && found.lines.len() <= 1000, "it gets on");
            bytes += found.lines.iter().map(|(_, text)| text.len()).sum::<usize>();
            at = found.to;
        }
        assert_eq!(bytes, log.iter().filter(|byte| **byte != b'\n').count());
        let last = LogLinesPart::read(&path, None, 3, true).expect("it reads").lines;
        assert_eq!(
            last.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
            ["line 19997", "line 19998", "line 19999"]
        );
    }
}
