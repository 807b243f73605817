//! A line that a service prints when it is ready.

use regex_lite::Regex;
use vx_process::LineSplitter;

use crate::plain::plain;

/// A line is searched up to this many bytes, which bounds the memory that it takes.
const LINE_BYTES: usize = 16 * 1024;

/// Searches output for a line; the output may arrive in pieces of any size.
#[derive(Debug)]
pub(super) struct LogMatch {
    pattern: Regex,
    lines: LineSplitter,
    found: bool,
}

impl LogMatch {
    pub(super) fn new(pattern: Regex) -> Self {
        Self { pattern, lines: LineSplitter::of_at_most(LINE_BYTES), found: false }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let Self { pattern, lines, found } = self;
        let mut take = |line: &[u8]| *found = *found || plain(line).split('\n').any(|line| pattern.is_match(line));
        for piece in bytes.split_inclusive(|byte| *byte == b'\r') {
            match piece.strip_suffix(b"\r") {
                // A line that is drawn over later counts all the same.
                Some(text) => {
                    lines.feed(text, &mut take);
                    lines.feed(b"\n", &mut take);
                }
                None => lines.feed(piece, &mut take),
            }
        }
    }

    pub(super) fn found(&self) -> bool {
        self.found
    }

    pub(super) fn why(&self) -> String {
        format!("no line matches `{}`", self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether the pattern is found in these pieces.
    fn found<'a>(pattern: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let mut log = LogMatch::new(Regex::new(pattern).expect("a pattern"));
        pieces.into_iter().for_each(|piece| log.feed(piece));
        log.found()
    }

    #[test]
    fn a_line_is_found_with_colours_inside_wherever_the_pieces_end() {
        let output =
            b"noise\r\n\x1b[32m  \xe2\x9e\x9c\x1b[39m  \x1b[1mReady\x1b[22m on \x1b[36m:\x1b[1m5173\x1b[0m\r\nmore\n";
        assert!(found("^  \u{279c}  Ready on :5173$", [&output[..]]));
        for cut in 0..output.len() {
            let (first, second) = output.split_at(cut);
            assert!(found(r"Ready on :\d+$", [first, second]), "cut at {cut}");
        }
        assert!(found(r"Ready on :\d+$", output.chunks(1)));
        assert!(!found("Ready on 5173", output.chunks(1)));
        assert!(!found("noise.*Ready", [&output[..]]), "two lines are not one");
    }

    #[test]
    fn a_line_that_is_drawn_over_counts() {
        assert!(found("^ready$", [&b"building\rready\rwatching\n"[..]]));
        assert!(found("^ready$", [&b"building\x1b[2K\x1b[1Gready\x1b[2K\x1b[1Gwatching\n"[..]]));
    }

    #[test]
    fn an_endless_line_ends_in_the_next_one() {
        let mut log = LogMatch::new(Regex::new("^ready").expect("a pattern"));
        for _ in 0..1000 {
            log.feed(&[b'x'; 100_000]);
        }
        assert!(!log.found());
        log.feed(b"\nready\n");
        assert!(log.found());
    }
}
