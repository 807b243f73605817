//! The error of a slot: one text on the board, and the four parts it is made of.
//!
//! A board keeps an error as a single text of at most [`CELL_BYTES`]. [`ErrorCell::to_text`] joins the parts into a
//! text that people can read as it is, and [`ErrorCell::parse`] takes it apart again:
//!
//! ```text
//! post-install command `make` failed: exit code 2
//! cc: fatal error: no input files
//! kind: post-install
//! hint: correct `postinstall` in vx.toml; the release was not installed
//! ```
//!
//! The trailer is the kind and then the hint, each on its own line, and is never cut off. An error that is too long
//! loses its first details, and the end of its text if that is not enough. A text from another writer (`vx board put`,
//! a build) has no kind; a hint at its end is still recognised. [`ErrorCell::of_other_writer`] takes such a text apart
//! before it is written to the board.

use std::borrow::Cow;

use vx_shm::layout::ERROR_WORDS;
use vx_shm::{Liveness, SlotState, SlotView};

/// Longest text that a slot's error cell holds, in bytes.
pub const CELL_BYTES: usize = 8 * ERROR_WORDS - 2;

/// Longest hint that is written, in bytes; a longer one is cut at its end.
const HINT_BYTES: usize = 400;
/// Longest code of a kind, in bytes.
const KIND_BYTES: usize = 32;

const KIND: &str = "kind: ";
const HINT: &str = "hint: ";
const CUT: &str = "…";

/// The parts of a slot's error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorCell<'a> {
    /// The error in one line.
    pub text: Cow<'a, str>,
    /// More about the error, one line each.
    pub details: Vec<Cow<'a, str>>,
    /// Code of the error's kind; `None` if the writer gave none.
    pub kind: Option<Cow<'a, str>>,
    /// Next step, one line.
    pub hint: Option<Cow<'a, str>>,
}

impl<'a> ErrorCell<'a> {
    /// Take a cell's text apart. Any text can be parsed.
    pub fn parse(cell: &'a str) -> Self {
        let mut lines: Vec<&str> = cell.lines().collect();
        // The first line is the text, whatever it looks like.
        let last = |lines: &[&'a str], at: usize| (lines.len() > at).then(|| lines[lines.len() - at]);
        let hint = last(&lines, 1).and_then(|line| line.strip_prefix(HINT));
        lines.truncate(lines.len() - usize::from(hint.is_some()));
        let kind = last(&lines, 1).and_then(|line| line.strip_prefix(KIND)).filter(|kind| is_code(kind));
        lines.truncate(lines.len() - usize::from(kind.is_some()));
        let mut lines = lines.into_iter().map(Cow::Borrowed);
        Self {
            text: lines.next().unwrap_or_default(),
            details: lines.collect(),
            kind: kind.map(Cow::Borrowed),
            hint: hint.map(Cow::Borrowed),
        }
    }

    /// Take apart a text from a writer that knows no kinds: a line that looks like a kind is one of its details.
    pub fn of_other_writer(text: &'a str) -> Self {
        let mut lines: Vec<&str> = text.lines().collect();
        let hint = lines.split_first().and_then(|(_, behind)| behind.last()?.strip_prefix(HINT));
        lines.truncate(lines.len() - usize::from(hint.is_some()));
        let mut lines = lines.into_iter().map(Cow::Borrowed);
        let text = lines.next().unwrap_or_default();
        Self { text, details: lines.collect(), kind: None, hint: hint.map(Cow::Borrowed) }
    }

    /// The error of a slot, if it has one.
    pub fn of_slot(slot: &'a SlotView) -> Option<Self> {
        slot.error.as_deref().map(Self::parse)
    }

    /// The kind of a slot's error: as its writer gave it, or else as the slot's end implies it.
    pub fn kind_of_slot(slot: &'a SlotView) -> Option<Cow<'a, str>> {
        Self::of_slot(slot).and_then(|error| error.kind).or(implied_kind(slot).map(Cow::Borrowed))
    }

    /// Join the parts into the text for a slot's error cell, at most [`CELL_BYTES`] long. Line breaks inside the parts
    /// become blanks. A last detail that would be read as a part of the trailer gets a blank in front.
    pub fn to_text(&self) -> String {
        let mut trailer = String::new();
        let kind = self.kind.as_deref().filter(|kind| is_code(kind));
        if let Some(kind) = kind {
            trailer.push_str(&format!("\n{KIND}{kind}"));
        }
        if let Some(hint) = &self.hint {
            trailer.push_str(&format!("\n{HINT}{}", shortened(&in_one_line(hint), HINT_BYTES)));
        }
        let mut cell = shortened(&in_one_line(&self.text), CELL_BYTES - trailer.len());
        let mut details: Vec<String> = self.details.iter().map(|detail| in_one_line(detail).into_owned()).collect();
        if let Some(last) = details.last_mut().filter(|last| kind.is_none() && is_trailer(last, self.hint.is_none())) {
            last.insert(0, ' ');
        }
        let room = CELL_BYTES - trailer.len() - cell.len();
        let kept = last_that_fit(&details, room);
        if kept.len() < details.len() && room > CUT.len() {
            cell.push('\n');
            cell.push_str(CUT);
        }
        for detail in kept {
            cell.push('\n');
            cell.push_str(detail);
        }
        cell + &trailer
    }

    /// Copy the texts, so that the parts own them.
    pub fn into_owned(self) -> ErrorCell<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        ErrorCell {
            text: owned(self.text),
            details: self.details.into_iter().map(owned).collect(),
            kind: self.kind.map(owned),
            hint: self.hint.map(owned),
        }
    }

    /// The lines of the error without its hint: the text, then the details.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.text).chain(&self.details).map(|line| &**line)
    }

