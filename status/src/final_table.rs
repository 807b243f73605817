//! The final table: the result of each tool, and for each failure the error and the place of the log. Every output ends
//! with the same table.

use std::borrow::Cow;
use std::fmt::Write;

use vx_shm::{Kind, SlotView, Snapshot};
use vx_text::units::{bytes, dollars, duration};
use vx_text::{fitted, padded, padded_left, width};

use crate::appearance::OutputStyle;
use crate::appearance::{Theme, Tone};
use crate::mark::{glyph, tone};
use crate::slot::{elapsed_ms, error_cell, received_bytes};
use crate::source::Logs;
use crate::standing::{Standing, ending};
use crate::totals::{Totals, board_elapsed_ms};
use crate::turn_facts::TurnFacts;
use crate::vocabulary::{self, EndWords};

/// Most lines of an error, and of the log below it, that the table repeats.
const ERROR_LINES: usize = 12;
const LOG_LINES: usize = 8;

/// Widest cells, and the longest line of an error, in columns.
const TOOL_COLUMNS: usize = 32;
const VERSION_COLUMNS: usize = 24;
const WHAT_COLUMNS: usize = 48;
const LINE_COLUMNS: usize = 240;
/// Widths of the columns, and of the gap between two of them.
const SIZE_COLUMNS: usize = 8;
const TIME_COLUMNS: usize = 6;
const GAP_COLUMNS: usize = 2;
/// Least width of the result, however narrow the screen is: room for one word.
const WHAT_COLUMNS_LEAST: usize = 9;

/// Render the table of a board that is over or whose view is being left; ends in a line break. All text in it is clean.
///
/// The last lines of a failed tool's output, and the place of the rest, come from `logs`. On a terminal of `columns`
/// columns each tool has one row: the result is cut, never a name, and a failure is shown in full below.
pub fn render(snapshot: &Snapshot, logs: &mut dyn Logs, look: OutputStyle, columns: Option<u16>) -> String {
    rest(snapshot, logs, look, columns, |_| false)
}

/// [`render`] for a reader that has seen some rows already, made by [`row`]: slots for which `told` is true get none
/// here.
pub fn rest(
    snapshot: &Snapshot,
    logs: &mut dyn Logs,
    look: OutputStyle,
    columns: Option<u16>,
    told: impl Fn(&SlotView) -> bool,
) -> String {
    let theme = Theme::new(look);
    let mut table = String::new();
    let widths = Widths::for_results(&theme, snapshot, columns.map(usize::from));
    for slot in snapshot.slots.iter().filter(|slot| !told(slot)) {
        table.push_str(&widths.row(&theme, slot, snapshot.taken_at_ns));
        table.push('\n');
    }
    for slot in snapshot.slots.iter().filter(|slot| Standing::from_slot(slot).bad()) {
        failure(&mut table, &theme, slot, logs);
    }
    table.push_str(&closing(&theme, snapshot));
    table.push('\n');
    table
}

/// Render the row of a tool that has ended, in columns that fit the tools of the board that end later, too; `None` if
/// they do not fit into `columns` columns.
pub fn row(theme: &Theme, snapshot: &Snapshot, slot: &SlotView, columns: u16) -> Option<String> {
    let widths = Widths::of_ends(theme, snapshot, columns.into());
    (widths.whole <= columns.into()).then(|| widths.row(theme, slot, snapshot.taken_at_ns))
}

/// The widths of the cells whose texts differ in length.
struct Widths {
    tool: usize,
    version: usize,
    what: usize,
    /// Columns of a whole row.
    whole: usize,
    /// Columns that a longer result may take where no cell follows it; `None` cuts it to its cell.
    longest_what: Option<usize>,
}

impl Widths {
    /// The widths for the present results of all slots.
    fn for_results(theme: &Theme, snapshot: &Snapshot, columns: Option<usize>) -> Self {
        let whats: Vec<String> = snapshot.slots.iter().map(|slot| what(slot, Standing::from_slot(slot))).collect();
        Self::fitting(theme, snapshot, columns, &mut whats.iter().map(String::as_str))
    }

