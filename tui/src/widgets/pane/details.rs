//! The Error tab: what went wrong, in full, and where to read on.

use vx_shm::SlotView;
use vx_status::printed_locations::{PrintedLocation, places};
use vx_status::slot::{SlotId, error_cell};
use vx_status::standing::{Standing, ending};
use vx_text::{clean, last_overwrite, wrapped};

use super::Line;
use crate::model::{LOG_LINES, Model};
use crate::theme::Tone;

/// The error in full, the end of the process, its last lines, and the path of the whole log.
pub(crate) fn error(model: &Model, slot: &SlotView, columns: usize) -> Vec<Line> {
    let faulty = model.error_slot(slot);
    if SlotId::from_slot(faulty) != SlotId::from_slot(slot) {
        return build_error(faulty, columns);
    }
    let standing = Standing::from_slot(slot);
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
    if let Some(code) = slot.exit_code.filter(|code| !text.contains(&format!("exit code {code}"))) {
        lines.push((format!("exit code {code}"), Tone::Quiet));
    }
    let below = model.log_below_error();
    if below.iter().any(|line| !is_said(&text, &line.text)) {
        lines.push((String::new(), Tone::Plain));
        lines.push(("last output:".to_owned(), Tone::Quiet));
        lines.extend(below.iter().map(|line| (line.text.clone(), Tone::Plain)));
    }
    if let Some(location) = model.log.location.as_deref().filter(|_| model.has_log()) {
        // Wrapped, not cut: a cut path can't be opened.
        let whole = wrapped(&format!("whole log: {location}"), columns);
        lines.extend(whole.into_iter().map(|line| (line, Tone::Quiet)));
    }
    lines
}

/// Returns whether a line of output only repeats what the error says, perhaps in other colours.
fn is_said(error: &str, line: &str) -> bool {
    let line = last_overwrite(line);
    let line = line.trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    error.lines().any(|said| clean(said).contains(line))
}

/// The errors of the failed last build of a service that still runs an earlier build. Lines with a place stand out.
fn build_error(build: &SlotView, columns: usize) -> Vec<Line> {
    let text = error_cell(build).shown_text();
    let mut lines = vec![("its last build failed; the earlier build still runs".to_owned(), Tone::Bad)];
    for line in text.lines() {
        let tone = if places(line).next().is_some() { Tone::Strong } else { Tone::Plain };
        lines.extend(wrapped(line, columns).into_iter().map(|piece| (piece, tone)));
    }
    if text.trim().is_empty() {
        lines.push((ending(build, Standing::from_slot(build)), Tone::Plain));
    }
    lines.truncate(LOG_LINES);
    lines
}

/// The places in files that the Error tab names: first those from the row `top` on, then all of them, as a path may be
/// wrapped.
pub(crate) fn error_places(model: &Model, slot: &SlotView, columns: usize, top: usize) -> Vec<PrintedLocation> {
    let rows = error(model, slot, columns);
    let text = error_cell(model.error_slot(slot)).shown_text();
    let whole = text.lines().chain(model.log_below_error().iter().map(|line| line.text.as_str()));
    rows.iter().skip(top).flat_map(|(row, _)| places(row)).chain(whole.flat_map(places)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_that_the_error_repeats_is_not_shown_twice() {
        let error = "no \u{1b}[1mroom\u{1b}[0m on the disk\nhint: remove something\n";
        assert!(
            ["error: no room on the disk", "hint: remove something", "", "  "].iter().all(|line| is_said(error, line))
        );
        assert!(!is_said(error, "wrote 5 of 7 files"));
    }
}
