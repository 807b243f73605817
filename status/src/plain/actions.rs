//! The commands of GitHub Actions around plain lines: a group around them, an annotation for each failure, and a page
//! for the step. Text from outside must not become a command there.
//!
//! GitHub shows ten errors of a step and drops the rest, and shows nothing of a page larger than a mebibyte. So both
//! stay below that, and say how many were left out.

mod page;

use vx_shm::{SlotView, Snapshot};
use vx_text::{clean, fitted};

use crate::slot::error_cell;
use crate::source::Logs;
use crate::standing::{Standing, ending};
use crate::vocabulary;

pub use page::step_summary;

/// Errors of one step that GitHub shows.
const MOST_ANNOTATIONS: usize = 10;
/// Longest title that is shown whole.
const TITLE_COLUMNS: usize = 200;
/// Longest message that is shown whole, in bytes.
const MESSAGE_BYTES: usize = 3_600;
/// Most lines of an error, and of the log below it, that an annotation repeats.
const ERROR_LINES: usize = 12;
const LOG_LINES: usize = 8;

/// Line that closes a group of lines.
pub const END_OF_GROUP: &str = "::endgroup::";

/// The line that opens a group of lines about this board.
pub fn group(snapshot: &Snapshot) -> String {
    let what = vocabulary::plural_of(vocabulary::noun_of(snapshot.slots.iter().map(|slot| slot.kind)));
    let title = snapshot.board.title.as_str();
    let title = if title.is_empty() { what } else { format!("{what} of {}", clean(title)) };
    format!("::group::{}", escaped(&fitted(&title, TITLE_COLUMNS, "…")))
}

/// One annotation for each failure, up to the number shown; the last one names the tools that do not fit.
pub fn annotations(snapshot: &Snapshot, logs: &mut dyn Logs) -> Vec<String> {
    let bad: Vec<&SlotView> = snapshot.slots.iter().filter(|slot| Standing::from_slot(slot).bad()).collect();
    let told = if bad.len() > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { bad.len() };
    let mut lines: Vec<String> = bad[..told].iter().map(|slot| annotation(slot, logs)).collect();
    if told < bad.len() {
        let names: Vec<_> = bad[told..].iter().map(|slot| clean(&slot.key)).collect();
        lines.push(command(&format!("{} more failed", names.len()), &names.join("\n")));
    }
    lines
}

fn annotation(slot: &SlotView, logs: &mut dyn Logs) -> String {
    let title = format!("{} {} {}", clean(&slot.key), clean(&slot.version), Standing::from_slot(slot).word());
    command(&title, &failure_lines(slot, logs).join("\n"))
}

/// The lines about a failure, cleaned: its end, the last lines of its error, and those of its log that add something.
fn failure_lines(slot: &SlotView, logs: &mut dyn Logs) -> Vec<String> {
    let standing = Standing::from_slot(slot);
    let cell = error_cell(slot);
    let errors: Vec<String> =
        cell.shown().filter(|line| !line.trim().is_empty()).map(|line| clean(&line).into_owned()).collect();
    let mut lines = Vec::new();
    let ended = clean(&ending(slot, standing)).into_owned();
    if standing != Standing::Failed && errors.first() != Some(&ended) || errors.is_empty() {
        lines.push(ended);
    }
    lines.extend_from_slice(&errors[errors.len().saturating_sub(ERROR_LINES)..]);
    let log: Vec<String> = logs.tail(&slot.key, LOG_LINES).iter().map(|line| clean(line).into_owned()).collect();
    let repeats = |line: &String| errors.contains(&line.strip_prefix("error: ").unwrap_or(line).to_owned());
    lines.extend(log.into_iter().filter(|line| !line.trim().is_empty() && !repeats(line)));
    lines.extend(logs.location(&slot.key).map(|location| format!("whole log: {}", clean(&location))));
    lines
}

fn command(title: &str, message: &str) -> String {
    let title = escaped_property(&fitted(title, TITLE_COLUMNS, "…"));
    format!("::error title={title}::{}", escaped(shortened(message, MESSAGE_BYTES)))
}

/// The beginning of a text, cut at a character boundary.
fn shortened(text: &str, most_bytes: usize) -> &str {
    let cut = (0..=most_bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..cut.unwrap_or_default()]
}

/// A text as the message of a command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a command.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// `line`, changed so that no runner takes it for a command: commands begin with two colons, or contain the older `##[`
/// anywhere.
pub(super) fn guarded(line: &str) -> String {
    let line = line.replace("##[", "## [");
    if line.trim_start().starts_with("::") { format!("| {line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{FixedLogs, ended};
    use crate::source::NoLogs;
    use vx_shm::SlotState;

    fn failed(index: u32, key: &str, error: &str) -> SlotView {
        ended(index, key, SlotState::Failed, Some(error))
    }

    fn board(slots: Vec<SlotView>) -> Snapshot {
        Snapshot { slots, ..Snapshot::default() }
    }

    #[test]
    fn an_annotation_keeps_its_text_within_its_command() {
        let lines = annotations(&board(vec![failed(0, "a,b:c", "100% wrong\n::warning::x")]), &mut NoLogs);
        assert_eq!(lines, ["::error title=a%2Cb%3Ac 1.0.0 failed::100%25 wrong%0A::warning::x"]);
    }

    #[test]
    fn an_annotation_says_what_the_log_said_last_and_where_it_is() {
        let mut logs = FixedLogs(vec!["error: no".to_owned(), "ld: x\u{1b}[31m not found".to_owned()]);
        let lines = annotations(&board(vec![failed(0, "zig", "no")]), &mut logs);
        assert!(lines[0].starts_with("::error title=zig 1.0.0 failed::no%0Ald: x"), "{}", lines[0]);
        assert!(lines[0].ends_with("not found%0Awhole log: /logs/zig.log"), "{}", lines[0]);
        assert!(!lines[0].chars().any(vx_text::is_unprintable), "{}", lines[0]);
    }

    #[test]
    fn no_more_annotations_than_are_shown_and_the_last_names_the_rest() {
        let slots = |count: u32| board((0..count).map(|index| failed(index, &format!("tool-{index}"), "no")).collect());
        assert_eq!(annotations(&slots(10), &mut NoLogs).len(), 10);
        let lines = annotations(&slots(14), &mut NoLogs);
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[9], "::error title=5 more failed::tool-9%0Atool-10%0Atool-11%0Atool-12%0Atool-13");
    }

    #[test]
    fn an_annotation_stays_short_whatever_the_error() {
        let slot = SlotView { version: "9".repeat(9_000), ..failed(0, &"語".repeat(500), &"ü%".repeat(9_000)) };
        let lines = annotations(&board(vec![slot]), &mut NoLogs);
        assert!(lines[0].len() < 3 * MESSAGE_BYTES, "{} bytes", lines[0].len());
    }

    #[test]
    fn text_is_no_command() {
        assert_eq!(guarded("  ::set-env name=PATH::x"), "|   ::set-env name=PATH::x");
        assert_eq!(guarded("x ##[error]y"), "x ## [error]y");
        assert_eq!(guarded("node: ok"), "node: ok");
    }
}
