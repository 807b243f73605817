//! The one function that makes text from outside harmless on a terminal.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use unicode_width::UnicodeWidthChar;

/// Text longer than this is cut before anything looks at it: no line on a screen is longer.
const LONGEST_BYTES: usize = 4096;

/// A base character may carry this many marks without width of its own; more only slow terminals down.
const MOST_MARKS: usize = 4;

/// Whether a character may change more on a terminal than its own cell: controls, direction overrides, characters
/// that join, hide or restyle their neighbours.
pub(crate) fn hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One line of harmless text: escape sequences are dropped whole, line breaks and tabs become spaces, other control
/// and formatting characters vanish, and so does whatever lies beyond 4 KiB.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let text = start_of(text, LONGEST_BYTES);
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut characters),
            '\u{9b}' => skip_csi(&mut characters),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut characters),
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            _ if hostile(character) => {}
            _ if character.width() == Some(0) => {
                marks += 1;
                if marks <= MOST_MARKS && !cleaned.is_empty() {
                    cleaned.push(character);
                }
            }
            _ => {
                marks = 0;
                cleaned.push(character);
            }
        }
    }
    Cow::Owned(cleaned)
}

/// A line as a terminal would leave it, harmless: what it said last, where it overwrote itself.
pub(crate) fn said_last(line: &str) -> Cow<'_, str> {
    clean(line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default())
}

/// As much of `text` as fits in `most` bytes, cut at a character's boundary.
fn start_of(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Skip what follows an escape character.
fn skip_sequence(characters: &mut Peekable<Chars>) {
    match characters.peek() {
        Some('[') => {
            characters.next();
            skip_csi(characters);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            characters.next();
            skip_string(characters);
        }
        Some(' '..='/') => {
            while characters.next_if(|next| (' '..='/').contains(next)).is_some() {}
            characters.next_if(|next| ('0'..='~').contains(next));
        }
        Some('0'..='~') => {
            characters.next();
        }
        _ => {}
    }
}

/// Skip a control sequence's parameters and its final character.
fn skip_csi(characters: &mut Peekable<Chars>) {
    while characters.next_if(|next| (' '..='?').contains(next)).is_some() {}
    characters.next_if(|next| ('@'..='~').contains(next));
}

/// Skip a string up to its terminator; one without a terminator takes the rest of the line with it.
fn skip_string(characters: &mut Peekable<Chars>) {
    while let Some(character) = characters.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if characters.next_if_eq(&'\\').is_some() => return,
            '\n' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_vanish_whole() {
        for (hostile, harmless) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;AAAA\u{1b}\\b", "ab"),
            ("\u{1b}Pq#0\u{1b}\\x", "x"),
            ("\u{9b}2Jgone", "gone"),
            ("\u{1b}(0lqk", "lqk"),
            ("\u{1b}cafter", "after"),
            ("half\u{1b}", "half"),
            ("half\u{1b}[12", "half"),
        ] {
            assert_eq!(clean(hostile), harmless, "{hostile:?}");
        }
    }

    #[test]
    fn line_breaks_and_overrides_do_not_leave_the_line() {
        assert_eq!(clean("a\nb\r\nc\td"), "a b  c d");
        assert_eq!(clean("\u{202e}gnp.exe\u{202c}\0\u{7f}"), "gnp.exe");
        assert_eq!(clean("👨\u{200d}👩"), "👨👩");
        assert_eq!(clean("❤\u{fe0f}"), "❤");
    }

    #[test]
    fn a_mountain_of_marks_is_cut() {
        let zalgo = format!("z{}", "\u{301}".repeat(500));
        assert_eq!(clean(&zalgo).chars().count(), 1 + MOST_MARKS);
    }

    #[test]
    fn a_very_long_line_is_cut_at_a_character() {
        assert!(clean(&"語".repeat(100_000)).len() <= LONGEST_BYTES);
    }

    proptest! {
        #[test]
        fn nothing_hostile_comes_through(text in "\\PC*|.*|[\\x00-\\x{a0}\\x{2000}-\\x{2100}]*") {
            prop_assert!(!clean(&text).chars().any(hostile));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.clone());
        }
    }
}
