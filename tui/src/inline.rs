//! The inline view: finished tools scroll up as lines, the running ones stand in a few rows below.
//!
//! Between two drawings the cursor rests at the first column of the first live row. Terminals that reflow on a resize
//! keep the cursor with its row and those that cut keep it in place, so the next drawing begins at the right row
//! without knowing which kind it is. Nothing stays switched on in the terminal between two drawings.

use ratatui::crossterm::{Command, cursor, terminal};
use vx_shm::{SlotView, Snapshot};

use crate::model::{Pace, Row, Standing, Totals, elapsed_ms, received_bytes, rows};
use crate::text::{bytes, duration, fitted, padded, padded_left, percent, rate, seconds, width};
use crate::theme::{Theme, Tone};
use crate::widgets::{bar, glyph, summary, tone};

/// The live region has at most this many rows, and at most a third of the screen.
const MOST_ROWS: u16 = 8;

/// The bytes that scroll `finished` up and show `live` in place of what was shown before. No line may be wider than the
/// screen, colour codes apart.
pub(crate) fn redraw(finished: &[String], live: &[String]) -> String {
    let mut out = String::new();
    ansi(&mut out, terminal::BeginSynchronizedUpdate);
    ansi(&mut out, terminal::DisableLineWrap);
    out.push('\r');
    for line in finished {
        ansi(&mut out, terminal::Clear(terminal::ClearType::UntilNewLine));
        out.push_str(line);
        out.push_str("\r\n");
    }
    ansi(&mut out, terminal::Clear(terminal::ClearType::FromCursorDown));
    for (number, line) in live.iter().enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        out.push_str(line);
    }
    out.push('\r');
    if live.len() > 1 {
        ansi(&mut out, cursor::MoveUp(u16::try_from(live.len() - 1).unwrap_or(u16::MAX)));
    }
    ansi(&mut out, terminal::EnableLineWrap);
    ansi(&mut out, terminal::EndSynchronizedUpdate);
    out
}

fn ansi(out: &mut String, command: impl Command) {
    // Writing to a string cannot fail.
    let _ = command.write_ansi(out);
}

/// The line of a tool that is over: `✓ node 22.3.0  installed  31.2 MB  4.2 s`.
pub(crate) fn finished_line(theme: &Theme, slot: &SlotView, now_ns: u64, columns: u16) -> String {
    let standing = Standing::of(slot);
    let mut said = crate::model::ending(slot, standing);
    if standing.bad() && standing != Standing::Lost {
        said = format!("{}: {said}", standing.word());
    }
    let sums: Vec<String> = [
        received_bytes(slot).map(bytes),
        elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost).map(duration),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sums = sums.join("  ");
    let name = format!("{} {}", slot.key, slot.version);
    let room = usize::from(columns).saturating_sub(3);
    let name = fitted(&name, room / 2, theme.glyphs.cut);
    let sums = fitted(&sums, room.saturating_sub(width(&name) + 2), theme.glyphs.cut);
    let said = fitted(&said, room.saturating_sub(width(&name) + 4 + width(&sums)), theme.glyphs.cut);
    let mark = theme.paint(glyph(theme.glyphs, standing), tone(standing));
    let line = [theme.paint(&name, Tone::Strong), theme.paint(&said, tone(standing)), theme.paint(&sums, Tone::Quiet)];
    let line: Vec<String> = line.into_iter().filter(|part| !part.is_empty()).collect();
    fit_tiny(format!("{mark} {}", line.join("  ")), columns)
}

/// On a screen narrower than the mark and a name nothing sensible fits.
fn fit_tiny(line: String, columns: u16) -> String {
    if columns < 8 { fitted(&line, usize::from(columns.saturating_sub(1)), "") } else { line }
}

