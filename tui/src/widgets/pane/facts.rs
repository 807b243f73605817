//! What is known of the selected slot, before it says anything itself: how far it is, how fast, what it waits for, what
//! waits for it, and its phases beside what is usual.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_shm::{Kind, Liveness, SlotView};
use vx_status::slot::{SlotId, entry_ends_ns, permille, size_bytes};
use vx_status::standing::Standing;
use vx_status::text::wrapped;
use vx_status::units::{amount, bytes, duration, rate, tenths};
use vx_status::vocabulary::{Phase, Phases, unit_in, unit_of, word_of};

use crate::model::{Model, Row};
use crate::theme::{Styles, Theme, Tone};
use crate::widgets::graph::graph;
use crate::widgets::{meter, put, put_right, row_of};

/// The columns of a bar and of a graph.
const DRAWN: u16 = 24;
/// The columns of the longest label, with a blank.
pub(super) const LABELS: u16 = 14;
/// The most names in a list.
const NAMES: usize = 6;

/// One line: a label, a drawing, and words.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fact {
    label: String,
    drawing: Drawing,
    words: String,
    quiet: bool,
}

#[derive(Debug, Default, PartialEq)]
enum Drawing {
    #[default]
    None,
    Part(u16, Tone),
    Rates(Vec<u64>),
    /// The time in a phase and the usual time, each in milliseconds; the longest of all phases.
    Phase {
        phase: Phase,
        here: Option<u64>,
        usual: Option<u64>,
        most: u64,
        live: bool,
    },
}

/// The lines for a slot, in this many columns of words.
pub(super) fn facts(model: &Model, slot: &SlotView, columns: usize) -> Vec<Fact> {
    let Some(row) = model.selected_row() else { return Vec::new() };
    let mut facts = Vec::new();
    progress(model, slot, row, &mut facts);
    let mut say = |label: &str, value: String| {
        for (number, piece) in wrapped(&value, columns.max(8)).into_iter().enumerate() {
            let label = if number == 0 { label.to_owned() } else { String::new() };
            facts.push(Fact { label, words: piece, ..Fact::default() });
        }
    };
    if slot.kind != Kind::Install {
        say("kind", slot.kind.name().to_owned());
    }
    say("state", state(slot, row));
    say("address", slot.address.clone().unwrap_or_default());
    say("process", process(slot));
    if slot.attempt > 1 {
        say("attempt", slot.attempt.to_string());
    }
    say("message", slot.message.clone());
    say("details", slot.details.clone());
    say("waits for", awaited(model, slot, row));
    say("then", waiting(model, slot, row));
    say("path", slot.result.clone().unwrap_or_default());
    say("log", model.log.location.clone().filter(|_| model.log.of == model.selected).unwrap_or_default());
    phases(model, slot, row, &mut facts);
    facts
}

/// How much is done, and how fast.
fn progress(model: &Model, slot: &SlotView, row: &Row, facts: &mut Vec<Fact>) {
    let of = |done: String, total: Option<String>| match total {
        Some(total) => format!("{done} of {total}"),
        None => done,
    };
    let tone = if matches!(row.standing, Standing::Stalled | Standing::Silent) { Tone::Warning } else { Tone::Busy };
    if let Some(done) = row.done_bytes {
        let part = permille(slot.done, slot.total).map_or(Drawing::None, |part| Drawing::Part(part, tone));
        let words = of(bytes(done), slot.total.map(bytes));
        facts.push(Fact { label: "received".to_owned(), drawing: part, words, quiet: false });
    } else if row.standing.at_work() && row.permille.is_some() {
        let part = row.permille.map_or(Drawing::None, |part| Drawing::Part(part, tone));
        let unit = unit_of(slot);
        let words = of(amount(slot.done, unit), slot.total.map(|total| amount(total, unit)));
        let words = if amount(slot.done, unit).is_empty() { String::new() } else { words };
        facts.push(Fact { label: word_of(slot).to_owned(), drawing: part, words, quiet: false });
    } else if let Some(size) = size_bytes(slot) {
        facts.push(Fact { label: "size".to_owned(), words: bytes(size), ..Fact::default() });
    }
    let rates = model.pulse.of(row.id);
    if let (Some(now), Some(most)) = (row.bytes_per_second, rates.iter().max()) {
        let words = format!("{}, {} at most", rate(now), rate(now.max(*most)));
        facts.push(Fact { label: "rate".to_owned(), drawing: Drawing::Rates(rates.to_vec()), words, quiet: false });
    }
}

