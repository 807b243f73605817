//! Text for one cell of a view: a single line, as wide as its characters are.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;

use unicode_width::UnicodeWidthChar;

use super::is_unprintable;

/// Longest text that is examined: the rest is cut off first, because no line on a screen is longer.
const LONGEST_BYTES: usize = 4096;

/// Most combining marks that a base character keeps; more would only slow terminals down.
const MOST_MARKS: usize = 4;

/// Texts that move the cursor back to the first column of a line.
const RETURNS: [&str; 3] = ["\r", "\u{1b}[1G", "\u{1b}[G"];

/// `text` as one line without unprintable characters: escape sequences are dropped whole, line breaks and tabs become
/// spaces, the other characters of the class are dropped, and so is everything beyond 4 KiB.
///
/// Joiners and variation selectors are dropped, too: terminals disagree about the width of what they join. The
/// characters they stood between remain, so that the text stays readable.
pub fn clean(text: &str) -> Cow<'_, str> {
    let text = start_of(text, LONGEST_BYTES);
    if is_clean_ascii(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(clean_with_looks(text, |_, _| ()))
}

/// [`clean`], which also calls `look` for each control sequence that selects the look of the text after it (SGR): with
/// the number of bytes of clean text before the sequence, and with its parameters.
pub fn clean_with_looks<'a>(text: &'a str, mut look: impl FnMut(usize, &'a str)) -> String {
    let text = start_of(text, LONGEST_BYTES);
    if is_clean_ascii(text) {
        return text.to_owned();
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\u{1b}' => {
                skip_sequence(&mut characters);
                let end = characters.peek().map_or(text.len(), |(next, _)| *next);
                if let Some(parameters) = text[at..end].strip_prefix("\u{1b}[").and_then(|rest| rest.strip_suffix('m'))
                {
                    look(cleaned.len(), parameters);
                }
            }
            '\u{9b}' => skip_csi(&mut characters),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut characters),
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            _ if is_unprintable(character) => {}
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
    cleaned
}

/// [`last_printed`], made harmless by [`clean`].
pub fn last_overwrite(line: &str) -> Cow<'_, str> {
    clean(last_printed(line))
}

/// The part of a line with carriage returns that a terminal would show last, not cleaned. A move to the first column
/// counts as a return.
pub fn last_printed(line: &str) -> &str {
    let mut end = line.len();
    for (at, _) in line.rmatch_indices(['\r', '\u{1b}']) {
        let Some(return_) = RETURNS.iter().find(|return_| line[at..end].starts_with(**return_)) else { continue };
        let part = &line[at + return_.len()..end];
        if !part.trim().is_empty() {
            return part;
        }
        end = at;
    }
    if line[..end].trim().is_empty() { "" } else { &line[..end] }
}

/// Returns whether nothing in the text has to be cleaned, as in most lines.
fn is_clean_ascii(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// As much of `text` as fits in `most` bytes, cut at a character's boundary.
fn start_of(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Skip the sequence that follows an escape character.
fn skip_sequence(characters: &mut Peekable<CharIndices>) {
    match characters.peek().map(|(_, next)| *next) {
        Some('[') => {
            characters.next();
            skip_csi(characters);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            characters.next();
            skip_string(characters);
        }
        Some(' '..='/') => {
            while characters.next_if(|(_, next)| (' '..='/').contains(next)).is_some() {}
            characters.next_if(|(_, next)| ('0'..='~').contains(next));
        }
        Some('0'..='~') => {
            characters.next();
        }
        _ => {}
    }
}

/// Skip a control sequence's parameters and its final character.
fn skip_csi(characters: &mut Peekable<CharIndices>) {
    while characters.next_if(|(_, next)| (' '..='?').contains(next)).is_some() {}
    characters.next_if(|(_, next)| ('@'..='~').contains(next));
}

/// Skip a string up to its terminator; one without a terminator takes the rest of the line with it.
fn skip_string(characters: &mut Peekable<CharIndices>) {
    while let Some((_, character)) = characters.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if characters.next_if(|(_, next)| *next == '\\').is_some() => return,
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
    fn the_looks_of_a_line_are_handed_on_with_their_places() {
        let mut looks = Vec::new();
        let text = "a\u{1b}[1;31mré\u{1b}[0m\u{1b}[?25l\u{1b}[2Kz\u{1b}[m\u{1b}[38;5;";
        assert_eq!(clean_with_looks(text, |at, parameters| looks.push((at, parameters))), "aréz");
        assert_eq!(looks, [(1, "1;31"), (4, "0"), (5, "")]);
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
            prop_assert!(!clean(&text).chars().any(is_unprintable));
            prop_assert_eq!(clean_with_looks(&text, |_, _| ()), clean(&text));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.clone());
        }
    }
}