    /// The widths for results not known yet: those of the usual words.
    fn of_ends(theme: &Theme, snapshot: &Snapshot, columns: usize) -> Self {
        let mut usual = snapshot.slots.iter().map(|slot| vocabulary::for_kind(slot.kind).ends.done);
        let widths = Self::fitting(theme, snapshot, Some(columns), &mut usual);
        Self { longest_what: Some((columns + widths.what).saturating_sub(widths.whole)), ..widths }
    }

    fn fitting(
        theme: &Theme,
        snapshot: &Snapshot,
        columns: Option<usize>,
        whats: &mut dyn Iterator<Item = &str>,
    ) -> Self {
        let widest =
            |texts: &mut dyn Iterator<Item = &str>, most: usize| texts.map(width).max().unwrap_or_default().min(most);
        let tool = widest(&mut snapshot.slots.iter().map(|slot| slot.key.as_str()), TOOL_COLUMNS);
        let version = widest(&mut snapshot.slots.iter().map(|slot| slot.version.as_str()), VERSION_COLUMNS);
        let mark_columns = if theme.words_only { 0 } else { 2 };
        let others = mark_columns + tool + version + SIZE_COLUMNS + TIME_COLUMNS + 4 * GAP_COLUMNS;
        let room = columns.map_or(WHAT_COLUMNS, |columns| columns.saturating_sub(others).max(WHAT_COLUMNS_LEAST));
        let what = widest(whats, WHAT_COLUMNS.min(room));
        Self { tool, version, what, whole: others + what, longest_what: None }
    }

    /// The row of one slot.
    fn row(&self, theme: &Theme, slot: &SlotView, now_ns: u64) -> String {
        let cut = theme.glyphs.cut;
        let standing = Standing::from_slot(slot);
        let cost = || TurnFacts::parse(&slot.details).cost_micros.filter(|_| slot.kind == Kind::Turn).map(dollars);
        let size = received_bytes(slot).map(bytes).or_else(cost).unwrap_or_default();
        let time = elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost);
        let time = time.map(duration).unwrap_or_default();
        let mark = if theme.words_only {
            String::new()
        } else {
            theme.paint(glyph(theme.glyphs, standing), tone(standing)) + " "
        };
        let name = padded(&slot.key, self.tool, cut);
        let version = theme.paint(&padded(&slot.version, self.version, cut), Tone::Quiet);
        let said = what(slot, standing);
        let longer = self.longest_what.filter(|_| width(&said) > self.what);
        let said = longer.map_or_else(|| padded(&said, self.what, cut), |most| fitted(&said, most, cut));
        let said = theme.paint(&said, tone(standing));
        let (size, time) = (padded_left(&size, SIZE_COLUMNS, cut), padded_left(&time, TIME_COLUMNS, cut));
        format!("{mark}{name}  {version}  {said}  {size}  {time}").trim_end().to_owned()
    }
}

/// The result of a tool; a failure begins with the word for its end.
pub fn what(slot: &SlotView, standing: Standing) -> String {
    let said = ending(slot, standing);
    match standing {
        Standing::Failed | Standing::Died | Standing::Lost => format!("{}: {said}", standing.word()),
        _ => said,
    }
}

