//! A snapshot as a table: CSV for programs, aligned text for people.

use std::fmt::Write;

use vx_shm::{BoardView, Liveness, SlotState, SlotView, Snapshot, Unit};
use vx_text::replaced;

use crate::error_cell::ErrorCell;
use crate::vocabulary::{begun, is_stalled, unit_of, word_of};

const COLUMNS: [&str; 18] = [
    "key",
    "version",
    "kind",
    "state",
    "step",
    "done",
    "total",
    "percent",
    "pid",
    "attempt",
    "message",
    "error",
    "exit_code",
    "signal",
    "result",
    "ended_at",
    "error_kind",
    "hint",
];

/// Write a snapshot as CSV: a line of names, then a line for each slot, with CRLF as RFC 4180 requires. An unknown
/// value is empty. Unprintable characters are written out as in [`to_text`], except tabs and the line ends inside of
/// quotes.
pub fn to_csv(snapshot: &Snapshot) -> String {
    let mut csv = COLUMNS.join(",");
    csv.push_str("\r\n");
    for slot in &snapshot.slots {
        let fields = fields(snapshot, slot).map(|field| quoted(&field));
        csv.push_str(&fields.join(","));
        csv.push_str("\r\n");
    }
    csv
}

fn fields(snapshot: &Snapshot, slot: &SlotView) -> [String; COLUMNS.len()] {
    fn or_nothing(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let error = ErrorCell::of_slot(slot);
    [
        slot.key.clone(),
        slot.version.clone(),
        slot.kind.to_string(),
        slot.state.to_string(),
        word_of(slot).to_owned(),
        slot.done.to_string(),
        or_nothing(slot.total),
        or_nothing(slot.percent()),
        or_nothing(slot.pid),
        slot.attempt.to_string(),
        slot.message.clone(),
        or_nothing(error.as_ref().map(ErrorCell::shown_text)),
        or_nothing(slot.exit_code),
        or_nothing(slot.signal),
        or_nothing(slot.result.as_ref()),
        or_nothing(slot.ended_at_ns.and_then(|at| wall_clock(&snapshot.board, at))),
        or_nothing(ErrorCell::kind_of_slot(slot)),
        or_nothing(error.as_ref().and_then(|error| error.hint.as_ref())),
    ]
}

/// A field, quoted if the format requires it. A `'` keeps spreadsheets from taking a text for a formula.
fn quoted(field: &str) -> String {
    let field = escaped_except(field, |character| matches!(character, '\t' | '\r' | '\n'));
    let number = field.parse::<f64>().is_ok();
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"', '\n', '\r']) {
        return field;
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// A board for people: a heading, a line for each slot, and below the slot its error. Unprintable characters are
/// written out, so that nothing on a board can move a cursor.
pub fn to_text(snapshot: &Snapshot) -> String {
    let board = &snapshot.board;
    let created = wall_clock(board, board.created_at_ns).unwrap_or_else(|| "at an unknown time".into());
    let mut text =
        format!("{} ({}), {} of {} slots, ", escaped(&board.title), state(board), snapshot.slots.len(), board.capacity);
    let _ = writeln!(text, "made {created} by process {}", board.creator.pid);
    let names: Vec<String> = snapshot.slots.iter().map(name).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (slot, name) in snapshot.slots.iter().zip(&names) {
        let (amount, message) = (amount(slot), escaped(&slot.message));
        let numbered = [amount, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
        let line = format!("{name:width$}  {:9}  {:12}  {numbered}", standing(slot), escaped(word_of(slot)));
        let _ = writeln!(text, "{}", line.trim_end());
        let error = ErrorCell::of_slot(slot);
        for line in error.iter().flat_map(ErrorCell::shown) {
            let _ = writeln!(text, "{:width$}  {}", "", escaped(&line));
        }
    }
    text
}

/// The state that the board's creator wrote last; `abandoned` if the creator is known to have ended without closing the
/// board.
fn state(board: &BoardView) -> &'static str {
    if board.abandoned() { "abandoned" } else { board.state.name() }
}

/// The slot's state, or in its place the liveness of its process, if that is known to be lost, silent, or stalled in a
/// step that must move. A reserved slot whose work has begun is live: a command that shows no progress never claims its
/// slot.
fn standing(slot: &SlotView) -> &'static str {
    match slot.liveness {
        _ if slot.state.ended() => slot.state.name(),
        Liveness::Lost => "lost",
        Liveness::Silent(_) => "silent",
        Liveness::Stalled(ms) if is_stalled(slot, ms) => "stalled",
        _ if slot.state == SlotState::Reserved && begun(slot) => SlotState::Live.name(),
        Liveness::Stalled(_) | Liveness::Alive | Liveness::Unknown => slot.state.name(),
    }
}

fn name(slot: &SlotView) -> String {
    match slot.version.as_str() {
        "" => escaped(&slot.key),
        version => format!("{} {}", escaped(&slot.key), escaped(version)),
    }
}

/// The numbers of the slot; empty if none is known. Thousandths are a share, with or without the total that they imply.
fn amount(slot: &SlotView) -> String {
    match (slot.total, slot.percent()) {
        _ if unit_of(slot) == Unit::Permille => format!("{}.{} %", slot.done / 10, slot.done % 10),
        (None, _) if slot.done == 0 => String::new(),
        (Some(total), Some(percent)) => format!("{} of {total} ({percent:.1} %)", slot.done),
        (Some(total), None) => format!("{} of {total}", slot.done),
        (None, _) => slot.done.to_string(),
    }
}

/// A moment of the board's monotonic clock as RFC 3339; `None` outside the years of a calendar.
fn wall_clock(board: &BoardView, at_ns: u64) -> Option<String> {
    jiff::Timestamp::from_nanosecond(board.unix_ns_at(at_ns)).ok().map(|moment| moment.to_string())
}

/// The text on one line, with every unprintable character written out.
fn escaped(text: &str) -> String {
    escaped_except(text, |_| false)
}

fn escaped_except(text: &str, kept: impl Fn(char) -> bool) -> String {
    let written = |character: char, into: &mut String| into.extend(character.escape_default());
    replaced(text, |character, _| kept(character), written).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::{BoardState, Kind};

    fn snapshot(slot: SlotView) -> Snapshot {
        Snapshot { slots: vec![slot], ..Snapshot::default() }
    }

    #[test]
    fn csv_quotes_what_would_break_a_line_and_guards_what_would_run() {
        let slot = SlotView { key: "a,\"b\"".into(), message: "=1+1\nx".into(), ..SlotView::default() };
        let csv = to_csv(&snapshot(slot));
        assert!(csv.contains("\"a,\"\"b\"\"\",") && csv.contains("\"'=1+1\nx\""), "{csv}");
        assert_eq!(quoted("-5"), "-5");
    }

    #[test]
    fn csv_holds_no_control_character_but_tabs_and_line_ends_in_quotes() {
        let slot = SlotView { key: "\u{1b}[2J\u{9b}".into(), message: "a\tb\nc".into(), ..SlotView::default() };
        let csv = to_csv(&snapshot(slot));
        assert!(csv.contains("\\u{1b}[2J\\u{9b},") && csv.contains("\"a\tb\nc\""), "{csv:?}");
    }

    #[test]
    fn text_holds_no_control_character_whatever_is_on_the_board() {
        let slot = SlotView {
            key: "\u{1b}[2J".into(),
            message: "a\rb\u{9b}c\u{202e}d".into(),
            error: Some("first\n\u{7}second".into()),
            state: SlotState::Failed,
            ..SlotView::default()
        };
        let text = to_text(&snapshot(slot));
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
        assert!(
            text.contains("\\u{1b}[2J") && text.contains("\\u{202e}") && text.contains("\n") && text.contains("first")
        );
    }

    #[test]
    fn text_of_a_crashed_run_says_what_is_known_and_no_more() {
        let step = crate::vocabulary::Phase::DOWNLOADING.step();
        let live = SlotView { key: "node".into(), state: SlotState::Live, step, ..SlotView::default() };
        let ended = SlotView { key: "uv".into(), state: SlotState::Done, ..SlotView::default() };
        let told = |alive, liveness| {
            let mut crashed = snapshot(SlotView { liveness, ..live.clone() });
            crashed.slots.push(SlotView { liveness, ..ended.clone() });
            crashed.board.creator.alive = alive;
            let text = to_text(&crashed);
            let word = |line: &str, at| line.split_whitespace().nth(at).unwrap_or_default().to_owned();
            let lines: Vec<&str> = text.lines().collect();
            [word(lines[0], 0), word(lines[1], 1), word(lines[2], 1)].join(" ")
        };
        assert_eq!(told(Some(false), Liveness::Lost), "(abandoned), lost done");
        assert_eq!(told(Some(true), Liveness::Silent(2000)), "(running), silent done");
        assert_eq!(told(Some(true), Liveness::Stalled(7000)), "(running), stalled done");
        assert_eq!(told(Some(true), Liveness::Alive), "(running), live done");
        assert_eq!(told(None, Liveness::Unknown), "(running), live done", "a dump knows of nobody");
    }

    #[test]
    fn text_of_a_command_has_no_numbers_that_it_did_not_show_and_thousandths_are_a_share() {
        let step = vx_shm::Step::new(3);
        let reserved =
            SlotView { key: "x".into(), state: SlotState::Reserved, kind: Kind::Task, step, ..SlotView::default() };
        let line = |slot: &SlotView| to_text(&snapshot(slot.clone())).lines().nth(1).unwrap_or_default().to_owned();
        assert_eq!(line(&reserved), "x  live       running");
        let queued = SlotView { step: vx_shm::Step::FIRST, ..reserved.clone() };
        assert_eq!(line(&queued), "x  reserved   queued");
        let shared = SlotView { done: 453, total: Some(1000), unit: Unit::Permille, ..reserved.clone() };
        assert_eq!(line(&shared), "x  live       running       45.3 %");
        let counted = SlotView { done: 3, total: Some(4), message: "here".into(), ..reserved };
        assert_eq!(line(&counted), "x  live       running       3 of 4 (75.0 %)  here");
    }

    #[test]
    fn a_board_that_was_closed_keeps_its_word_after_its_creator() {
        let mut closed = Snapshot::default();
        (closed.board.state, closed.board.creator.alive) = (BoardState::Failed, Some(false));
        assert!(to_text(&closed).contains("(failed)"));
    }

    #[test]
    fn a_cancelled_slot_has_its_kind_in_csv() {
        let csv = to_csv(&snapshot(SlotView { state: SlotState::Cancelled, ..SlotView::default() }));
        assert!(csv.ends_with(",cancelled,\r\n"), "{csv}");
    }

    #[test]
    fn every_line_of_csv_has_as_many_fields_as_there_are_names() {
        let csv = to_csv(&snapshot(SlotView { key: "plain".into(), ..SlotView::default() }));
        assert!(csv.lines().all(|line| line.matches(',').count() == COLUMNS.len() - 1), "{csv}");
    }
}
