//! Numbers and texts as the page has them.

/// A text that is nothing but text in a page, in an attribute too. What would move a cursor or turn the direction of what
/// stands beside it is replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '"' => clean.push_str("&quot;"),
            '\'' => clean.push_str("&#39;"),
            '\n' | '\t' => clean.push(character),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                clean.push('\u{fffd}');
            }
            control if control.is_control() => clean.push('\u{fffd}'),
            other => clean.push(other),
        }
    }
    clean
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