    /// The lines as people see them: text, details, and below them the hint.
    pub fn shown(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let hint = self.hint.iter().map(|hint| Cow::Owned(format!("{HINT}{hint}")));
        self.lines().map(Cow::Borrowed).chain(hint)
    }

    /// The lines as people see them, in one string.
    pub fn shown_text(&self) -> String {
        self.shown().collect::<Vec<_>>().join("\n")
    }
}

/// The kind that the end of a slot implies. A failure that its writer recorded implies none.
fn implied_kind(slot: &SlotView) -> Option<&'static str> {
    match slot.state {
        SlotState::Cancelled => Some("cancelled"),
        SlotState::Died if slot.signal.is_none() && slot.exit_code.is_some() => Some("exit"),
        SlotState::Died => Some("killed"),
        state if !state.ended() && slot.liveness == Liveness::Lost => Some("killed"),
        _ => None,
    }
}

/// The last lines that together fit into `room` bytes, each with its line break. If some don't fit, room is left for
/// the mark of the cut.
fn last_that_fit(lines: &[String], room: usize) -> &[String] {
    let needed = |lines: &[String]| lines.iter().map(|line| line.len() + 1).sum::<usize>();
    if needed(lines) <= room {
        return lines;
    }
    let room = room.saturating_sub(1 + CUT.len());
    let first = (0..lines.len()).find(|at| needed(&lines[*at..]) <= room).unwrap_or(lines.len());
    &lines[first..]
}

/// A word of small letters, digits and hyphens.
fn is_code(kind: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=KIND_BYTES).contains(&kind.len()) && kind.bytes().all(plain)
}

/// Returns whether a line would be read as a kind at the end of a cell, or as a hint where the cell has none.
fn is_trailer(line: &str, no_hint: bool) -> bool {
    line.strip_prefix(KIND).is_some_and(is_code) || (no_hint && line.starts_with(HINT))
}

fn in_one_line(text: &str) -> Cow<'_, str> {
    match text.contains('\n') || text.ends_with('\r') {
        true => Cow::Owned(text.lines().map(|line| line.trim_end_matches('\r')).collect::<Vec<_>>().join(" ")),
        false => Cow::Borrowed(text),
    }
}

