//! A bar of one row: filled up to the known share, or with a moving piece if the share is unknown.

use ratatui::buffer::Buffer;

use super::fill;
use crate::theme::{Styles, Theme, Tone};

/// Draw a bar for a known share: thin, with half cells, and the rest faint.
pub(crate) fn meter(buffer: &mut Buffer, theme: &Theme, (x, y): (u16, u16), columns: u16, permille: u16, tone: Tone) {
    let halves = u32::from(columns) * 2 * u32::from(permille.min(1000)) / 1000;
    let (full, half) = (u16::try_from(halves / 2).unwrap_or(columns), u16::from(halves % 2 == 1));
    fill(buffer, (x, y), full, theme.glyphs.filled, theme.style(tone));
    fill(buffer, (x + full, y), half, theme.glyphs.half, theme.style(tone));
    fill(buffer, (x + full + half, y), columns - full - half, theme.glyphs.empty, theme.style(Tone::Faint));
}

/// A bar of `columns` columns. With a known share it is filled from the left, and full only when all is done. Otherwise
/// a piece moves through it, one step for each `beat`.
pub(crate) fn bar(theme: &Theme, columns: usize, permille: Option<u16>, beat: u64) -> String {
    let glyphs = theme.glyphs;
    match permille {
        Some(permille) => {
            let filled = columns * usize::from(permille.min(1000)) / 1000;
            format!("{}{}", glyphs.filled.repeat(filled), glyphs.empty.repeat(columns - filled))
        }
        None => {
            let piece = (columns / 4).max(1).min(columns);
            let ways = columns - piece;
            let step = usize::try_from(beat % (ways as u64 * 2).max(1)).unwrap_or_default();
            let from = if step <= ways { step } else { ways * 2 - step };
            let (before, after) = (glyphs.empty.repeat(from), glyphs.empty.repeat(ways - from));
            format!("{before}{}{after}", glyphs.moving.repeat(piece))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vx_status::appearance::OutputStyle;
    use vx_text::width;

    fn theme() -> Theme {
        Theme::new(OutputStyle { ascii: true, ..OutputStyle::default() })
    }

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        assert_eq!(bar(&theme(), 10, Some(999), 0), "=========-");
        assert_eq!(bar(&theme(), 10, Some(1000), 0), "==========");
        assert_eq!(bar(&theme(), 10, Some(0), 0), "----------");
    }

    #[test]
    fn an_unknown_share_wanders_there_and_back() {
        let seen: Vec<_> = (0..7).map(|beat| bar(&theme(), 5, None, beat)).collect();
        assert_eq!(seen, ["=----", "-=---", "--=--", "---=-", "----=", "---=-", "--=--"]);
    }

    proptest! {
        #[test]
        fn a_bar_is_as_wide_as_it_was_asked_to_be(columns in 0usize..300, share in prop::option::of(0u16..), beat: u64) {
            prop_assert_eq!(width(&bar(&theme(), columns, share, beat)), columns);
        }
    }
}
