//! The facts about the selected slot, apart from its own output: how far it is, how fast, what it waits for, what waits
//! for it, and its phases compared with the usual times.

use vx_shm::{Health, Kind, Liveness, SlotView};
use vx_status::amount::amount;
use vx_status::slot::{SlotId, elapsed_ms, entry_ends_ns, last_build, permille, size_bytes};
use vx_status::standing::{Standing, ending};
use vx_status::vocabulary::{self, Phase, Phases, unit_in, unit_of, word_of};
use vx_text::units::{bytes, duration, rate, seconds, tenths};
use vx_text::wrapped;

use super::fact::{Drawing, Fact};
use crate::model::{Model, SlotRow};
use crate::theme::Tone;

/// Most names in a list.
const NAMES: usize = 6;

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
    let port = || slot.port.map(|port| format!("port {port}"));
    say("address", slot.address.clone().or_else(port).unwrap_or_default());
    if row.is_service {
        service(model, slot, row, &mut say);
    } else {
        if let Some(turn) = &row.turn {
            say("agent", slot.version.clone());
            say("session", turn.session.clone());
        }
        say("process", process(slot));
        if slot.attempt > 1 {
            say("attempt", slot.attempt.to_string());
        }
    }
    // The state shows the question already.
    say("message", if row.asks { String::new() } else { slot.message.clone() });
    if row.turn.is_none() {
        say("details", slot.details.clone());
    }
    say("waits for", awaited(model, slot, row));
    say("then", waiting(model, slot, row));
    say("path", slot.result.clone().unwrap_or_default());
    say("log", model.log.location.clone().filter(|_| model.has_log()).unwrap_or_default());
    phases(model, slot, row, &mut facts);
    facts
}

/// Add the facts that only services have: processes and guard, restarts, last build.
fn service(model: &Model, slot: &SlotView, row: &SlotRow, say: &mut impl FnMut(&str, String)) {
    if !row.standing.over() && slot.health != Health::Unknown {
        say("health", slot.health.name().to_owned());
    }
    if let Some(usage) = row.usage {
        let more = match usage.processes {
            1 => String::new(),
            all => format!(" and {} more", all.saturating_sub(1)),
        };
        let part = usage.processor_permille.map(|part| format!(", {}.{} % of a processor", part / 10, part % 10));
        let memory = bytes(usage.memory_bytes);
        say("process", format!("pid {}{more}, {memory}{}", usage.pid, part.unwrap_or_default()));
    }
    say("guard", process(slot));
    if let Some(ms) = row.elapsed_ms.filter(|_| row.standing.at_work()) {
        say("up", seconds(ms));
    }
    if row.restarts > 0 {
        say("restarts", row.restarts.to_string());
    }
    if let Some(build) = last_build(&model.snapshot.slots, slot) {
        let standing = Standing::from_slot(build);
        let took = elapsed_ms(build, model.snapshot.taken_at_ns).map(tenths).unwrap_or_default();
        say("last build", format!("{}, {took}", ending(build, standing)));
    }
}

/// Add the amount done, and its rate.
fn progress(model: &Model, slot: &SlotView, row: &SlotRow, facts: &mut Vec<Fact>) {
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
    let rates = model.pulse.slot_rates(row.id);
    if let (Some(now), Some(most)) = (row.bytes_per_second, rates.iter().max()) {
        let words = format!("{}, {} at most", rate(now), rate(now.max(*most)));
        facts.push(Fact { label: "rate".to_owned(), drawing: Drawing::Rates(rates.to_vec()), words, quiet: false });
    }
}

