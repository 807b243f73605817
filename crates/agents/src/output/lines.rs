//! Splitting an agent's output into lines; it arrives in pieces of any size.

use std::borrow::Cow;

/// A line is kept up to this many bytes. The rest of a longer line is dropped and counted.
pub(crate) const LINE_CAP_BYTES: usize = 16 * 1024 * 1024;
/// A buffer that has grown beyond this shrinks to it after its line.
const KEPT_BYTES: usize = 256 * 1024;

/// A line without its end.
#[derive(Debug)]
pub(crate) struct AgentOutputLine<'a> {
    /// Its text; bytes that are not UTF-8 become U+FFFD.
    pub text: Cow<'a, str>,
    /// Bytes of it that were dropped.
    pub dropped: u64,
    /// Bytes of it that arrived, dropped ones and the line feed included.
    pub whole_bytes: u64,
}

/// Takes a stream in pieces and gives its lines. A last line without a line feed counts.
#[derive(Debug)]
pub(crate) struct LineReader {
    begun: Vec<u8>,
    dropped: u64,
    cap_bytes: usize,
}

impl LineReader {
    pub(crate) fn of_at_most(cap_bytes: usize) -> Self {
        Self { begun: Vec::new(), dropped: 0, cap_bytes }
    }

    /// Take the next piece.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut on_line: impl FnMut(AgentOutputLine<'_>)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end + 1);
            let line = &line[..end];
            // A line that is complete in its piece is not copied.
            if self.begun.is_empty() && self.dropped == 0 && line.len() <= self.cap_bytes {
                on_line(shown(line, 0, 1));
            } else {
                self.keep(line);
                self.give(1, &mut on_line);
            }
            bytes = rest;
        }
        self.keep(bytes);
    }

    /// End the stream: give the last line if it has no line feed.
    pub(crate) fn finish(&mut self, mut on_line: impl FnMut(AgentOutputLine<'_>)) {
        if !self.begun.is_empty() || self.dropped > 0 {
            self.give(0, &mut on_line);
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = self.cap_bytes.saturating_sub(self.begun.len()).min(piece.len());
        self.begun.extend_from_slice(&piece[..room]);
        self.dropped += (piece.len() - room) as u64;
    }

    fn give(&mut self, end_bytes: u64, on_line: &mut impl FnMut(AgentOutputLine<'_>)) {
        on_line(shown(&self.begun, self.dropped, end_bytes));
        self.begun.clear();
        self.begun.shrink_to(KEPT_BYTES);
        self.dropped = 0;
    }
}

fn shown(line: &[u8], dropped: u64, end_bytes: u64) -> AgentOutputLine<'_> {
    let whole_bytes = line.len() as u64 + dropped + end_bytes;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    AgentOutputLine { text: String::from_utf8_lossy(line), dropped, whole_bytes }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]], cap_bytes: usize) -> Vec<(String, u64)> {
        let (mut reader, mut lines) = (LineReader::of_at_most(cap_bytes), Vec::new());
        for piece in pieces {
            reader.feed(piece, |line| lines.push((line.text.into_owned(), line.dropped)));
        }
        reader.finish(|line| lines.push((line.text.into_owned(), line.dropped)));
        lines
    }

    #[test]
    fn both_ends_of_lines_count_and_so_does_a_last_line_without_one() {
        let all = lines(&[b"a\r\nb\n\nc"], 100);
        assert_eq!(all, [("a", 0), ("b", 0), ("", 0), ("c", 0)].map(|(text, dropped)| (text.to_owned(), dropped)));
    }

    #[test]
    fn the_rest_of_a_long_line_is_dropped_and_counted_and_the_next_one_is_whole() {
        let all = lines(&[b"12345", b"6789", b"0\nabcd\n"], 4);
        assert_eq!(all, [("1234".to_owned(), 6), ("abcd".to_owned(), 0)]);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(lines(&[b"a\xff\xfeb\n"], 100), [("a\u{fffd}\u{fffd}b".to_owned(), 0)]);
    }

    #[test]
    fn the_memory_of_a_long_line_is_given_back() {
        let mut reader = LineReader::of_at_most(LINE_CAP_BYTES);
        for _ in 0..320 {
            reader.feed(&[b'x'; 65_536], |_| {});
        }
        assert!(reader.begun.len() == LINE_CAP_BYTES && reader.begun.capacity() <= 2 * LINE_CAP_BYTES);
        reader.feed(b"\n", |line| assert_eq!(line.whole_bytes, 320 * 65_536 + 1));
        assert!(reader.begun.capacity() <= KEPT_BYTES);
    }

    proptest! {
        #[test]
        fn the_lines_do_not_depend_on_the_pieces(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0xff_u8), b'a'..=b'e'], 0..200),
            size in 1_usize..40,
            cap in 1_usize..20,
        ) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(lines(&pieces, cap), lines(&[&bytes], cap));
        }
    }
}
