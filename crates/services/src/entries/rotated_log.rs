//! Reading the entries in the files of a log, from the end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::entry::OutputEntry;
use super::filter::Filter;
use super::record::Levels;
use super::stamp::parted;

/// At most this many last bytes are read of each file. vx's own files are smaller.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Lines that get their levels together, and lines before them that are read to find those levels.
const BLOCK: usize = 512;
const BEFORE: usize = 128;

/// A line of a file.
struct LogFileLine<'a> {
    /// Its own time, if it has one.
    own: Option<Timestamp>,
    /// Its own time, or that of the next line.
    time: Timestamp,
    text: &'a [u8],
}

/// The log of a source: the file being written, and full files beside it as `NAME.1` (the newest) and so on.
#[derive(Clone, Debug)]
pub struct RotatedLog {
    /// The source.
    pub source: Arc<str>,
    /// The file that is being written.
    pub path: PathBuf,
    /// The most full files beside it.
    pub kept_files: u8,
}

impl RotatedLog {
    /// Read the newest entries that a filter takes, at most `most`, the oldest first.
    ///
    /// # Errors
    /// An existing file cannot be read.
    pub fn last(&self, most: usize, filter: &Filter) -> io::Result<Vec<OutputEntry>> {
        let mut last = Vec::new();
        let mut time = None;
        for number in 0..=self.kept_files {
            let Some(bytes) = end_of(&self.numbered(number))? else { continue };
            if !self.take_from(&bytes, &mut time, most, filter, &mut last) {
                break;
            }
        }
        last.reverse();
        Ok(last)
    }

    /// Take entries from the end of a file; false if no older ones are wanted. A line without a time gets the next
    /// line's.
    fn take_from(
        &self,
        bytes: &[u8],
        time: &mut Option<Timestamp>,
        most: usize,
        filter: &Filter,
        last: &mut Vec<OutputEntry>,
    ) -> bool {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut lines = bytes.rsplit(|byte| *byte == b'\n').filter(|_| !bytes.is_empty()).map(|line| {
            let (own, text) = parted(line).map_or((None, line), |(time, text)| (Some(time), text));
            *time = own.or(*time);
            LogFileLine { own, time: time.unwrap_or_default(), text }
        });
        let mut block: VecDeque<LogFileLine<'_>> = VecDeque::new();
        loop {
            if last.len() >= most {
                return false;
            }
            // The lines before the block show whether the block begins within a record.
            block.extend(lines.by_ref().take(BLOCK + BEFORE - block.len()));
            if block.is_empty() {
                return true;
            }
            let mut levels = Levels::default();
            let entry =
                |line: &LogFileLine<'_>| OutputEntry::from_line(&self.source, line.time, line.text, &mut levels);
            let entries: Vec<OutputEntry> = block.iter().rev().map(entry).collect();
            let taken = if block.len() < BLOCK + BEFORE { block.len() } else { BLOCK };
            for (line, entry) in block.drain(..taken).zip(entries.into_iter().rev()) {
                if last.len() >= most || line.own.zip(filter.since).is_some_and(|(own, since)| own < since) {
                    return false;
                }
                if filter.takes(&entry) {
                    last.push(entry);
                }
            }
        }
    }

    fn numbered(&self, number: u8) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Read the end of a file; `None` if there is no such file.
fn end_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::{Level, Stamper};

    fn texts(entries: &[OutputEntry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.message.as_str()).collect()
    }

    #[test]
    fn entries_are_read_back_over_all_files_with_time_and_level() {
        let folder = tempfile::tempdir().expect("a directory");
        let kept = RotatedLog { source: "api".into(), path: folder.path().join("api.log"), kept_files: 2 };
        assert_eq!(kept.last(10, &Filter::default()).expect("no file is no error"), []);
        let mut stamper = Stamper::default();
        let time = |minute: u32| format!("2026-11-23T10:{minute:02}:00Z").parse::<Timestamp>().expect("a time");
        for (file, minute, text) in [
            ("api.log.3", 0, "not one of the kept\n"),
            ("api.log.2", 1, "one\n\x1b[31mERROR\x1b[0m two\n"),
            ("api.log.1", 2, "10%\r20%\nthe line goes "),
            ("api.log", 3, "on\nlast"),
        ] {
            let mut bytes = Vec::new();
            stamper.stamp(time(minute), text.as_bytes(), &mut bytes);
            std::fs::write(folder.path().join(file), bytes).expect("a file");
        }
        let all = kept.last(usize::MAX, &Filter::default()).expect("files");
        assert_eq!(texts(&all), ["one", "ERROR two", "20%", "the line goes", "on", "last"]);
        let times: Vec<Timestamp> = all.iter().map(|entry| entry.time).collect();
        assert_eq!(times, [1, 1, 2, 2, 3, 3].map(time));
        assert_eq!(texts(&kept.last(2, &Filter::default()).expect("files")), ["on", "last"]);
        let errors = Filter { level: Some(Level::Error), ..Filter::default() };
        assert_eq!(texts(&kept.last(2, &errors).expect("files")), ["ERROR two"]);
        let since = Filter { since: Some(time(2)), ..Filter::default() };
        assert_eq!(texts(&kept.last(10, &since).expect("files")), ["20%", "the line goes", "on", "last"]);
        assert_eq!(texts(&kept.last(0, &Filter::default()).expect("files")), [""; 0]);
    }

    #[test]
    fn a_record_is_whole_wherever_in_a_long_log_it_is() {
        let folder = tempfile::tempdir().expect("a directory");
        let kept = RotatedLog { source: "x".into(), path: folder.path().join("x.log"), kept_files: 0 };
        let record = ["Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "shop.NotFound"];
        let errors = Filter { level: Some(Level::Error), ..Filter::default() };
        for after in BLOCK - 3..=BLOCK + 1 {
            let (before, behind) = ("before\n".repeat(BLOCK), "behind\n".repeat(after));
            std::fs::write(&kept.path, format!("{before}{}\n{behind}", record.join("\n"))).expect("a file");
            assert_eq!(texts(&kept.last(10, &errors).expect("a file")), record, "{after} lines behind it");
            let all = kept.last(usize::MAX, &Filter::default()).expect("a file");
            assert_eq!(all.len(), BLOCK + 3 + after);
        }
    }

    #[test]
    fn a_line_of_a_hundred_megabytes_is_one_bounded_entry() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("x.log");
        std::fs::write(&path, [&vec![b'x'; 100_000_000][..], b"\nend\n"].concat()).expect("a file");
        let kept = RotatedLog { source: "x".into(), path, kept_files: 0 };
        let entries = kept.last(10, &Filter::default()).expect("a file");
        assert_eq!(entries.iter().map(|entry| entry.message.len()).collect::<Vec<_>>(), [4096, 3]);
    }
}
