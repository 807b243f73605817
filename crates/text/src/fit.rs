//! Text measured and cut by the columns it takes, never by bytes or characters.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::clean::clean;

/// The columns that `text` takes once cleaned.
pub fn width(text: &str) -> usize {
    clean(text).graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// `text` cleaned, and cut if it is wider than `columns`; a cut text ends in `tail`, which is one column wide.
pub fn fitted(text: &str, columns: usize, tail: &str) -> String {
    let cleaned = clean(text);
    if cleaned.graphemes(true).map(UnicodeWidthStr::width).sum::<usize>() <= columns {
        return cleaned.into_owned();
    }
    let room = columns.saturating_sub(tail.width());
    let mut cut = String::new();
    let mut taken = 0;
    for grapheme in cleaned.graphemes(true) {
        taken += grapheme.width();
        if taken > room {
            break;
        }
        cut.push_str(grapheme);
    }
    if tail.width() <= columns {
        cut.push_str(tail);
    }
    cut
}

/// [`fitted`], then filled up with spaces on the right to exactly `columns`.
pub fn padded(text: &str, columns: usize, tail: &str) -> String {
    let mut fitted = fitted(text, columns, tail);
    let missing = columns.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// [`fitted`], then filled up with spaces on the left to exactly `columns`.
pub fn padded_left(text: &str, columns: usize, tail: &str) -> String {
    let fitted = fitted(text, columns, tail);
    let missing = columns.saturating_sub(width(&fitted));
    format!("{}{fitted}", " ".repeat(missing))
}

/// `text` cleaned, each of its lines broken into pieces of at most `columns` columns: between words where that loses
/// less than half a line, anywhere else. A character wider than a whole piece is left out.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    if columns == 0 {
        return pieces;
    }
    for line in text.lines() {
        let cleaned = clean(line);
        let mut piece = String::new();
        let (mut taken, mut last_space) = (0, None);
        for grapheme in cleaned.graphemes(true) {
            let wide = grapheme.width();
            if wide > columns {
                continue;
            }
            if taken + wide > columns {
                // A space at the break is left out.
                let fits = grapheme == " ";
                let rest = last_space.filter(|at| !fits && *at * 2 > piece.len()).map(|at| piece.split_off(at));
                pieces.push(std::mem::take(&mut piece));
                piece = rest.map(|rest| rest.trim_start().to_owned()).unwrap_or_default();
                taken = width(&piece);
                last_space = None;
                if fits {
                    continue;
                }
            }
            if grapheme == " " {
                last_space = Some(piece.len());
            }
            piece.push_str(grapheme);
            taken += wide;
        }
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(fitted("日本語ツール", 6, "…"), "日本…");
        assert_eq!(padded("日本語ツール", 6, "…"), "日本… ");
        assert_eq!(fitted("日本語", 6, "…"), "日本語");
        assert_eq!(fitted("naïve", 4, "~"), "naï~");
        assert_eq!(fitted("abc", 0, "…"), "");
    }

    #[test]
    fn numbers_stand_on_the_right() {
        assert_eq!(padded_left("7 B", 6, "…"), "   7 B");
    }

    #[test]
    fn lines_break_between_words_where_they_can() {
        assert_eq!(wrapped("the digest differs from the lock", 12), ["the digest", "differs from", "the lock"]);
        assert_eq!(wrapped("aaaaaaaaaaaaaaa", 6), ["aaaaaa", "aaaaaa", "aaa"]);
        assert_eq!(wrapped("one\ntwo", 10), ["one", "two"]);
        assert_eq!(wrapped("a\u{28620}\u{bc1}b", 2), ["ab"], "a cluster of three columns");
    }

    proptest! {
        #[test]
        fn a_fitted_text_is_never_wider_than_its_room(text in any::<String>(), columns in 0usize..60) {
            prop_assert!(width(&fitted(&text, columns, "…")) <= columns);
            prop_assert_eq!(width(&padded(&text, columns, "…")), columns);
        }

        #[test]
        fn wrapped_lines_fit(text in any::<String>(), columns in 2usize..40) {
            for line in wrapped(&text, columns) {
                prop_assert!(width(&line) <= columns, "{:?}", line);
            }
        }
    }
}
