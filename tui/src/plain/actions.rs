//! What GitHub Actions understands besides plain lines: a group around them, an annotation for each failure, and a
//! table for the page of the step. Text from outside must not become a command there.

use std::fmt::Write;

use vx_shm::Snapshot;

use crate::model::{Standing, elapsed_ms, ending, received_bytes};
use crate::text::{bytes, clean, duration, fitted};

const CELL_COLUMNS: usize = 120;

/// The line that opens a group of lines named `title`, and the one that closes it.
pub(crate) fn group(title: &str) -> (String, &'static str) {
    let title = if title.is_empty() { "tools".to_owned() } else { format!("tools of {}", clean(title)) };
    (format!("::group::{}", escaped(&title)), "::endgroup::")
}

/// One annotation for each failure.
pub(crate) fn annotations(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for slot in &snapshot.slots {
        let standing = Standing::of(slot);
        if !standing.bad() {
            continue;
        }
        let title = format!("{} {} {}", clean(&slot.key), clean(&slot.version), standing.word());
        let error = slot.error.as_deref().filter(|error| !error.trim().is_empty());
        let said: Vec<_> = error.unwrap_or_default().lines().map(clean).collect();
        let said =
            if error.is_some() && standing == Standing::Failed { said.join("\n") } else { ending(slot, standing) };
        lines.push(format!("::error title={}::{}", escaped_property(&title), escaped(&said)));
    }
    lines
}

/// The table for the step's page, in Markdown.
pub(crate) fn step_summary(snapshot: &Snapshot) -> String {
    let mut page = String::from("| tool | version | result | size | time |\n|---|---|---|--:|--:|\n");
    for slot in &snapshot.slots {
        let standing = Standing::of(slot);
        let size = received_bytes(slot).map(bytes).unwrap_or_default();
        let time = elapsed_ms(slot, snapshot.taken_at_ns).filter(|_| standing != Standing::Lost);
        let result = match standing {
            _ if standing.bad() => format!("**{}**: {}", standing.word(), markdown(&ending(slot, standing))),
            _ => markdown(&ending(slot, standing)),
        };
        let (tool, version) = (markdown(&slot.key), markdown(&slot.version));
        let _ =
            writeln!(page, "| {tool} | {version} | {result} | {size} | {} |", time.map(duration).unwrap_or_default());
    }
    page.push('\n');
    page
}

/// The message of a command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line that no runner takes for a command: those begin with two colons, or hold the older mark anywhere.
pub(super) fn guarded(line: &str) -> String {
    let line = line.replace("##[", "## [");
    if line.trim_start().starts_with("::") { format!("| {line}") } else { line }
}

/// Text in a table's cell: nothing in it is markup.
fn markdown(text: &str) -> String {
    let mut cell = String::new();
    for character in fitted(text, CELL_COLUMNS, "…").chars() {
        match character {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '~' | '#' | '@' => cell.extend(['\\', character]),
            _ => cell.push(character),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::{SlotState, SlotView};

    fn failed(key: &str, error: &str) -> Snapshot {
        let slot = SlotView {
            key: key.to_owned(),
            version: "1.0".to_owned(),
            state: SlotState::Failed,
            error: Some(error.to_owned()),
            ..SlotView::default()
        };
        Snapshot { slots: vec![slot], ..Snapshot::default() }
    }

    #[test]
    fn an_annotation_keeps_its_text_within_its_command() {
        let lines = annotations(&failed("a,b:c", "100% wrong\n::warning::x"));
        assert_eq!(lines, ["::error title=a%2Cb%3Ac 1.0 failed::100%25 wrong%0A::warning::x"]);
    }

    #[test]
    fn text_is_no_command() {
        assert_eq!(guarded("  ::set-env name=PATH::x"), "|   ::set-env name=PATH::x");
        assert_eq!(guarded("x ##[error]y"), "x ## [error]y");
        assert_eq!(guarded("node: ok"), "node: ok");
    }

    #[test]
    fn a_cell_holds_no_markup() {
        let page = step_summary(&failed("a|b", "<img src=x> `code`"));
        assert_eq!(page.lines().nth(2), Some("| a\\|b | 1.0 | **failed**: &lt;img src=x&gt; \\`code\\` |  |  |"));
    }
}