/// The live rows for a screen of this size: the sums, then what is being worked on.
pub(crate) fn live_rows(theme: &Theme, snapshot: &Snapshot, paces: &[Pace], size: (u16, u16)) -> Vec<String> {
    let (columns, height) = size;
    let most = usize::from(MOST_ROWS.min(height / 3));
    let room = usize::from(columns.saturating_sub(1));
    if most == 0 || room == 0 {
        return Vec::new();
    }
    let totals = Totals::of(snapshot, paces);
    let rows = rows(snapshot, paces, &[]);
    let mut working: Vec<&Row> = rows.iter().filter(|row| row.standing.at_work()).collect();
    let for_rows = most - 1;
    let hidden = if working.len() > for_rows { working.len() + 1 - for_rows.max(1) } else { 0 };
    working.truncate(if hidden > 0 { for_rows.saturating_sub(1) } else { for_rows });
    let longest = |text: fn(&Row) -> &str, most: usize| {
        working.iter().map(|row| width(text(row))).max().unwrap_or_default().min(most)
    };
    let columns = (longest(|row| &row.tool, 20), longest(|row| &row.version, 14));
    let mut lines: Vec<String> = working.iter().map(|row| live_row(theme, row, columns, room)).collect();
    if hidden > 0 && for_rows > 0 {
        lines.push(theme.paint(&fitted(&format!("  and {hidden} more"), room, theme.glyphs.cut), Tone::Quiet));
    }
    let drawn = bar(theme, room.min(96) / 4, Some(totals.permille), 0);
    let sums = fitted(&summary(theme, &totals), room.saturating_sub(width(&drawn) + 1), theme.glyphs.cut);
    lines.push(format!("{} {sums}", theme.paint(&drawn, Tone::Busy)));
    lines
}