/// Cut a text to its beginning, with a mark at the cut.
fn shortened(text: &str, most_bytes: usize) -> String {
    if text.len() <= most_bytes {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(most_bytes.saturating_sub(CUT.len()));
    format!("{}{CUT}", &text[..kept])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell<'a>(text: &'a str, details: &[&'a str], kind: &'a str, hint: Option<&'a str>) -> ErrorCell<'a> {
        ErrorCell {
            text: text.into(),
            details: details.iter().map(|detail| Cow::Borrowed(*detail)).collect(),
            kind: Some(kind.into()),
            hint: hint.map(Cow::Borrowed),
        }
    }

    #[test]
    fn the_parts_are_read_back_whatever_their_lines_look_like() {
        for parts in [
            cell("it failed", &[], "network", None),
            cell("it failed", &["one", "two"], "exit", Some("try again")),
            cell("kind: x", &["hint: none", "kind: y"], "disk", None),
            cell("hint: x", &["kind: y", "hint: none"], "disk", Some("hint: free some")),
            cell("", &[""], "lock", Some("")),
        ] {
            let text = parts.to_text();
            assert_eq!(ErrorCell::parse(&text), parts, "{text}");
        }
    }

    #[test]
    fn a_text_of_another_writer_is_shown_as_it_is() {
        let plain = ErrorCell::parse("the digest differs\nexpected a");
        assert_eq!(
            (&*plain.text, plain.details.len(), &plain.kind, &plain.hint),
            ("the digest differs", 1, &None, &None)
        );
        let hinted = ErrorCell::parse("no room\nhint: free some");
        assert_eq!(hinted.shown_text(), "no room\nhint: free some");
        assert_eq!((&*hinted.text, hinted.hint.as_deref()), ("no room", Some("free some")));
        assert_eq!(ErrorCell::parse("a\nkind: No Code").kind, None);
        assert_eq!(ErrorCell::parse("").text, "");
    }

    #[test]
    fn the_end_of_a_slot_implies_a_kind_where_its_writer_gave_none() {
        let died = SlotView { state: SlotState::Died, ..SlotView::default() };
        let given = cell("no more", &[], "timeout", None).to_text();
        let unkind = Some("no more".to_owned());
        for (slot, kind) in [
            (SlotView { state: SlotState::Cancelled, ..SlotView::default() }, Some("cancelled")),
            (SlotView { state: SlotState::Cancelled, error: Some(given), ..SlotView::default() }, Some("timeout")),
            (SlotView { exit_code: Some(3), error: unkind.clone(), ..died.clone() }, Some("exit")),
            (SlotView { signal: Some(9), ..died.clone() }, Some("killed")),
            (died, Some("killed")),
            (SlotView { state: SlotState::Live, liveness: Liveness::Lost, ..SlotView::default() }, Some("killed")),
            (SlotView { state: SlotState::Done, liveness: Liveness::Lost, ..SlotView::default() }, None),
            (SlotView { state: SlotState::Failed, error: unkind, ..SlotView::default() }, None),
            (SlotView::default(), None),
        ] {
            assert_eq!(ErrorCell::kind_of_slot(&slot).as_deref(), kind, "{slot:?}");
        }
    }

    #[test]
    fn a_writer_that_knows_no_kinds_gives_none_and_keeps_its_hint() {
        let read = |text: &str| ErrorCell::parse(&ErrorCell::of_other_writer(text).to_text()).into_owned();
        for text in ["it failed\nkind: x", "it failed\nkind: x\nhint: try again", "kind: x", "a\nhint: b\nkind: x"] {
            let read = read(text);
            assert_eq!(read.kind, None, "{text}");
            assert_eq!(read.shown_text().replace("\n kind", "\nkind"), text);
        }
        assert_eq!(read("hint: x"), ErrorCell { text: "hint: x".into(), ..ErrorCell::default() });
        let read = read(&format!("it failed\n{}\nhint: try again", "a line of the log\n".repeat(200)));
        assert_eq!((&*read.text, read.hint.as_deref()), ("it failed", Some("try again")));
    }

    #[test]
    fn the_last_detail_is_never_read_as_a_kind_or_a_hint() {
        for last in ["kind: x", "hint: x"] {
            let parts = ErrorCell { kind: None, ..cell("it failed", &["one", last], "", None) };
            let text = parts.to_text();
            let read = ErrorCell::parse(&text);
            assert_eq!((read.kind, read.hint, read.details.len()), (None, None, 2), "{text}");
        }
    }

    #[test]
    fn a_long_error_keeps_its_kind_its_hint_and_its_last_lines() {
        let details: Vec<String> = (0..200).map(|line| format!("line {line} of the output")).collect();
        let details: Vec<&str> = details.iter().map(String::as_str).collect();
        let text = cell("command failed: exit code 2", &details, "post-install", Some("correct it")).to_text();
        assert!(text.len() <= CELL_BYTES && text.len() > CELL_BYTES - 40, "{}", text.len());
        let read = ErrorCell::parse(&text);
        assert_eq!((read.kind.as_deref(), read.hint.as_deref()), (Some("post-install"), Some("correct it")));
        assert_eq!(read.text, "command failed: exit code 2");
        assert_eq!((&*read.details[0], read.details.last().map(|line| &**line)), ("…", Some("line 199 of the output")));
        let long = "ü".repeat(2_000);
        let read = cell(&long, &["more"], "network", Some(&long)).to_text();
        let read = ErrorCell::parse(&read);
        assert!(read.text.ends_with("ü…") && read.kind.is_some());
        assert!(read.hint.is_some_and(|hint| hint.ends_with("ü…") && hint.len() <= HINT_BYTES));
    }

    proptest! {
        #[test]
        fn a_cell_never_overflows_and_keeps_its_trailer(
            text in ".{0,900}",
            details in proptest::collection::vec(".{0,90}", 0..20),
            kind in "[a-z][a-z-]{0,20}",
            hint in proptest::option::of(".{0,500}"),
        ) {
            let details: Vec<&str> = details.iter().map(String::as_str).collect();
            let parts = cell(&text, &details, &kind, hint.as_deref());
            let written = parts.to_text();
            prop_assert!(written.len() <= CELL_BYTES);
            let read = ErrorCell::parse(&written);
            prop_assert_eq!(read.kind.as_deref(), Some(&*kind));
            prop_assert_eq!(read.hint.is_some(), hint.is_some());
            let all = text.len() + details.iter().map(|detail| detail.len() + 1).sum::<usize>();
            if all + hint.as_deref().map_or(0, str::len) <= 400 {
                let whole = |line: &str| !line.contains(['\n', '\r']);
                if whole(&text) && details.iter().copied().all(whole) && hint.as_deref().is_none_or(whole) {
                    prop_assert_eq!(read, parts);
                }
            }
        }

        #[test]
        fn any_text_has_parts_and_loses_nothing(text in any::<String>()) {
            let read = ErrorCell::parse(&text);
            let kind = read.kind.iter().map(|kind| Cow::Owned(format!("{KIND}{kind}")));
            let hint = read.hint.iter().map(|hint| Cow::Owned(format!("{HINT}{hint}")));
            let back: Vec<Cow<'_, str>> = read.lines().map(Cow::Borrowed).chain(kind).chain(hint).collect();
            let lines: Vec<&str> = text.lines().collect();
            let first = if lines.is_empty() { vec![""] } else { lines };
            prop_assert_eq!(back, first);
        }
    }
}
