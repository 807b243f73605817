//! Text from outside, for a terminal: what a terminal would obey is spelled out.

use std::borrow::Cow;

/// The text with its control characters, and those that turn the direction of what stands beside them, spelled as JSON and
/// TOML may spell them, `\\u001b`: JSON keeps its meaning, since it has none of them but in its texts. Ends of lines and tabs
/// stay.
pub fn spelled(text: &str) -> Cow<'_, str> {
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_a_line = character == '\r' && characters.peek() == Some(&'\n');
        match obeyed(character) && !ends_a_line {
            true => clean.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => clean.push(character),
        }
    }
    Cow::Owned(clean)
}

/// Whether a terminal may do something else with this character than show it, or end a line there.
pub fn obeyed(character: char) -> bool {
    let turning = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turning || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning_and_holds_nothing_that_a_terminal_obeys() {
        let value = serde_json::json!({ "key": "a\u{9b}2J\u{7f}\u{1b}b\u{202e}", "plain": "é…\r\n" });
        let text = format!("{value:#}");
        let text = spelled(&text);
        assert!(text.contains("\\u009b2J\\u007f\\u001bb\\u202e") && !text.contains(obeyed), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }

    #[test]
    fn lines_stay_lines_and_what_would_move_the_cursor_back_does_not() {
        assert_eq!(spelled("a\tb\r\nc\rd\u{8}"), "a\tb\r\nc\\u000dd\\u0008");
        assert!(matches!(spelled("plain ünïcode\n"), Cow::Borrowed(_)));
    }
}
