//! The inline view's bytes on an emulated terminal.

use std::num::NonZero;

use vx_status::appearance::OutputStyle;
use vx_status::fixture::{counting, downloading, everything, hostile, many};
use vx_status::source::Expectations;
use vx_text::is_unprintable as is_hostile;

use super::*;

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
fn rows_are_erased_from_below_the_first_so_that_no_terminal_takes_it_for_the_whole_screen() {
    for live in [&[][..], &["live"], &["live", "sum"]] {
        let mut screen = screen((20, 6));
        screen.process(b"x\r\ny\r\nz\x1b[H");
        show(&mut screen, &[], live);
        assert_eq!(rows_of(&screen), live);
        assert_eq!(screen.screen().cursor_position(), (0, 0));
        let live: Vec<String> = live.iter().map(|line| (*line).to_owned()).collect();
        let bytes = redraw(&[], &live);
        let before = bytes.split("\u{1b}[J").next().unwrap_or_default();
        let away = before.ends_with("\u{1b}[1B") || live.last().is_some_and(|last| before.ends_with(last.as_str()));
        assert!(away && bytes.matches("\u{1b}[J").count() == 1, "{bytes:?}");
    }
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
    let plain = Theme::new(OutputStyle::default());
    for snapshot in [everything(), hostile(), many(20), many(1), many(0)] {
        for columns in (0..60).chain((60..=140).step_by(9)) {
            for height in [2, 9, 24] {
                let rows = live_rows(&plain, &snapshot, &[], &Expectations::default(), (columns, height));
                assert!(rows.len() <= usize::from(MOST_ROWS.min(height / 3)));
                for row in rows {
                    assert!(width(&row) < usize::from(columns.max(1)) || columns == 0, "{columns}: {row:?}");
                    assert!(!row.chars().any(is_hostile), "{row:?}");
                }
                for slot in &snapshot.slots {
                    let line = finished_line(&plain, &snapshot, slot, columns);
                    assert!(width(&line) <= usize::from(columns), "{columns}: {line:?}");
                    assert!(!line.chars().any(is_hostile), "{line:?}");
                }
            }
        }
    }
}

#[test]
fn hidden_rows_are_counted() {
    let rows = live_rows(&Theme::new(OutputStyle::default()), &many(64), &[], &Expectations::default(), (100, 30));
    assert_eq!((rows.len(), rows[6].as_str()), (8, "  and 58 more"));
}

#[test]
fn counted_work_is_never_shown_in_bytes() {
    let theme = Theme::new(OutputStyle::default());
    let snapshot =
        Snapshot { slots: vec![counting(0, "test", 7, 40)], taken_at_ns: 103_000_000_000, ..Snapshot::default() };
    let paces = [SlotRate { bytes_per_second: Some(1), measured_ms: 9_000, slow: true, gained: 1 }];
    let rows = live_rows(&theme, &snapshot, &paces, &Expectations::default(), (100, 30)).join("\n");
    assert!(rows.contains(" 7 of 40") && !rows.contains(" B"), "{rows}");
    let ended = SlotView { state: vx_shm::SlotState::Done, ..counting(0, "test", 40, 40) };
    let line = finished_line(&theme, &Snapshot { slots: vec![ended.clone()], ..snapshot }, &ended, 100);
    assert!(line.contains("done") && !line.contains(" B"), "{line}");
}

#[test]
fn one_running_tool_and_the_sums() {
    let snapshot = Snapshot {
        slots: vec![downloading(0, "node", "22.23.3", 15_600_000, Some(31_200_000))],
        taken_at_ns: 103_000_000_000,
        ..Snapshot::default()
    };
    let paces = [SlotRate { bytes_per_second: Some(7_800_000), measured_ms: 2_000, slow: false, gained: 15_600_000 }];
    let rows = live_rows(&Theme::new(OutputStyle::default()), &snapshot, &paces, &Expectations::default(), (100, 30));
    insta::assert_snapshot!("inline_one", rows.join("\n"));
}

#[test]
fn an_address_loses_its_port_last() {
    let address = "http://localhost:15173";
    let shown = [22, 21, 15, 14, 6, 3].map(|columns| shortened(address, columns));
    assert_eq!(shown, [address, "localhost:15173", "localhost:15173", ":15173", ":15173", ":15173"]);
}
