//! A line of output as text for people and patterns: without colours, without other control sequences.

use std::borrow::Cow;

use anstyle_parse::{Params, Parser, Perform, Utf8Parser};

/// Extract the text of a line. A movement of the cursor, by which programs draw over their own output, becomes a line
/// feed: the text after it is another line on the screen. Bytes that are not UTF-8 become U+FFFD.
///
/// The line must be whole: a sequence cut off at its end is dropped.
pub fn plain(line: &[u8]) -> Cow<'_, str> {
    // Control characters of more than one byte begin with 0xC2.
    if !line.iter().any(|byte| byte.is_ascii_control() || *byte == 0xc2) {
        return String::from_utf8_lossy(line);
    }
    let mut parser = Parser::<Utf8Parser>::new();
    let mut text = PlainTextCollector::default();
    line.iter().for_each(|byte| parser.advance(&mut text, *byte));
    Cow::Owned(text.0)
}

/// Find the text that a terminal shows in the end: of text that was drawn over, the last piece that is not blank.
pub fn last_shown(text: &str) -> &str {
    text.rsplit('\n').find(|piece| !piece.trim().is_empty()).unwrap_or_default()
}

#[derive(Default)]
struct PlainTextCollector(String);

impl Perform for PlainTextCollector {
    fn print(&mut self, character: char) {
        if !character.is_control() {
            self.0.push(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\t' => self.0.push('\t'),
            b'\n' | b'\r' => self.0.push('\n'),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, _: &Params, _: &[u8], _: bool, action: u8) {
        match action {
            // Programs set the columns of a table apart by movements to the right.
            b'C' => self.0.push(' '),
            b'A' | b'B' | b'D'..=b'H' | b'J' | b'S' | b'T' | b'd' | b'f' => self.0.push('\n'),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_movements_begin_a_line() {
        let table: [(&[u8], &str); 10] = [
            (b"plain text", "plain text"),
            (b"\x1b[32m\xe2\x9e\x9c\x1b[39m  \x1b[1mLocal\x1b[22m:   http", "\u{279c}  Local:   http"),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ end", "link end"),
            (b"\x1b]0;title\x07ready", "ready"),
            (b"old\x1b[2K\x1b[1Gnew", "old\nnew"),
            (b"10%\r20%", "10%\n20%"),
            (b"a\x1b[3Cb\tc", "a b\tc"),
            (b"\xc2\x9b31mred \xc3\xa9", "31mred \u{e9}"),
            (b"cut \x1b[3", "cut "),
            (b"\xff", "\u{fffd}"),
        ];
        for (bytes, expected) in table {
            assert_eq!(plain(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn of_a_line_that_was_drawn_over_the_last_text_is_shown() {
        assert_eq!(last_shown("10%\n20%\n "), "20%");
        assert_eq!(last_shown("one"), "one");
        assert_eq!(last_shown("\n"), "");
    }
}