/// One running tool in `room` columns; what fits least is left out from the right.
fn live_row(theme: &Theme, row: &Row, (tool, version): (usize, usize), room: usize) -> String {
    let cut = theme.glyphs.cut;
    let mark = glyph(theme.glyphs, row.standing);
    let mut line = vec![(format!("{mark} {}", padded(&row.tool, tool.min(room / 2), cut)), tone(row.standing))];
    let mut taken = tool.min(room / 2) + 2;
    let mut add = |text: String, tone: Tone| {
        if taken + 2 + width(&text) <= room {
            taken += 2 + width(&text);
            line.push((text, tone));
        }
    };
    add(padded(&row.version, version, cut), Tone::Quiet);
    if row.note.is_empty() {
        let doing = row.phase.map(vx_shm::Phase::name).unwrap_or_default();
        let doing = if row.standing == Standing::Slow { "slow" } else { doing };
        add(padded(doing, 12, cut), Tone::Plain);
    } else {
        // What is special about it stands in the way of the rest.
        let said = format!("{}: {}", row.standing.word(), row.note);
        add(fitted(&said, room.saturating_sub(tool + version + 8), cut), tone(row.standing));
    }
    add(bar(theme, 12, row.permille, row.beat), tone(row.standing));
    add(padded_left(&row.permille.map(percent).unwrap_or_default(), 4, cut), Tone::Plain);
    add(padded_left(&row.done_bytes.map(bytes).unwrap_or_default(), 8, cut), Tone::Plain);
    add(padded_left(&row.bytes_per_second.map(rate).unwrap_or_default(), 10, cut), Tone::Plain);
    add(row.left_ms.map(|left| format!("{} left", seconds(left))).unwrap_or_default(), Tone::Quiet);
    let painted: Vec<String> = line.iter().map(|(text, tone)| theme.paint(text, *tone)).collect();
    fit_tiny(painted.join("  "), u16::try_from(room + 1).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture::{downloading, everything, hostile, many};
    use crate::text::hostile as is_hostile;
    use crate::theme::Look;
    use std::num::NonZero;

    fn cells(count: u16) -> NonZero<u16> {
        NonZero::new(count).expect("a screen has cells")
    }

    fn screen(size: (u16, u16)) -> vt100::Parser {
        vt100::Parser::new(cells(size.1), cells(size.0), 100)
    }

    fn rows_of(screen: &vt100::Parser) -> Vec<String> {
        let (_, columns) = screen.screen().size();
        let rows: Vec<String> = screen.screen().rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows[..used].to_vec()
    }

    fn show(screen: &mut vt100::Parser, finished: &[&str], live: &[&str]) {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        screen.process(redraw(&owned(finished), &owned(live)).as_bytes());
    }

    #[test]
    fn finished_lines_scroll_up_above_the_live_rows() {
        let mut screen = screen((20, 6));
        screen.process(b"$ vx sync\r\n");
        show(&mut screen, &[], &["one", "two", "sum"]);
        assert_eq!(rows_of(&screen), ["$ vx sync", "one", "two", "sum"]);
        show(&mut screen, &["one done"], &["two", "sum"]);
        assert_eq!(rows_of(&screen), ["$ vx sync", "one done", "two", "sum"]);
        show(&mut screen, &["two done"], &[]);
        assert_eq!(rows_of(&screen), ["$ vx sync", "one done", "two done"]);
        assert_eq!(screen.screen().cursor_position(), (3, 0));
    }

    #[test]
    fn at_the_bottom_of_the_screen_nothing_is_lost_and_nothing_is_left() {
        let mut screen = screen((20, 5));
        screen.process(b"a\r\nb\r\nc\r\nd\r\n");
        for step in 0..10 {
            show(&mut screen, &[&format!("done {step}")], &["live", "sum"]);
        }
        assert_eq!(rows_of(&screen), ["done 7", "done 8", "done 9", "live", "sum"]);
        screen.screen_mut().set_scrollback(11);
        assert_eq!(rows_of(&screen), ["a", "b", "c", "d", "done 0"]);
    }

    #[test]
    fn a_narrowing_resize_keeps_the_finished_lines_and_shows_the_live_rows_once() {
        let mut screen = screen((60, 12));
        show(&mut screen, &["done one", "done two"], &[&"x".repeat(59), &"y".repeat(59), "sum"]);
        screen.screen_mut().set_size(cells(12), cells(20));
        show(&mut screen, &[], &[&"x".repeat(19), &"y".repeat(19), "sum"]);
        let expected = ["done one", "done two", &"x".repeat(19), &"y".repeat(19), "sum"];
        assert_eq!(rows_of(&screen), expected);
    }

    #[test]
    fn nothing_stays_switched_on_between_two_drawings() {
        let bytes = redraw(&["done".to_owned()], &["live".to_owned(), "sum".to_owned()]);
        for (on, off) in [("\u{1b}[?2026h", "\u{1b}[?2026l"), ("\u{1b}[?7l", "\u{1b}[?7h")] {
            assert!(bytes.rfind(off) > bytes.rfind(on), "{bytes:?}");
        }
        assert!(!bytes.contains("\u{1b}[?25l"), "the cursor is never hidden");
    }

    #[test]
    fn live_rows_fit_every_screen() {
        let plain = Theme::new(Look::default());
        for snapshot in [everything(), hostile(), many(64), many(1), many(0)] {
            for columns in 0..=140 {
                for height in [0, 2, 3, 9, 24, 80] {
                    let rows = live_rows(&plain, &snapshot, &[], (columns, height));
                    assert!(rows.len() <= usize::from(MOST_ROWS.min(height / 3)));
                    for row in rows {
                        assert!(width(&row) < usize::from(columns.max(1)) || columns == 0, "{columns}: {row:?}");
                        assert!(!row.chars().any(is_hostile), "{row:?}");
                    }
                    for slot in &snapshot.slots {
                        let line = finished_line(&plain, slot, snapshot.taken_at_ns, columns);
                        assert!(width(&line) <= usize::from(columns), "{columns}: {line:?}");
                        assert!(!line.chars().any(is_hostile), "{line:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let rows = live_rows(&Theme::new(Look::default()), &many(64), &[], (100, 30));
        assert_eq!((rows.len(), rows[6].as_str()), (8, "  and 58 more"));
    }

    #[test]
    fn one_running_tool_and_the_sums() {
        let snapshot = Snapshot {
            slots: vec![downloading(0, "node", "22.23.3", 15_600_000, Some(31_200_000))],
            taken_at_ns: 103_000_000_000,
            ..Snapshot::default()
        };
        let paces = [Pace { bytes_per_second: Some(7_800_000), measured_ms: 2_000 }];
        let rows = live_rows(&Theme::new(Look::default()), &snapshot, &paces, (100, 30));
        insta::assert_snapshot!("inline_one", rows.join("\n"));
    }
}