fn state(slot: &SlotView, row: &SlotRow) -> String {
    let ends = vocabulary::for_kind(slot.kind).ends;
    let word = match row.standing {
        Standing::Done if row.is_service => ends.done,
        Standing::Cancelled if row.is_service => ends.cancelled,
        standing => standing.word(),
    };
    match (row.standing, row.note.as_str()) {
        (Standing::Running, note) if row.is_unwell => note.to_owned(),
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

/// The slot that this one waits for, and how far it has come.
fn awaited(model: &Model, slot: &SlotView, row: &SlotRow) -> String {
    if row.standing == Standing::Queued {
        return row.note.strip_prefix("after ").unwrap_or_default().to_owned();
    }
    let Some(wait) = slot.waits_for.as_ref().filter(|_| !row.standing.over()) else { return String::new() };
    let here = wait.board_id == model.snapshot.board.id;
    let found = model.snapshot.slots.iter().zip(&model.rows).find(|(other, _)| here && other.index == wait.slot);
    let Some((other, row)) = found else { return "work on another board".to_owned() };
    let share = row.permille.filter(|_| row.standing.at_work()).map(|part| format!(", {} %", part / 10));
    format!("{} ({}{})", other.key, state(other, row), share.unwrap_or_default())
}

/// The work that waits for this one.
fn waiting(model: &Model, slot: &SlotView, row: &SlotRow) -> String {
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
            SlotId::from_slot(other) != row.id
                && (waits(other) && !other_row.standing.over()
                    || other_row.standing == Standing::Queued && other_row.note == after)
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

/// The time and work in one phase.
struct Spent {
    phase: Phase,
    /// Time so far, in milliseconds; `None` for a phase to come.
    here: Option<u64>,
    done: u64,
    /// The time in earlier runs, in milliseconds.
    usual: Option<u64>,
}

/// The phases of the slot and of earlier runs, in their order.
fn spent(model: &Model, slot: &SlotView) -> Vec<Spent> {
    let now_ns = model.snapshot.taken_at_ns;
    let usual = |phase| model.expectations.usual_phase_ms(slot, phase).filter(|ms| *ms > 0);
    let mut all: Vec<Spent> = Vec::new();
    for entry in slot.phases() {
        let until_ns = entry_ends_ns(slot, entry).unwrap_or(now_ns);
        let ms = until_ns.saturating_sub(entry.entered_at_ns) / 1_000_000;
        match all.iter_mut().find(|spent| spent.phase == entry.phase) {
            Some(spent) => (spent.here, spent.done) = (spent.here.map(|here| here.saturating_add(ms)), entry.done),
            None => {
                let (phase, here) = (entry.phase, Some(ms));
                all.push(Spent { phase, here, done: entry.done, usual: usual(phase) });
            }
        }
    }
    let known = if slot.kind == Kind::Install { Phase::OF_INSTALL } else { &[] };
    for phase in known {
        if let Some(ms) = usual(*phase).filter(|_| all.iter().all(|spent| spent.phase != *phase)) {
            all.push(Spent { phase: *phase, here: None, done: 0, usual: Some(ms) });
        }
    }
    all.sort_by_key(|spent| spent.phase);
    all
}

/// Add the phases, with the time in each so far and the usual time.
fn phases(model: &Model, slot: &SlotView, row: &SlotRow, facts: &mut Vec<Fact>) {
    let all = spent(model, slot);
    let Some(most) = all.iter().map(|spent| spent.here.max(spent.usual).unwrap_or_default()).max() else { return };
    facts.push(Fact::default());
    let usual = if all.iter().any(|spent| spent.usual.is_some()) { "   usual" } else { "" };
    facts.push(Fact { label: "phase".to_owned(), words: format!("  so far{usual}"), quiet: true, ..Fact::default() });
    for Spent { phase, here, done, usual } in all {
        let live = row.standing.at_work() && phase == slot.phase();
        let words = if done > 0 { amount(done, unit_in(slot, phase)) } else { String::new() };
        let drawing = Drawing::Phase { phase, here, usual, most, live };
        let word = if phase == slot.phase() { word_of(slot) } else { phase.name() };
        facts.push(Fact { label: word.to_owned(), drawing, words, quiet: !live });
    }
}