fn state(slot: &SlotView, row: &Row) -> String {
    let word = row.standing.word();
    match (row.standing, row.note.as_str()) {
        (Standing::Running, _) => word_of(slot).to_owned(),
        (_, "") => word.to_owned(),
        (_, note) => format!("{word}: {note}"),
    }
}

fn process(slot: &SlotView) -> String {
    let Some(pid) = slot.pid else { return "none yet".to_owned() };
    let how = match (slot.signal, slot.exit_code, slot.liveness) {
        (Some(signal), _, _) => format!("killed by signal {signal}"),
        (_, Some(code), _) => format!("ended with exit code {code}"),
        _ if slot.state.ended() => "ended".to_owned(),
        (_, _, Liveness::Alive) => "alive".to_owned(),
        (_, _, Liveness::Stalled(ms)) => format!("alive, nothing moved for {}", duration(ms)),
        (_, _, Liveness::Silent(ms)) => format!("no sign of life for {}: stopped or starved", duration(ms)),
        (_, _, Liveness::Lost) => "gone".to_owned(),
        (_, _, Liveness::Unknown) => "not known to be alive".to_owned(),
    };
    format!("pid {pid}, {how}")
}

/// The slot that this one waits for, and how far that is.
fn awaited(model: &Model, slot: &SlotView, row: &Row) -> String {
    if row.standing == Standing::Queued {
        return row.note.strip_prefix("after ").unwrap_or_default().to_owned();
    }
    let Some(wait) = slot.waits_for.as_ref() else { return String::new() };
    let here = wait.board_id == model.snapshot.board.id;
    let found = model.snapshot.slots.iter().zip(&model.rows).find(|(other, _)| here && other.index == wait.slot);
    let Some((other, row)) = found else { return "work on another board".to_owned() };
    let share = row.permille.filter(|_| row.standing.at_work()).map(|part| format!(", {} %", part / 10));
    format!("{} ({}{})", other.key, state(other, row), share.unwrap_or_default())
}

/// The work that waits for this one.
fn waiting(model: &Model, slot: &SlotView, row: &Row) -> String {
    if row.standing.over() {
        return String::new();
    }
    let board = &model.snapshot.board.id;
    let waits = |other: &SlotView| {
        other.waits_for.as_ref().is_some_and(|wait| wait.slot == slot.index && wait.board_id == *board)
    };
    let after = format!("after {}", row.tool);
    let rows = model.snapshot.slots.iter().zip(&model.rows);
    let mut names: Vec<&str> = rows
        .filter(|(other, other_row)| {
            SlotId::of(other) != row.id
                && (waits(other) || other_row.standing == Standing::Queued && other_row.note == after)
        })
        .map(|(_, row)| row.tool.as_str())
        .collect();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let listed = names.join(", ");
    match (names.len(), more) {
        (0, _) => String::new(),
        (1, _) => format!("{listed} waits for it"),
        (_, 0) => format!("{listed} wait for it"),
        (_, more) => format!("{listed} and {more} more wait for it"),
    }
}

/// The phases, with the time in each so far and what is usual.
fn phases(model: &Model, slot: &SlotView, row: &Row, facts: &mut Vec<Fact>) {
    let now_ns = model.snapshot.taken_at_ns;
    let mut seen: Vec<(Phase, u64, u64)> = Vec::new();
    for entry in slot.phases() {
        let until_ns = entry_ends_ns(slot, entry).unwrap_or(now_ns);
        let ms = until_ns.saturating_sub(entry.entered_at_ns) / 1_000_000;
        match seen.iter_mut().find(|(phase, ..)| *phase == entry.phase) {
            Some((_, took, done)) => (*took, *done) = (took.saturating_add(ms), entry.done),
            None => seen.push((entry.phase, ms, entry.done)),
        }
    }
    let to_come = if slot.kind == Kind::Install { Phase::OF_INSTALL } else { &[] };
    let all = seen.iter().map(|(phase, ..)| *phase).chain(to_come.iter().copied());
    let mut shown: Vec<(Phase, Option<(u64, u64)>, Option<u64>)> = Vec::new();
    for phase in all {
        let here = seen.iter().find(|(known, ..)| *known == phase).map(|(_, ms, done)| (*ms, *done));
        let usual = model.expectations.usual_phase_ms(slot, phase).filter(|ms| *ms > 0);
        if shown.iter().all(|(known, ..)| *known != phase) && (here.is_some() || usual.is_some()) {
            shown.push((phase, here, usual));
        }
    }
    shown.sort_by_key(|(phase, ..)| *phase);
    let longest = |(_, here, usual): &(Phase, Option<(u64, u64)>, Option<u64>)| {
        here.map_or(0, |(ms, _)| ms).max(usual.unwrap_or(0))
    };
    let most = shown.iter().map(longest).max().unwrap_or_default();
    if shown.is_empty() {
        return;
    }
    facts.push(Fact::default());
    let usual = if shown.iter().any(|(.., usual)| usual.is_some()) { "   usual" } else { "" };
    facts.push(Fact { label: "phase".to_owned(), words: format!("  so far{usual}"), quiet: true, ..Fact::default() });
    for (phase, here, usual) in shown {
        let live = row.standing.at_work() && phase == slot.phase();
        let words = here.map_or(String::new(), |(_, done)| amount(done, unit_in(slot, phase)));
        let words = if here.is_some_and(|(_, done)| done > 0) { words } else { String::new() };
        let here = here.map(|(ms, _)| ms);
        let drawing = Drawing::Phase { phase, here, usual, most, live };
        facts.push(Fact { label: phase.name().to_owned(), drawing, words, quiet: !live });
    }
}

