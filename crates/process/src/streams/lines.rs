//! Splits a stream that arrives in pieces into lines, as a terminal shows them.

/// Takes a stream in pieces, and yields its lines without line feeds.
///
/// If a line is overwritten by means of a carriage return, as progress is, its last text counts. A line is cut at the
/// limit, so that an endless one takes no memory.
#[derive(Debug)]
pub struct LineSplitter {
    line: Vec<u8>,
    most_bytes: usize,
}

impl LineSplitter {
    /// A splitter for a new stream, with lines of at most this many bytes.
    pub fn of_at_most(most_bytes: usize) -> Self {
        Self { line: Vec::new(), most_bytes }
    }

    /// Take the next piece.
    pub fn feed(&mut self, bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(rest) => {
                    self.push(rest);
                    on_line(self.shown());
                    self.line.clear();
                }
                None => self.push(piece),
            }
        }
    }

    /// The stream has ended: yield the text behind the last line feed.
    pub fn finish(&mut self, mut on_line: impl FnMut(&[u8])) {
        if !self.shown().is_empty() {
            on_line(self.shown());
        }
        self.line.clear();
    }

    fn push(&mut self, piece: &[u8]) {
        for text in piece.split_inclusive(|byte| *byte == b'\r') {
            // A carriage return takes effect only when text follows: one before a line feed clears nothing.
            if self.line.last() == Some(&b'\r') {
                self.line.clear();
            }
            let room = self.most_bytes.saturating_sub(self.line.len());
            self.line.extend(&text[..text.len().min(room)]);
            if text.ends_with(b"\r") && self.line.last() != Some(&b'\r') {
                self.line.push(b'\r');
            }
        }
    }

    fn shown(&self) -> &[u8] {
        self.line.strip_suffix(b"\r").unwrap_or(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits these pieces of a stream into lines.
    fn lines(pieces: &[&str]) -> Vec<String> {
        let (mut found, mut lines) = (Vec::new(), LineSplitter::of_at_most(8));
        for piece in pieces {
            lines.feed(piece.as_bytes(), |line| found.push(String::from_utf8_lossy(line).into_owned()));
        }
        lines.finish(|line| found.push(String::from_utf8_lossy(line).into_owned()));
        found
    }

    #[test]
    fn lines_are_what_a_terminal_shows_wherever_the_pieces_end() {
        let table: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("one\n\ntwo\n", &["one", "", "two"]),
            ("one\r\ntwo", &["one", "two"]),
            ("10%\r20%\r30%\n", &["30%"]),
            ("10%\r20%\r", &["20%"]),
            ("123456789\nx\n", &["12345678", "x"]),
            ("123456789\rabc\r\n", &["abc"]),
            ("1234567\r\r\r\nx\n", &["", "x"]),
        ];
        for (text, expected) in table {
            assert_eq!(lines(&[text]), expected, "{text:?} at once");
            let bytes: Vec<&str> = text.split_inclusive(|_| true).collect();
            assert_eq!(lines(&bytes), expected, "{text:?} byte by byte");
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut lines = LineSplitter::of_at_most(100);
        for _ in 0..1000 {
            lines.feed(&[b'x'; 1000], |_| unreachable!("it does not end"));
            lines.feed(&[b'\r'; 10], |_| unreachable!("it does not end"));
        }
        assert!(lines.line.capacity() <= 256, "{}", lines.line.capacity());
    }
}
