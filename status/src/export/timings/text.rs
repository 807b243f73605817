//! Texts and moments in the form of the page.

use vx_text::replaced;

/// `text` as the text of a page or of an attribute: no markup, and U+FFFD in place of each unprintable character except
/// line ends and tabs.
pub(super) fn escaped(text: &str) -> String {
    let keep = |character, _| matches!(character, '\n' | '\t');
    let printable = replaced(text, keep, |_, into| into.push('\u{fffd}'));
    let mut markup = String::with_capacity(printable.len());
    for character in printable.chars() {
        match character {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '"' => markup.push_str("&quot;"),
            '\'' => markup.push_str("&#39;"),
            other => markup.push(other),
        }
    }
    markup
}

/// A moment of the wall clock: `2026-11-21 15:10:00 UTC`.
pub(super) fn moment(unix_ns: i64) -> String {
    let moment = jiff::Timestamp::from_nanosecond(unix_ns.into()).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The word at the head of a column.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
