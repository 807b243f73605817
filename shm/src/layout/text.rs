//! Text cells: UTF-8 of a fixed size, cut at a character boundary and marked as cut.

/// `W` words that hold a length, a mark for a text that was cut, and the text.
pub type TextCell<const W: usize> = [u64; W];

const CUT: u16 = 1 << 15;
const LENGTH: u16 = CUT - 1;

/// Encode as much of this text as fits. A cell holds `8 * W - 2` bytes.
pub fn encode_text<const W: usize>(text: &str) -> TextCell<W> {
    let mut cell = [0u64; W];
    encode_text_into(text, &mut cell);
    cell
}

/// As [`encode_text`], in place of the cell's content.
#[inline]
pub(crate) fn encode_text_into<const W: usize>(text: &str, cell: &mut TextCell<W>) {
    *cell = [0; W];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(cell);
    if text.len() > bytes.len() - 2 {
        return cut_into(text, bytes);
    }
    bytes[2..2 + text.len()].copy_from_slice(text.as_bytes());
    bytes[..2].copy_from_slice(&(text.len() as u16).to_le_bytes());
}

/// Store as much of a longer text as these bytes hold, marked as cut.
#[cold]
fn cut_into(text: &str, bytes: &mut [u8]) {
    let kept = beginning(text, bytes.len() - 2);
    bytes[2..2 + kept.len()].copy_from_slice(kept.as_bytes());
    bytes[..2].copy_from_slice(&(kept.len() as u16 | CUT).to_le_bytes());
}

/// Find the longest beginning of a text that has at most `most` bytes and ends between two characters.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let whole = |end: &usize| text.is_char_boundary(*end);
    &text[..(0..=most.min(text.len())).rev().find(whole).unwrap_or(0)]
}

/// Put the cell's text into `into`, in place of what was there. A text that was cut ends in `…`.
///
/// Any words give a text: a length beyond the cell counts as the cell's end, and bytes that are not UTF-8 become
/// `U+FFFD`.
pub fn decode_text(cell: &[u64], into: &mut String) {
    into.clear();
    let bytes: &[u8] = bytemuck::cast_slice(cell);
    let Some((head, text)) = bytes.split_first_chunk::<2>() else { return };
    let head = u16::from_le_bytes(*head);
    let text = &text[..usize::from(head & LENGTH).min(text.len())];
    for chunk in text.utf8_chunks() {
        into.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            into.push(char::REPLACEMENT_CHARACTER);
        }
    }
    if head & CUT != 0 {
        into.push('…');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(cell: &[u64]) -> String {
        let mut text = String::from("what was there before");
        decode_text(cell, &mut text);
        text
    }

    #[test]
    fn text_that_fits_comes_back_whole_and_longer_text_is_marked_as_cut() {
        assert_eq!(decoded(&encode_text::<2>("14 bytes here.")), "14 bytes here.");
        assert_eq!(decoded(&encode_text::<2>("15 bytes here..")), "15 bytes here.…");
        assert_eq!(decoded(&encode_text::<2>("")), "");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(decoded(&encode_text::<1>("aaaa€")), "aaaa…");
        assert_eq!(decoded(&encode_text::<1>("ééé€")), "ééé…");
    }

    #[test]
    fn words_that_are_no_text_still_decode() {
        assert_eq!(decoded(&[]), "");
        assert!(decoded(&[u64::MAX; 4]).chars().all(|character| matches!(character, '\u{FFFD}' | '…')));
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_itself_or_as_its_marked_beginning(text in ".{0,40}") {
            let back = decoded(&encode_text::<4>(&text));
            match back.strip_suffix('…') {
                Some(beginning) if text != back => {
                    prop_assert!(text.starts_with(beginning) && beginning.len() > 26);
                }
                _ => prop_assert_eq!(back, text),
            }
        }

        #[test]
        fn any_words_decode_to_a_bounded_text(words in proptest::collection::vec(any::<u64>(), 0..8)) {
            // Each byte becomes at most one replacement character of three bytes, and the mark adds three.
            prop_assert!(decoded(&words).len() <= 3 * 8 * words.len() + 3);
        }
    }
}
