//! The page of a step, in Markdown: each tool, the slowest phases, and the errors.

use std::cmp::Reverse;

use crate::vocabulary::{self, Phase, Phases};
use vx_shm::{SlotView, Snapshot};

use vx_text::fitted;
use vx_text::units::{bytes, duration};

use super::failure_lines;
use crate::slot::{elapsed_ms, entry_ends_ns, received_bytes};
use crate::source::Logs;
use crate::standing::{Standing, ending};
use crate::totals::{Totals, board_elapsed_ms};

/// Largest page of a step that GitHub shows, less some room for later steps' text.
const MOST_BYTES: usize = 1_000_000;
/// Room for one failure, in bytes.
const FAILURE_BYTES: usize = 8_000;
const CELL_COLUMNS: usize = 120;
/// Phases that are named as the slowest.
const SLOWEST: usize = 5;

/// Render the text to append to a page that has `before_bytes` already.
pub fn step_summary(snapshot: &Snapshot, logs: &mut dyn Logs, before_bytes: u64) -> String {
    let most = MOST_BYTES.saturating_sub(usize::try_from(before_bytes).unwrap_or(usize::MAX));
    let mut page = BoundedText { text: String::new(), most };
    let noun = vocabulary::noun_of(snapshot.slots.iter().map(|slot| slot.kind));
    page.add(&format!("### {}\n\n", heading(snapshot, noun)));
    page.table(
        &format!("| {noun} | version | result | size | time |\n|---|---|---|--:|--:|\n"),
        snapshot.slots.iter().map(|slot| row(slot, snapshot.taken_at_ns)),
    );
    let slowest = slowest(snapshot);
    if !slowest.is_empty() {
        page.add("\n");
        page.table("| slowest | phase | time |\n|---|---|--:|\n", slowest.into_iter());
    }
    for slot in snapshot.slots.iter().filter(|slot| Standing::from_slot(slot).bad()) {
        if !page.add(&failure(slot, logs)) {
            break;
        }
    }
    page.add("\n");
    page.text
}

/// Text of bounded length.
struct BoundedText {
    text: String,
    most: usize,
}

impl BoundedText {
    /// Add a part, all of it or nothing. Returns whether it was added.
    fn add(&mut self, part: &str) -> bool {
        let fits = self.text.len() + part.len() <= self.most;
        if fits {
            self.text.push_str(part);
        }
        fits
    }

    /// Add a table. Rows that do not fit are replaced by a line with their number.
    fn table(&mut self, head: &str, rows: impl ExactSizeIterator<Item = String>) {
        const ROOM: usize = 100;
        let (mut missing, all) = (0, rows.len());
        self.add(head);
        for row in rows {
            let fits = missing == 0 && self.text.len() + row.len() + ROOM <= self.most;
            if !(fits && self.add(&row)) {
                missing += 1;
            }
        }
        if missing > 0 {
            self.add(&format!("\n{missing} of {all} rows did not fit.\n"));
        }
    }
}

/// The result of all tools: `demo: 10 of 12 tools are there, 1 failed, in 6.2 s`.
fn heading(snapshot: &Snapshot, noun: &'static str) -> String {
    let totals = Totals::from_snapshot(snapshot, &[]);
    let title = match snapshot.board.title.as_str() {
        "" => vocabulary::plural_of(noun),
        title => markdown(title),
    };
    let failed = match totals.failed + totals.lost {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let what = if noun == "tool" { "tools are there" } else { "done" };
    format!("{title}: {} of {} {what}{failed}, in {}", totals.good, totals.all, duration(board_elapsed_ms(snapshot)))
}

fn row(slot: &SlotView, now_ns: u64) -> String {
    let standing = Standing::from_slot(slot);
    let size = received_bytes(slot).map(bytes).unwrap_or_default();
    let time = elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost).map(duration).unwrap_or_default();
    let result = match standing {
        _ if standing.bad() => format!("**{}**: {}", standing.word(), markdown(&ending(slot, standing))),
        _ => markdown(&ending(slot, standing)),
    };
    format!("| {} | {} | {result} | {size} | {time} |\n", markdown(&slot.key), markdown(&slot.version))
}