/// Draw the facts from line `top` on; values begin `indent` columns to the right.
pub(super) fn draw(buffer: &mut Buffer, theme: &Theme, facts: &[Fact], top: usize, indent: u16, area: Rect) {
    for (number, fact) in facts.iter().skip(top).enumerate() {
        let Some(row) = row_of(area, number) else { break };
        line(buffer, theme, fact, indent.max(LABELS), row);
    }
}

fn line(buffer: &mut Buffer, theme: &Theme, fact: &Fact, indent: u16, area: Rect) {
    let quiet = theme.style(Tone::Quiet);
    let x = area.x + indent;
    let room = area.right().saturating_sub(x);
    let drawn = DRAWN.min(room.saturating_sub(22));
    let words = theme.style(if fact.quiet { Tone::Quiet } else { Tone::Plain });
    match &fact.drawing {
        Drawing::Phase { phase, here, usual, most, live } => {
            let hue = phase.meaning().hue;
            let tone = if *live { Tone::Live(hue) } else { Tone::Past(hue) };
            put(buffer, theme, (area.x, area.y), 1, phase.letter(), theme.style(Tone::Live(hue)));
            put(buffer, theme, (area.x + 2, area.y), indent - 3, &fact.label, words);
            if let Some(ms) = here {
                put_right(buffer, theme, (x, area.y), 8.min(room), &tenths(*ms), words);
            }
            if let Some(ms) = usual {
                put_right(buffer, theme, (x + 8, area.y), 8.min(room.saturating_sub(8)), &tenths(*ms), quiet);
            }
            let at = if usual.is_some() { 18 } else { 10 };
            let long = |ms: u64| u128::from(ms) * u128::from(drawn) / u128::from((*most).max(1));
            let cells = |ms: u64| u16::try_from(long(ms)).unwrap_or_default().clamp(1, drawn.max(1));
            let whole = cells(usual.unwrap_or_default().max(here.unwrap_or_default()));
            let part = here.map_or(0, |ms| u32::from(cells(ms)) * 1000 / u32::from(whole));
            if drawn >= 6 {
                meter(buffer, theme, (x + at, area.y), whole, u16::try_from(part).unwrap_or(1000), tone);
                let after = x + at + drawn + 2;
                put(buffer, theme, (after, area.y), area.right().saturating_sub(after), &fact.words, quiet);
            }
        }
        drawing => {
            put(buffer, theme, (area.x, area.y), indent - 1, &fact.label, quiet);
            match drawing {
                Drawing::Part(part, tone) => meter(buffer, theme, (x, area.y), drawn, *part, *tone),
                Drawing::Rates(rates) => {
                    let shown = &rates[rates.len().saturating_sub(usize::from(drawn))..];
                    let area = Rect::new(x, area.y, drawn, 1);
                    graph(buffer, theme, shown, area, Tone::Past(vx_status::look::Hue::Blue));
                }
                _ => drop(put(buffer, theme, (x, area.y), room, &fact.words, words)),
            }
            if !matches!(drawing, Drawing::None) {
                let after = x + drawn + 2;
                put(buffer, theme, (after, area.y), area.right().saturating_sub(after), &fact.words, words);
            }
        }
    }
}
