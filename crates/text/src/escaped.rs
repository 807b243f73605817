//! Text with its unprintable characters written out, so that they can be read; none is dropped.

use std::borrow::Cow;

use super::class::is_joiner;
use super::is_unprintable;

/// Most joiners and selectors in a row that count as spelling: an emoji takes a selector and then a joiner.
const MOST_JOINERS: usize = 2;

/// `text` with its unprintable characters written as JSON writes them, `\u001b`. Line ends and tabs stay.
///
/// JSON keeps its meaning, because it holds unprintable characters in its strings only. Joiners and variation selectors
/// stay where they shape a character outside of ASCII: a path in Persian, or with an emoji, is printed as it is. After
/// ASCII they can only hide something, as in `no\u{200d}de`, so they are written out.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let ends_line = |character, next| character == '\n' || (character == '\r' && next == Some('\n'));
    replaced(text, |character, next| character == '\t' || ends_line(character, next), push_escaped)
}

/// Append `character` as JSON may write it: `\u001b`, as two surrogates beyond U+FFFF.
pub fn push_escaped(character: char, into: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        into.push_str(&format!("\\u{unit:04x}"));
    }
}

/// `text` with each unprintable character replaced by what `replace` appends for it.
///
/// Characters that `keep` accepts stay; it takes the character and the next one. Joiners stay as in [`escaped`].
pub fn replaced(
    text: &str,
    keep: impl Fn(char, Option<char>) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    // The number of joiners since the last printable character; `None` if that character can't be joined.
    let mut joiners = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !is_unprintable(character) {
            joiners = (!character.is_ascii()).then_some(0);
            result.push(character);
            continue;
        }
        joiners = joiners.filter(|count| is_joiner(character) && *count < MOST_JOINERS).map(|count| count + 1);
        match joiners.is_some() || keep(character, characters.peek().copied()) {
            true => result.push(character),
            false => replace(character, &mut result),
        }
    }
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_keeps_its_meaning_and_holds_nothing_that_a_terminal_obeys() {
        let value =
            serde_json::json!({ "key": "a\u{9b}2J\u{7f}\u{1b}b\u{202e}", "plain": "é…\r\n", "tag": "\u{e0041}" });
        let text = format!("{value:#}");
        let text = escaped(&text);
        assert!(text.contains("\\u009b2J\\u007f\\u001bb\\u202e") && text.contains("\\udb40\\udc41"), "{text:?}");
        assert!(!text.contains(|character| is_unprintable(character) && character != '\n'), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }

    #[test]
    fn lines_stay_lines_and_what_would_move_the_cursor_back_does_not() {
        assert_eq!(escaped("a\tb\r\nc\rd\u{8}"), "a\tb\r\nc\\u000dd\\u0008");
        assert!(matches!(escaped("plain ünïcode"), Cow::Borrowed(_)));
        assert_eq!(escaped("plain ünïcode\n"), "plain ünïcode\n");
    }

    #[test]
    fn joiners_stay_where_they_shape_and_are_written_where_they_hide() {
        for spelled in ["نامه\u{200c}ها", "👨\u{200d}👩\u{200d}👧", "❤\u{fe0f}\u{200d}🔥", "क्\u{200d}ष"]
        {
            assert_eq!(escaped(spelled), spelled);
        }
        assert_eq!(escaped("no\u{200d}de\u{fe0f}"), "no\\u200dde\\ufe0f");
        assert_eq!(escaped("❤\u{200d}\u{200d}\u{200d}\u{200d}"), "❤\u{200d}\u{200d}\\u200d\\u200d");
        assert_eq!(escaped("é\u{202e}\u{200d}"), "é\\u202e\\u200d");
    }

    proptest! {
        #[test]
        fn only_line_ends_tabs_and_joiners_come_through(text in "\\PC*|.*|[\\x00-\\x{a0}\\x{2000}-\\x{2100}]*") {
            let shown = escaped(&text);
            let kept = |character| matches!(character, '\n' | '\r' | '\t') || is_joiner(character);
            prop_assert!(!shown.contains(|character| is_unprintable(character) && !kept(character)), "{:?}", shown);
            prop_assert_eq!(escaped(&shown), &*shown);
        }
    }
}