/// A row for each of the slowest phases, the slowest first.
fn slowest(snapshot: &Snapshot) -> Vec<String> {
    let mut phases: Vec<(u64, &SlotView, Phase)> = Vec::new();
    for slot in &snapshot.slots {
        for entry in slot.phases().filter(|entry| !entry.phase.is_first()) {
            let took = entry_ends_ns(slot, entry).map(|ends| ends.saturating_sub(entry.entered_at_ns) / 1_000_000);
            phases.extend(took.filter(|took| *took > 0).map(|took| (took, slot, entry.phase)));
        }
    }
    phases.sort_by_key(|(took, ..)| Reverse(*took));
    let row = |(took, slot, phase): &(u64, &SlotView, Phase)| {
        format!("| {} | {phase} | {} |\n", markdown(&slot.key), duration(*took))
    };
    phases.iter().take(SLOWEST).map(row).collect()
}

/// The lines about a failure, folded away.
fn failure(slot: &SlotView, logs: &mut dyn Logs) -> String {
    let mut text = String::new();
    for line in failure_lines(slot, logs) {
        let line = plain_html(&line) + "\n";
        if text.len() + line.len() > FAILURE_BYTES {
            break;
        }
        text.push_str(&line);
    }
    let title = format!("{} {} {}", slot.key, slot.version, Standing::from_slot(slot).word());
    let title = plain_html(&fitted(&title, CELL_COLUMNS, "…"));
    format!("\n<details><summary>{title}</summary>\n<pre>\n{text}</pre>\n</details>\n")
}

/// A text in HTML, without markup.
fn plain_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text in a table's cell, without markup.
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
    use crate::fixture::{FixedLogs, ended, everything, hostile};
    use vx_shm::SlotState;

    fn logs() -> FixedLogs {
        FixedLogs(vec!["</pre><script>x</script>".to_owned(), "last words".to_owned()])
    }

    #[test]
    fn the_page_has_a_table_the_slowest_phases_and_each_failure() {
        insta::assert_snapshot!("step_summary", step_summary(&everything(), &mut logs(), 0));
    }

    #[test]
    fn a_cell_and_a_failure_hold_no_markup() {
        let slot = ended(0, "a|b", SlotState::Failed, Some("<img src=x> `code`"));
        let page = step_summary(&Snapshot { slots: vec![slot], ..Snapshot::default() }, &mut logs(), 0);
        assert!(page.contains("| a\\|b | 1.0.0 | **failed**: &lt;img src=x&gt; \\`code\\` |"), "{page}");
        assert!(page.contains("&lt;/pre&gt;&lt;script&gt;") && !page.contains("<script>"), "{page}");
        let page = step_summary(&hostile(), &mut logs(), 0);
        assert!(!page.chars().any(|character| character != '\n' && vx_text::is_unprintable(character)), "{page}");
    }

    #[test]
    fn the_page_stays_below_what_is_shown_whatever_stands_on_it_already() {
        let long = "x".repeat(150);
        let slots = (0..4_000).map(|index| ended(index, &format!("{index} {long}"), SlotState::Failed, Some(&long)));
        let snapshot = Snapshot { slots: slots.collect(), ..Snapshot::default() };
        for before in [900_000u64, 1_048_576, u64::MAX] {
            let page = step_summary(&snapshot, &mut logs(), before);
            assert!(page.len() <= MOST_BYTES.saturating_sub(usize::try_from(before).unwrap_or(usize::MAX)), "{before}");
        }
        assert!(step_summary(&snapshot, &mut logs(), 900_000).contains("of 4000 rows did not fit."));
    }
}
