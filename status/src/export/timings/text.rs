//! Numbers and texts in the form of the page.

use vx_text::replaced;

/// `text` as the text of a page or of an attribute: no markup, and U+FFFD in place of each unprintable character except line
/// ends and tabs.
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

/// A length of time with three digits or so: `812 ms`, `2.34 s`, `1 min 02 s`.
pub(super) fn duration(ns: u64) -> String {
    let ms = ns / 1_000_000;
    match ms {
        0 if ns > 0 => "< 1 ms".into(),
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{:.2} s", ms as f64 / 1_000.0),
        10_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        60_000..3_600_000 => format!("{} min {:02} s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{} h {:02} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// An amount of bytes: `512 B`, `31.2 MB`.
pub(super) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1_000.0;
        unit += 1;
    }
    let places = if value < 9.95 { 2 } else { usize::from(value < 99.5) };
    format!("{value:.places$} {}", units[unit])
}

pub(super) fn rate(per_second: u64) -> String {
    format!("{}/s", bytes(per_second))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_about_three_digits() {
        assert_eq!([0, 500, 812_000_000, 2_345_000_000].map(duration), ["0 ms", "< 1 ms", "812 ms", "2.35 s"]);
        assert_eq!([59_960_000_000, 62_000_000_000].map(duration), ["60.0 s", "1 min 02 s"]);
        assert_eq!([999, 1_000, 31_200_000, 999_800].map(bytes), ["999 B", "1.00 kB", "31.2 MB", "1.00 MB"]);
        assert!(bytes(u64::MAX).ends_with("EB"));
    }
}
