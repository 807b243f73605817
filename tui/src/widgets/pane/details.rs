//! The Error tab: what went wrong, in full, and where to read on.

use vx_shm::SlotView;
use vx_status::places::{Place, places};
use vx_status::slot::error_cell;
use vx_status::standing::{Standing, ending};
use vx_status::text::wrapped;

use super::Line;
use crate::model::{LOG_LINES, Model};
use crate::theme::Tone;

/// The error in full, the end of the process, its last lines, and the path of the whole log.
pub(crate) fn error(model: &Model, slot: &SlotView, columns: usize) -> Vec<Line> {
    let standing = Standing::of(slot);
    let text = error_cell(slot).shown_text();
    if text.trim().is_empty() && !standing.bad() {
        return vec![("no error".to_owned(), Tone::Quiet)];
    }
    let mut lines: Vec<Line> =
        wrapped(&text, columns).into_iter().take(LOG_LINES).map(|line| (line, Tone::Plain)).collect();
    if let Some((_, tone)) = lines.first_mut() {
        *tone = Tone::Bad;
    }
    if lines.is_empty() || standing != Standing::Failed {
        lines.insert(0, (ending(slot, standing), Tone::Bad));
    }
    if let Some(code) = slot.exit_code {
        lines.push((format!("exit code {code}"), Tone::Quiet));
    }
    let below = model.log_below_error();
    if !below.is_empty() {
        lines.push((String::new(), Tone::Plain));
        lines.push(("last output:".to_owned(), Tone::Quiet));
        lines.extend(below.iter().map(|line| (line.text.clone(), Tone::Plain)));
    }
    if let Some(location) = model.log.location.as_deref().filter(|_| model.log.of == model.selected) {
        lines.push((format!("whole log: {location}"), Tone::Quiet));
    }
    lines
}

/// The places in files that the Error tab names: first those from the row `top` on, then all of them, as a path may be
/// wrapped.
pub(crate) fn error_places(model: &Model, slot: &SlotView, columns: usize, top: usize) -> Vec<Place> {
    let rows = error(model, slot, columns);
    let text = error_cell(slot).shown_text();
    let whole = text.lines().chain(model.log_below_error().iter().map(|line| line.text.as_str()));
    rows.iter().skip(top).flat_map(|(row, _)| places(row)).chain(whole.flat_map(places)).collect()
}
