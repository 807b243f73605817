//! Reading a log in pieces of limited size: from its end, or backwards or forwards from a given place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use vx_status::source::{LogLine, LogPart, LogPlace};

/// The largest size of a piece. A longer line is split.
const PIECE_BYTES: u64 = 64 * 1024;

/// The piece of this log at this place.
pub fn piece(path: &Path, place: LogPlace) -> io::Result<LogPart> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let (from, to) = match place {
        LogPlace::End => (size.saturating_sub(PIECE_BYTES), size),
        LogPlace::Before(at) => (at.min(size).saturating_sub(PIECE_BYTES), at.min(size)),
        LogPlace::From(at) => (at.min(size), at.saturating_add(PIECE_BYTES).min(size)),
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(to - from).read_to_end(&mut bytes)?;
    let begins_with_a_line = from == 0 || matches!(place, LogPlace::From(_));
    let skipped = if begins_with_a_line { 0 } else { first_line_end(&bytes) };
    Ok(lines(&bytes[skipped..], from + skipped as u64, size))
}

/// The newest complete lines, at most `lines` of them.
pub fn tail(path: &Path, lines: usize) -> io::Result<Vec<String>> {
    let mut all = piece(path, LogPlace::End)?.lines;
    all.drain(..all.len().saturating_sub(lines));
    Ok(all.into_iter().map(|line| line.text).collect())
}

/// Copy the whole log to a new file in this directory, named after the log. An existing file is never overwritten.
pub fn save(log: &Path, directory: &Path) -> io::Result<PathBuf> {
    const MOST_NAMES: u32 = 1000;
    let stem = log.file_stem().unwrap_or_default().to_string_lossy();
    let mut from = File::open(log)?;
    for number in 1..MOST_NAMES {
        let name = if number == 1 { format!("{stem}.log") } else { format!("{stem}-{number}.log") };
        let path = directory.join(name);
        let mut to = match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        };
        if let Err(error) = io::copy(&mut from, &mut to) {
            // Remove a half-written copy, which would look like the whole log.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        return Ok(path);
    }
    Err(io::Error::other(format!("there are {MOST_NAMES} logs of that name in `{}`", directory.display())))
}

/// The offset at which the second line begins; 0 if there is only a piece of one long line.
fn first_line_end(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if end == bytes.len() { 0 } else { end }
}

/// The lines of a piece. An incomplete last line is included only at the log's end or if it fills the whole piece;
/// otherwise it is left to the next piece.
fn lines(bytes: &[u8], from: u64, size: u64) -> LogPart {
    let at_the_end = from + bytes.len() as u64 >= size;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let long = whole == 0 && !at_the_end;
    let shown = if at_the_end || long { bytes } else { &bytes[..whole] };
    let mut at = from;
    let placed = shown.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let begins = at;
        at += line.len() as u64;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        LogLine { at: begins, text: String::from_utf8_lossy(line).into_owned() }
    });
    let lines = placed.collect();
    let to = from + if long { bytes.len() } else { whole } as u64;
    LogPart { lines, from, to, size, last: at_the_end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("x.log");
        std::fs::write(&path, text).expect("a log");
        (directory, path)
    }

    fn texts(part: &LogPart) -> Vec<&str> {
        part.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn the_tail_of_a_long_log_is_its_last_whole_lines() {
        let text: String = (0..50_000).map(|line| format!("line {line}\n")).collect();
        let (_kept, path) = log(text.as_bytes());
        assert_eq!(tail(&path, 2).expect("it reads"), ["line 49998", "line 49999"]);
        assert!(tail(&path, usize::MAX).expect("it reads").iter().all(|line| line.starts_with("line ")));
    }

    #[test]
    fn pieces_that_follow_each_other_are_the_whole_log_both_ways() {
        let text: String = (0..50_000).map(|line| format!("line {line}\n")).collect();
        let (_kept, path) = log(text.as_bytes());
        let (mut onward, mut at) = (Vec::new(), 0);
        while at < text.len() as u64 {
            let part = piece(&path, LogPlace::From(at)).expect("it reads");
            assert!(part.to > at && part.from == at);
            at = part.to;
            onward.extend(part.lines);
        }
        let whole: Vec<&str> = text.lines().collect();
        assert_eq!(onward.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), whole);
        let mut backward = Vec::new();
        while at > 0 {
            let part = piece(&path, LogPlace::Before(at)).expect("it reads");
            assert!(part.from < at);
            at = part.from;
            backward.splice(..0, part.lines);
        }
        assert_eq!(backward, onward);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_that_lose_nothing() {
        let mut text = vec![b'x'; 10_000_000];
        text.extend(b"\nshort\n");
        let (_kept, path) = log(&text);
        let (mut read, mut at, mut last) = (0, 0, String::new());
        while at < text.len() as u64 {
            let part = piece(&path, LogPlace::From(at)).expect("it reads");
            read += part.lines.iter().map(|line| line.text.len()).sum::<usize>();
            assert!(part.to > at, "it gets on");
            (at, last) = (part.to, part.lines.last().expect("a line").text.clone());
        }
        assert_eq!((read, last.as_str()), (10_000_005, "short"));
        let end = piece(&path, LogPlace::End).expect("it reads");
        assert_eq!(texts(&end), ["short"]);
        let before = piece(&path, LogPlace::Before(end.from)).expect("it reads");
        assert!(
            before.from < end.from && before.lines.len() == 1 && before.lines[0].text.len() <= PIECE_BYTES as usize
        );
    }

    #[test]
    fn a_line_that_is_being_written_is_shown_and_comes_again() {
        let (_kept, path) = log(b"one\r\ntwo\nthr");
        let part = piece(&path, LogPlace::End).expect("it reads");
        assert_eq!((texts(&part), part.to, part.size), (vec!["one", "two", "thr"], 9, 12));
        std::fs::write(&path, b"one\r\ntwo\nthree\n").expect("a log");
        assert_eq!(texts(&piece(&path, LogPlace::From(9)).expect("it reads")), ["three"]);
        assert_eq!(piece(&path, LogPlace::From(15)).expect("it reads").lines, []);
    }

    #[test]
    fn a_saved_log_takes_no_other_files_place() {
        let (directory, path) = log(b"all of it\n");
        let into = directory.path().join("work");
        std::fs::create_dir(&into).expect("a directory");
        std::fs::write(into.join("x.log"), "mine").expect("a file");
        let saved = save(&path, &into).expect("it is saved");
        assert_eq!(
            (saved.file_name(), std::fs::read(&saved).ok()),
            (Some("x-2.log".as_ref()), Some(b"all of it\n".to_vec()))
        );
        assert_eq!(std::fs::read(into.join("x.log")).ok(), Some(b"mine".to_vec()));
        assert!(save(&path, &directory.path().join("none")).is_err());
    }
}
