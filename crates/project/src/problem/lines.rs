//! Places in a text: line and column of a byte, found without reading the text from its start.
//!
//! A stranger's file may have tens of thousands of mistakes, or all of them on one line, so the cost of one place must
//! not grow with the text.

use std::cell::Cell;
use std::ops::Range;

/// How many bytes are between two counted places.
const STRIDE: usize = 1024;
/// Most problems of a text that quote their line: nobody reads more, and each is searched for secrets.
const MOST_QUOTES: usize = 1000;

/// A text and where its lines start.
pub(crate) struct LineStarts<'t> {
    text: &'t str,
    /// First byte of each line.
    starts: Vec<usize>,
    /// How many characters precede every `STRIDE`th byte.
    counted: Vec<usize>,
    /// How many problems may still quote their line.
    quotes: Cell<usize>,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextPlace {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its column in characters, from 1.
    pub(crate) column: usize,
}

impl<'t> LineStarts<'t> {
    /// Find the lines of this text.
    pub(crate) fn from_text(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let mut sum = 0;
        let pieces = text.as_bytes().chunks(STRIDE).map(characters);
        let counted = std::iter::once(0).chain(pieces.map(|piece| {
            sum += piece;
            sum
        }));
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
            counted: counted.collect(),
            quotes: Cell::new(MOST_QUOTES),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// Find the place of a byte.
    pub(crate) fn place(&self, at: usize) -> TextPlace {
        let at = floor_boundary(self.text, at);
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        TextPlace { line, column: self.characters_before(at) - self.characters_before(start) + 1 }
    }

    /// Find the bytes of a line, from 1, without its end.
    pub(super) fn line(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        start..self.starts.get(line).map_or(self.text.len(), |next| next - 1)
    }

    /// Count the characters in these bytes.
    pub(super) fn characters_in(&self, span: Range<usize>) -> usize {
        self.characters_before(span.end) - self.characters_before(span.start)
    }

    /// Whether one more problem may quote its line.
    pub(super) fn is_quoted_again(&self) -> bool {
        let left = self.quotes.get();
        self.quotes.set(left.saturating_sub(1));
        left > 0
    }

    fn characters_before(&self, at: usize) -> usize {
        let piece = at / STRIDE;
        self.counted.get(piece).copied().unwrap_or_default() + characters(&self.text.as_bytes()[piece * STRIDE..at])
    }
}

/// Count the characters that begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

/// Find the first byte of the character that this byte belongs to.
pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_the_place_that_reading_from_the_start_finds() {
        let long = format!("é{}\n{}\u{4e16}x\r\n\nlast", "aé".repeat(900), "b".repeat(3000));
        for text in ["", "\n", "a", "a\n", "é\n\u{4e16}b", &long] {
            let lines = LineStarts::from_text(text);
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let before = &text[..at];
                let start = before.rfind('\n').map_or(0, |at| at + 1);
                let expected =
                    TextPlace { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 };
                assert_eq!(lines.place(at), expected, "byte {at}");
            }
        }
    }
}
