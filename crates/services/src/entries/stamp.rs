//! The time in front of each line of a log file.
//!
//! A line is `2026-11-23T10:00:00.123Z TEXT`, with the bytes of the text as they were printed.

use std::str;

use jiff::Timestamp;

/// Length of a time and the space after it.
const STAMP_BYTES: usize = "2026-11-23T10:00:00.123Z ".len();

/// Range of the time of day in a full timestamp.
const TIME_OF_DAY: std::ops::Range<usize> = "2026-11-23T".len().."2026-11-23T10:00:00.123".len();

/// Puts the time in front of each line of a stream, which may arrive in pieces of any size.
#[derive(Debug)]
pub struct Stamper {
    /// The last time as text, and the millisecond it was made from.
    stamp: String,
    millisecond: i64,
    in_line: bool,
}

impl Default for Stamper {
    fn default() -> Self {
        Self { stamp: String::new(), millisecond: i64::MIN, in_line: false }
    }
}

impl Stamper {
    /// Append the next piece of the stream, which was read at this time, to `out`.
    pub fn stamp(&mut self, now: Timestamp, bytes: &[u8], out: &mut Vec<u8>) {
        let millisecond = now.as_millisecond();
        if millisecond != self.millisecond {
            self.stamp = format!("{now:.3} ");
            self.millisecond = millisecond;
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.in_line {
                out.extend_from_slice(self.stamp.as_bytes());
            }
            out.extend_from_slice(line);
            self.in_line = !line.ends_with(b"\n");
        }
    }
}

/// Split a line into the time in front and its text; `None` if there is no time.
pub fn parted(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (stamp, text) = line.split_at_checked(STAMP_BYTES)?;
    let stamp = str::from_utf8(stamp).ok()?.strip_suffix("Z ")?;
    // Check every digit and sign, so that no text of a program is taken for a time.
    let shape = "0000-00-00T00:00:00.000".bytes();
    let fits =
        stamp.bytes().zip(shape).all(|(byte, shape)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape });
    let time = if fits { format!("{stamp}Z").parse().ok()? } else { return None };
    Some((time, text))
}

/// Write the time of day of an entry, to the millisecond: `10:00:00.123`.
pub fn time_of_day(time: Timestamp) -> String {
    let whole = format!("{time:.3}");
    whole.get(TIME_OF_DAY).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_time_once_wherever_the_pieces_end() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let (mut stamper, mut out) = (Stamper::default(), Vec::new());
        stamper.stamp(at("2026-11-23T10:00:00Z"), b"one\ntw", &mut out);
        stamper.stamp(at("2026-11-23T10:00:00.5Z"), b"o\r", &mut out);
        stamper.stamp(at("2026-11-23T10:00:01.9999Z"), b"2\n\nend", &mut out);
        let expected = "2026-11-23T10:00:00.000Z one\n2026-11-23T10:00:00.000Z two\r2\n\
            2026-11-23T10:00:01.999Z \n2026-11-23T10:00:01.999Z end";
        assert_eq!(str::from_utf8(&out).expect("text"), expected);
        for line in expected.lines() {
            let (time, text) = parted(line.as_bytes()).expect("a time");
            assert_eq!(format!("{time:.3} ").len(), STAMP_BYTES);
            assert_eq!(text, &line.as_bytes()[STAMP_BYTES..]);
        }
    }

    #[test]
    fn a_text_that_is_no_time_is_left_whole() {
        for text in [
            "",
            "short",
            "2026-11-23 10:00:00.123Z x",
            "2026-99-23T10:00:00.123Z x",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(parted(text.as_bytes()), None, "{text}");
        }
    }
}
