//! The one line that stands for a group of folded rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::appearance::Hue;
use vx_status::standing::Standing;
use vx_text::units::bytes;
use vx_text::width;

use super::lane::ground;
use super::{put, put_right};
use crate::model::{FoldGroup, Model, Number};
use crate::theme::{Styles, Theme, Tone};

/// Draw the one line of folded rows: their number, as many names as fit, and the sum of their sizes.
pub(super) fn fold(buffer: &mut Buffer, theme: &Theme, model: &Model, folded: (FoldGroup, &[usize], bool), area: Rect) {
    let (columns, (x, y)) = (&model.columns, (area.x, area.y));
    let (group, rows, more) = folded;
    let all_good = rows.iter().all(|row| model.rows[*row].standing.good());
    let any_lost = rows.iter().any(|row| model.rows[*row].standing == Standing::Lost);
    let (mark, tone, word) = match group {
        FoldGroup::Bad => (theme.glyphs.failed, Tone::Bad, if any_lost { "failed or lost" } else { "failed" }),
        FoldGroup::Queued => (theme.glyphs.queued, Tone::Faint, "queued"),
        FoldGroup::Over if all_good => (theme.glyphs.done, Tone::Past(Hue::Green), "done"),
        FoldGroup::Over => (theme.glyphs.stopped, Tone::Quiet, "over"),
    };
    let quiet = theme.style(Tone::Quiet);
    put(buffer, theme, (x + 1, y), 1, mark, theme.style(tone));
    if !columns.bar {
        ground(buffer, theme, &model.axis, (x + columns.lane_x, y));
    }
    let head = format!("{} {}{word}", rows.len(), if more { "more " } else { "" });
    let end = 3 + put(buffer, theme, (x + 3, y), columns.lane_x + columns.lane - 3, &head, quiet) + 2;
    let names_x = columns.lane_x.max(end);
    let room = usize::from((columns.lane_x + columns.lane).saturating_sub(names_x));
    if group != FoldGroup::Queued {
        let names = names(theme, rows.iter().map(|row| model.rows[*row].tool.as_str()), room);
        put(buffer, theme, (x + names_x, y), columns.lane, &names, quiet);
    }
    let sum = rows.iter().filter_map(|row| model.rows[*row].size_bytes).fold(0, u64::saturating_add);
    if let Some((_, at, wide)) = columns.numbers.iter().find(|(number, ..)| *number == Number::Size && sum > 0) {
        put_right(buffer, theme, (x + at, y), *wide, &bytes(sum), quiet);
    }
}

/// As many whole names as fit.
fn names<'a>(theme: &Theme, names: impl Iterator<Item = &'a str>, room: usize) -> String {
    let mut text = String::new();
    let mut taken = 0;
    for name in names {
        let between = if text.is_empty() { 0 } else { 3 };
        let wide = between + width(name);
        // Leave room for the mark that there are more.
        if taken + wide + 2 > room {
            text.push_str(&format!(" {}", theme.glyphs.cut));
            break;
        }
        if between > 0 {
            text.push_str(&format!(" {} ", theme.glyphs.dot));
        }
        text.push_str(name);
        taken += wide;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::appearance::OutputStyle;

    #[test]
    fn names_are_whole_and_there_is_a_sign_for_the_others() {
        let theme = Theme::new(OutputStyle::default());
        let shown = |room| names(&theme, ["go", "node", "uv"].into_iter(), room);
        assert_eq!((shown(14).as_str(), shown(16).as_str()), ("go · node …", "go · node · uv"));
        assert!((0..40).all(|room| width(&shown(room)) <= room.max(2)));
    }
}
