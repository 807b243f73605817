//! The Error and Info tabs: everything the board knows of the selected slot, in words.

use vx_shm::{Kind, Liveness, SlotView};
use vx_status::slot::{elapsed_ms, entry_ends_ns, error_cell, size_bytes};
use vx_status::standing::{Standing, ending};
use vx_status::text::wrapped;
use vx_status::units::{amount, bytes, duration};
use vx_status::vocabulary::{PhaseEntry, Phases, unit_in};

use super::Line;
use crate::model::{LOG_LINES, Model};
use crate::theme::Tone;

/// Number of the log's last lines below an error.
const LINES_BELOW_ERROR: usize = 20;

/// The error in full, the end of the process, its last lines, and the path of the whole log.
pub(crate) fn error(model: &Model, slot: &SlotView, columns: usize) -> Vec<Line> {
    let standing = Standing::of(slot);
    let text = error_cell(slot).shown_text();
    if text.trim().is_empty() && !standing.bad() {
        return vec![("no error".to_owned(), Tone::Quiet)];
    }
    let mut lines: Vec<Line> =
        wrapped(&text, columns).into_iter().take(LOG_LINES).map(|line| (line, Tone::Plain)).collect();
    if lines.is_empty() || standing != Standing::Failed {
        lines.insert(0, (ending(slot, standing), Tone::Bad));
    }
    if let Some(code) = slot.exit_code {
        lines.push((format!("exit code {code}"), Tone::Quiet));
    }
    if model.log.of == model.selected && !model.log.lines.is_empty() {
        lines.push((String::new(), Tone::Plain));
        lines.push(("last output:".to_owned(), Tone::Quiet));
        let first = model.log.lines.len().saturating_sub(LINES_BELOW_ERROR);
        lines.extend(model.log.lines[first..].iter().map(|line| (line.text.clone(), Tone::Plain)));
    }
    if let Some(location) = model.log.location.as_deref().filter(|_| model.log.of == model.selected) {
        lines.push((format!("whole log: {location}"), Tone::Quiet));
    }
    lines
}

/// The process behind the slot, its messages, and the duration of each phase.
pub(crate) fn info(model: &Model, slot: &SlotView, columns: usize) -> Vec<Line> {
    let now_ns = model.snapshot.taken_at_ns;
    let mut lines = Vec::new();
    let mut say = |name: &str, value: String| {
        for (number, piece) in wrapped(&value, columns.saturating_sub(12)).into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            lines.push((format!("{name:<11} {piece}"), Tone::Plain));
        }
    };
    if slot.kind != Kind::Install {
        say("kind", slot.kind.name().to_owned());
    }
    let standing = model.selected_row().map_or(Standing::of(slot), |row| row.standing);
    say("state", standing.word().to_owned());
    say("process", process(slot));
    if slot.attempt > 1 {
        say("attempt", slot.attempt.to_string());
    }
    say("message", slot.message.clone());
    say("details", slot.details.clone());
    say("path", slot.result.clone().unwrap_or_default());
    say("log", model.log.location.clone().filter(|_| model.log.of == model.selected).unwrap_or_default());
    say("size", size_bytes(slot).map(bytes).unwrap_or_default());
    say("time", elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost).map(duration).unwrap_or_default());
    let until_ns = slot.ended_at_ns.unwrap_or(now_ns);
    for entry in slot.phases() {
        say(entry.phase.name(), phase(slot, entry, until_ns));
    }
    lines
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

/// The duration of a phase, and the work done in it.
fn phase(slot: &SlotView, entry: PhaseEntry, now_ns: u64) -> String {
    let until_ns = entry_ends_ns(slot, entry).unwrap_or(now_ns);
    let took = duration(until_ns.saturating_sub(entry.entered_at_ns) / 1_000_000);
    let done = amount(entry.done, unit_in(slot, entry.phase));
    if entry.done > 0 && !done.is_empty() { format!("{took:<8} {done}") } else { took }
}