/// Append the lines about a failed slot: its error, the last lines of its output, and the place of the whole log.
fn failure(table: &mut String, theme: &Theme, slot: &SlotView, logs: &mut dyn Logs) {
    let standing = Standing::from_slot(slot);
    let cut = theme.glyphs.cut;
    let title = format!("{} {} {}", slot.key, slot.version, standing.word());
    let _ = writeln!(table, "\n{}", theme.paint(&fitted(&title, LINE_COLUMNS, cut), Tone::Bad));
    let cell = error_cell(slot);
    let errors: Vec<Cow<'_, str>> = cell.shown().filter(|line| !line.trim().is_empty()).collect();
    let ended = ending(slot, standing);
    // The ending of a failure is the first line of its error. The error of a process that died may hold only its
    // output.
    let told = errors.first().is_some_and(|line| *line == ended);
    if errors.is_empty() || (standing != Standing::Failed && !told) {
        let _ = writeln!(table, "  {}", fitted(&ended, LINE_COLUMNS, cut));
    }
    for line in &errors[errors.len().saturating_sub(ERROR_LINES)..] {
        let _ = writeln!(table, "  {}", fitted(line, LINE_COLUMNS, cut));
    }
    let gutter = if theme.words_only { " " } else { theme.glyphs.gutter };
    // Leave out lines of the log that repeat the error.
    let repeats = |line: &String| errors.contains(&Cow::Borrowed(line.strip_prefix("error: ").unwrap_or(line)));
    for line in logs.tail(&slot.key, LOG_LINES).iter().filter(|line| !repeats(line)) {
        let _ = writeln!(table, "  {} {}", theme.paint(gutter, Tone::Quiet), fitted(line, LINE_COLUMNS, cut));
    }
    if let Some(location) = logs.location(&slot.key) {
        let _ = writeln!(table, "  whole log: {}", fitted(&location, LINE_COLUMNS * 4, cut));
    }
}

/// The sums: `10 installed, 1 already there, 1 failed in 6.2 s`.
fn closing(theme: &Theme, snapshot: &Snapshot) -> String {
    let totals = Totals::from_snapshot(snapshot, &[]);
    if totals.all == 0 {
        return "nothing to do".to_owned();
    }
    let mut counted = by_word(snapshot, Standing::Done, Tone::Good, |ends| ends.done);
    counted.push((totals.skipped, "left as they were", Tone::Quiet));
    counted.push((totals.failed, "failed", Tone::Bad));
    counted.push((totals.lost, "lost", Tone::Bad));
    counted.extend(by_word(snapshot, Standing::Cancelled, Tone::Warning, |ends| ends.cancelled));
    counted.push((totals.all - totals.over, "not finished", Tone::Warning));
    let parts = counted.iter().filter(|(count, _, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, word, tone)| theme.paint(&format!("{count} {word}"), *tone)).collect();
    format!("\n{} in {}", parts.join(", "), duration(board_elapsed_ms(snapshot)))
}

