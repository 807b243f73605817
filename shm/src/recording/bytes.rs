//! Numbers and texts as bytes: seven bits a byte, the lowest first, the highest bit while more follow.

use crate::layout::beginning;

/// Longest text that is written or accepted, in bytes: longer than the text of any cell of a board.
const MOST_TEXT_BYTES: usize = 4096;

/// Append a number.
pub(super) fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Append a number that may be negative: small ones of both signs are short.
pub(super) fn put_signed(into: &mut Vec<u8>, number: i64) {
    put_number(into, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Append a number that may be unknown.
pub(super) fn put_optional(into: &mut Vec<u8>, number: Option<u64>) {
    into.push(u8::from(number.is_some()));
    if let Some(number) = number {
        put_number(into, number);
    }
}

/// Append a text: its length, then its bytes. A text that is too long is cut between two characters.
pub(super) fn put_text(into: &mut Vec<u8>, text: &str) {
    let kept = beginning(text, MOST_TEXT_BYTES);
    put_number(into, kept.len() as u64);
    into.extend_from_slice(kept.as_bytes());
}

/// Bytes that are read from the front. Each method returns `None` if the next bytes are not a value of its kind.
pub(super) struct RecordingByteReader<'a>(pub(super) &'a [u8]);

impl<'a> RecordingByteReader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for place in 0..10 {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if place == 9 && bits > 1 {
                return None;
            }
            number |= bits << (7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    pub(super) fn optional(&mut self) -> Option<Option<u64>> {
        match self.byte()? {
            0 => Some(None),
            1 => self.number().map(Some),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok().filter(|length| *length <= MOST_TEXT_BYTES)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_is_read(number: u64, signed: i64, optional: Option<u64>, text in ".{0,40}") {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            put_signed(&mut bytes, signed);
            put_optional(&mut bytes, optional);
            put_text(&mut bytes, &text);
            let mut bytes = RecordingByteReader(&bytes);
            prop_assert_eq!(bytes.number(), Some(number));
            prop_assert_eq!(bytes.signed(), Some(signed));
            prop_assert_eq!(bytes.optional(), Some(optional));
            prop_assert_eq!(bytes.text(), Some(text.as_str()));
            prop_assert!(bytes.is_empty());
        }
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let mut bytes = Vec::new();
        put_text(&mut bytes, &"ü€".repeat(2_000));
        let text = RecordingByteReader(&bytes).text().map(str::len);
        assert!(text.is_some_and(|length| (4_090..=4_096).contains(&length)), "{text:?}");
    }

    #[test]
    fn numbers_that_do_not_fit_and_texts_that_go_on_are_none() {
        assert_eq!(RecordingByteReader(&[0xff; 9]).number(), None);
        assert_eq!(RecordingByteReader(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).number(), None);
        assert_eq!(RecordingByteReader(&[5, b'a']).text(), None);
        assert_eq!(RecordingByteReader(&[1, 0xff]).text(), None);
    }
}
