//! An agent's standard error: all of it is read, and its beginning becomes events.

use super::last_lines::LastLines;
use super::lines::{AgentOutputLine, LineReader};

/// After this many bytes of standard error, line feeds included, no further line becomes an event.
pub const STDERR_CAP_BYTES: u64 = 8 * 1024;
/// A line becomes an event uncut up to this many bytes.
const LINE_CAP_BYTES: usize = 64 * 1024;

/// The lines of standard error.
#[derive(Debug)]
pub(crate) struct ErrorLines {
    reader: LineReader,
    bytes: u64,
    last: LastLines,
}

impl Default for ErrorLines {
    fn default() -> Self {
        Self { reader: LineReader::of_at_most(LINE_CAP_BYTES), bytes: 0, last: LastLines::default() }
    }
}

impl ErrorLines {
    /// Take the next piece.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut on_line: impl FnMut(String)) {
        let Self { reader, bytes: counted, last } = self;
        reader.feed(bytes, |line| record_line(counted, last, &line, &mut on_line));
    }

    /// End the stream.
    pub(crate) fn finish(&mut self, mut on_line: impl FnMut(String)) {
        let Self { reader, bytes: counted, last } = self;
        reader.finish(|line| record_line(counted, last, &line, &mut on_line));
    }

    /// Its last lines, whether they became events or not.
    pub(crate) fn into_last_lines(self) -> Vec<String> {
        self.last.into_lines()
    }
}

fn record_line(counted: &mut u64, last: &mut LastLines, line: &AgentOutputLine<'_>, on_line: &mut impl FnMut(String)) {
    last.push(&line.text);
    if *counted < STDERR_CAP_BYTES {
        let mark = if line.dropped > 0 { format!(" … {} bytes dropped", line.dropped) } else { String::new() };
        on_line(format!("{}{mark}", line.text));
    }
    *counted += line.whole_bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut all) = (ErrorLines::default(), Vec::new());
        pieces.iter().for_each(|piece| lines.feed(piece, |line| all.push(line)));
        lines.finish(|line| all.push(line));
        all
    }

    #[test]
    fn lines_that_begin_below_the_cap_are_whole_and_later_ones_are_dropped() {
        let line = [b'x'; 1023];
        let full: Vec<u8> = [&line[..], b"\n"].concat().repeat(7);
        let last = [&[b'y'; 1000][..], b"\n", &[b'z'; 3000], b"\nlate\n"].concat();
        let all = all(&[&full, &last]);
        assert_eq!(all.len(), 9, "seven, one that ends below the cap, and one that begins there");
        assert_eq!((all[7].len(), all[8].len()), (1000, 3000));
    }

    #[test]
    fn exactly_the_cap_leaves_no_room() {
        let line: Vec<u8> = [&[b'x'; 1023][..], b"\n"].concat();
        assert_eq!(all(&[&line.repeat(8), b"late\n"]).len(), 8);
    }

    #[test]
    fn of_a_long_line_the_beginning_is_kept_and_the_rest_is_marked() {
        let all = all(&[&vec![b'x'; 70_000], b"\nlate"]);
        assert_eq!(all.len(), 1);
        assert!(all[0].ends_with("x … 4464 bytes dropped"), "{}", &all[0][65_530..]);
    }
}