/// The slots with this end, counted by the words that their kinds have for it.
fn by_word(
    snapshot: &Snapshot,
    end: Standing,
    tone: Tone,
    word: fn(&EndWords) -> &'static str,
) -> Vec<(usize, &'static str, Tone)> {
    let mut counted: Vec<(usize, &'static str, Tone)> = Vec::new();
    for slot in snapshot.slots.iter().filter(|slot| Standing::from_slot(slot) == end) {
        let word = word(&vocabulary::for_kind(slot.kind).ends);
        match counted.iter_mut().find(|(_, known, _)| *known == word) {
            Some((count, ..)) => *count += 1,
            None => counted.push((1, word, tone)),
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{FixedLogs, counting, everything, hostile};
    use vx_shm::SlotState;
    use vx_text::is_unprintable;

    #[test]
    fn how_a_process_was_killed_is_said_once() {
        let died = SlotView {
            key: "node".to_owned(),
            state: SlotState::Died,
            signal: Some(9),
            error: Some("killed by signal 9 (SIGKILL)\nlast words".to_owned()),
            ..SlotView::default()
        };
        let snapshot = Snapshot { slots: vec![died], ..Snapshot::default() };
        let table = render(&snapshot, &mut FixedLogs(Vec::new()), OutputStyle::default(), None);
        let failure = table.split("node  died").nth(1).unwrap_or(&table);
        assert_eq!(failure.matches("killed by signal 9").count(), 1, "{table}");
        assert!(failure.contains("last words"), "{table}");
    }

    #[test]
    fn counted_work_has_no_size_in_bytes() {
        let slots =
            vec![SlotView { state: SlotState::Done, ..counting(0, "test", 40, 40) }, counting(1, "lint", 7, 40)];
        let snapshot = Snapshot { slots, ..Snapshot::default() };
        let table = render(&snapshot, &mut FixedLogs(Vec::new()), OutputStyle::default(), None);
        assert!(table.contains("test") && !table.contains(" B"), "{table}");
    }

    #[test]
    fn a_row_fits_the_terminal_and_keeps_its_names() {
        let long = "cannot unpack `package.tgz`: the archive ends in the middle of a file\nmore of it";
        let slot = |key: &str, state, error: Option<&str>| SlotView {
            key: key.to_owned(),
            version: "10.20.30".to_owned(),
            state,
            error: error.map(str::to_owned),
            ..SlotView::default()
        };
        let slots =
            vec![slot("a-tool-of-many-letters", SlotState::Failed, Some(long)), slot("b", SlotState::Done, None)];
        let snapshot = Snapshot { slots, ..Snapshot::default() };
        let rendered = |columns| render(&snapshot, &mut FixedLogs(Vec::new()), OutputStyle::default(), columns);
        let rows = |table: &str| table.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
        for columns in [200, 100, 80, 70, 62] {
            let table = rendered(Some(columns));
            for row in rows(&table) {
                assert!(width(&row) <= usize::from(columns), "{columns}: {row}");
            }
            assert!(table.contains("a-tool-of-many-letters  10.20.30  failed: "), "{table}");
            assert!(table.contains(&format!("\n  {}\n", long.lines().next().unwrap_or_default())), "{table}");
        }
        assert!(rendered(Some(20)).contains("a-tool-of-many-letters  10.20.30  failed: "), "{}", rendered(Some(20)));
        assert_eq!(rendered(Some(200)), rendered(None));
    }

    #[test]
    fn the_sums_have_the_words_of_each_kind() {
        use vx_shm::SlotState;
        let slot =
            |index, kind, state| SlotView { index, kind, state, key: format!("k{index}"), ..SlotView::default() };
        let turn = slot(1, Kind::Turn, SlotState::Done);
        let slots = vec![
            slot(0, Kind::Task, SlotState::Done),
            SlotView { details: "cost $0.5000".to_owned(), ..turn },
            slot(2, Kind::Install, SlotState::Done),
            slot(3, Kind::Service, SlotState::Cancelled),
            slot(4, Kind::Task, SlotState::Cancelled),
        ];
        let table = render(
            &Snapshot { slots, ..Snapshot::default() },
            &mut FixedLogs(Vec::new()),
            OutputStyle::default(),
            None,
        );
        let sums = table.lines().last().unwrap_or_default();
        assert!(table.contains("k1    done         $0.500"), "{table}");
        assert!(sums.starts_with("2 done, 1 installed, 1 stopped, 1 cancelled in "), "{table}");
    }

    #[test]
    fn the_final_table_shows_the_end_of_each_tool() {
        let mut logs = FixedLogs(vec!["downloading".to_owned(), "\u{1b}[31mbad digest\u{1b}[0m".to_owned()]);
        insta::assert_snapshot!("table", render(&everything(), &mut logs, OutputStyle::default(), None));
        let words = OutputStyle { words_only: true, ..OutputStyle::default() };
        insta::assert_snapshot!("table_in_words", render(&everything(), &mut logs, words, None));
        for columns in [80, 60] {
            let mut snapshot = everything();
            snapshot.slots[6].error =
                Some("the server answered 502 to every one of five attempts\nthe last one said why".to_owned());
            let table = render(&snapshot, &mut logs, OutputStyle::default(), Some(columns));
            insta::assert_snapshot!(format!("table_{columns}"), table);
        }
        let text = render(&hostile(), &mut logs, OutputStyle::default(), None);
        assert!(!text.chars().any(|character| is_unprintable(character) && character != '\n'), "{text:?}");
    }
}
