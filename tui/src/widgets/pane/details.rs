//! The Error tab: what went wrong, in full, and where to read on.

use vx_shm::{Kind, SlotView};
use vx_status::slot::{error_cell, last_build};
use vx_status::standing::{Standing, ending};
use vx_status::text::wrapped;

use super::Line;
use crate::model::{LOG_LINES, Model};
use crate::theme::Tone;

/// Number of the log's last lines below an error.
const LINES_BELOW_ERROR: usize = 20;

/// The error in full, the end of the process, its last lines, and the path of the whole log.
pub(crate) fn error(model: &Model, slot: &SlotView, columns: usize) -> Vec<Line> {
    let build = last_build(&model.snapshot.slots, slot).filter(|build| Standing::of(build).bad());
    if let Some(build) = build.filter(|_| slot.kind == Kind::Service && !Standing::of(slot).bad()) {
        return build_error(build, columns);
    }
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
    if model.has_log() && !model.log.lines.is_empty() {
        lines.push((String::new(), Tone::Plain));
        lines.push(("last output:".to_owned(), Tone::Quiet));
        let first = model.log.lines.len().saturating_sub(LINES_BELOW_ERROR);
        lines.extend(model.log.lines[first..].iter().map(|line| (line.text.clone(), Tone::Plain)));
    }
    if let Some(location) = model.log.location.as_deref().filter(|_| model.has_log()) {
        lines.push((format!("whole log: {location}"), Tone::Quiet));
    }
    lines
}

/// The mistakes of the last build of a service that goes on as it was built before. Lines with a place stand out.
fn build_error(build: &SlotView, columns: usize) -> Vec<Line> {
    let text = error_cell(build).shown_text();
    let mut lines = vec![("its last build failed; what was built before goes on".to_owned(), Tone::Bad)];
    for line in text.lines() {
        let tone = if has_place(line) { Tone::Strong } else { Tone::Plain };
        lines.extend(wrapped(line, columns).into_iter().map(|piece| (piece, tone)));
    }
    if text.trim().is_empty() {
        lines.push((ending(build, Standing::of(build)), Tone::Plain));
    }
    lines.truncate(LOG_LINES);
    lines
}

/// True for a line that begins with a place in a file: `cmd/api/main.go:12:3: undefined: x`.
fn has_place(line: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A drive letter is no file.
    let parts: Vec<&str> = line.trim_start().splitn(5, ':').collect();
    let is_file = |text: &str| text.len() > 1 && !is_number(text) && !text.starts_with("//");
    parts.windows(2).any(|pair| is_file(pair[0]) && is_number(pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_with_a_line() {
        for line in ["cmd/api/main.go:12:3: undefined: x", "  C:\\shop\\main.go:12:3: x", "src/main.rs:1: x"] {
            assert!(has_place(line), "{line}");
        }
        for line in ["", "exit code 1", "12:30:01 started", "error: mismatched types", "http://localhost:80"] {
            assert!(!has_place(line), "{line}");
        }
    }
}
