//! One row per slot: the values of the table, rounded to the shown precision, so that equal rows look equal.

use std::collections::HashMap;

use vx_shm::{Kind, SlotState, SlotView, Snapshot, Unit};
use vx_status::estimate::Estimate;
use vx_status::pace::SlotRate;
use vx_status::slot::{SlotId, asks, elapsed_ms, is_unwell, last_build, permille, size_bytes, usable_ms};
use vx_status::source::SlotProcessUsage;
use vx_status::standing::{Standing, state_remark};
use vx_status::turn_facts::TurnFacts;
use vx_status::vocabulary::{Phases, sized_in_bytes, unit_of, word_of};
use vx_text::units::{counted, tenths};
use vx_text::width;

/// The cells of one slot's row. The texts are not cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotRow {
    pub(crate) id: SlotId,
    pub(crate) is_install: bool,
    pub(crate) is_service: bool,
    pub(crate) tool: String,
    pub(crate) version: String,
    /// It is a part of other work.
    pub(crate) is_part: bool,
    /// Slot of that work.
    pub(crate) parent: Option<u32>,
    pub(crate) slot: u32,
    pub(crate) standing: Standing,
    /// `None` before and after work.
    pub(crate) phase: Option<String>,
    /// Share of the present phase that is done; `None` while it cannot be known.
    pub(crate) permille: Option<u16>,
    /// Bytes received so far in a phase that counts bytes.
    pub(crate) done_bytes: Option<u64>,
    /// Work so far in a phase that counts something else: `7 of 40`. Empty for thousandths.
    pub(crate) counted: String,
    pub(crate) size_bytes: Option<u64>,
    pub(crate) bytes_per_second: Option<u64>,
    /// Number of times it was started again.
    pub(crate) restarts: u8,
    /// Its checks fail, or it waits for a person.
    pub(crate) is_unwell: bool,
    /// It waits for a person.
    pub(crate) asks: bool,
    /// Facts of a turn.
    pub(crate) turn: Option<TurnFacts>,
    /// Last build of a service: one word, or the time that it took.
    pub(crate) build: String,
    /// The last build of a service failed, and the service still runs an earlier build.
    pub(crate) has_bad_build: bool,
    /// Address of a service.
    pub(crate) address: Option<String>,
    /// Usage of a service's processes: set by [`measured`].
    pub(crate) usage: Option<SlotProcessUsage>,
    /// Port of a service.
    pub(crate) port: Option<u16>,
    /// In tenths of a second while at work, exact once ended.
    pub(crate) elapsed_ms: Option<u64>,
    /// Moment of its end, in nanoseconds of the board's clock.
    pub(crate) ended_at_ns: Option<u64>,
    /// Time until its tool ends: set by [`fill_in`], and unknown until then.
    pub(crate) left_ms: Option<u64>,
    pub(crate) note: String,
    /// Step of an indeterminate bar: one each quarter of a second, zero for any other bar.
    pub(crate) beat: u64,
}

impl SlotRow {
    /// The row of `slot` at `now_ns`.
    pub(crate) fn from_slot(slot: &SlotView, pace: SlotRate, asked_to_stop: bool, now_ns: u64) -> Self {
        let standing = Standing::with_pace(slot, pace, asked_to_stop);
        let counting = slot.phase().meaning().counts && !standing.over();
        let counted_to_its_end = standing.over() && slot.kind != Kind::Install && slot.done > 0;
        let unit = unit_of(slot);
        let permille = match standing {
            Standing::Done => Some(1000),
            Standing::Queued | Standing::Skipped => None,
            // In the first step, the total belongs to work that hasn't begun.
            _ if slot.phase().is_first() => None,
            _ => permille(slot.done, slot.total),
        };
        let announced = slot.total.filter(|total| *total > 0 && standing == Standing::Queued && sized_in_bytes(slot));
        let turn = (slot.kind == Kind::Turn).then(|| TurnFacts::parse(&slot.details));
        let elapsed = elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost);
        Self {
            id: SlotId::from_slot(slot),
            is_install: slot.kind == Kind::Install,
            is_service: slot.kind == Kind::Service,
            tool: slot.key.clone(),
            is_part: slot.parent.is_some(),
            parent: slot.parent,
            slot: slot.index,
            version: slot.version.clone(),
            standing,
            phase: standing.at_work().then(|| word_of(slot).to_owned()),
            permille,
            done_bytes: (counting && unit == Unit::Bytes).then_some(slot.done),
            counted: if counting || counted_to_its_end { count(slot, unit) } else { String::new() },
            size_bytes: size_bytes(slot).or(announced),
            bytes_per_second: pace
                .bytes_per_second
                .filter(|_| counting && unit == Unit::Bytes && standing != Standing::Silent),
            restarts: slot.attempt.saturating_sub(1),
            is_unwell: is_unwell(slot) || asks(slot),
            asks: asks(slot),
            turn,
            build: String::new(),
            has_bad_build: false,
            address: slot.address.clone(),
            usage: None,
            port: slot.port,
            elapsed_ms: match slot.kind {
                _ if standing.over() => elapsed,
                // Services run for hours: a frame for every tenth of a second is not worth it.
                Kind::Service => usable_ms(slot, now_ns).map(|ms| ms / 1000 * 1000),
                _ => elapsed.map(|ms| ms / 100 * 100),
            },
            ended_at_ns: slot.ended_at_ns,
            left_ms: None,
            note: state_remark(slot, standing),
            beat: if standing.at_work() && slot.kind != Kind::Service && permille.is_none() {
                now_ns / 250_000_000
            } else {
                0
            },
        }
    }

    /// Returns whether there is an error to read: of the row itself, or of its last build.
    pub(crate) fn has_error(&self) -> bool {
        self.standing.bad() || self.has_bad_build
    }

    /// Returns whether some cell of the row contains `text`, in any case.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let phase = self.phase.as_deref().unwrap_or_default();
        [self.tool.as_str(), &self.version, self.standing.word(), phase, &self.note]
            .iter()
            .any(|part| part.to_lowercase().contains(&text))
    }
}

/// The work so far in items, as much of it as a cell has room for. Work that ended well counts as complete, whatever it
/// reported last.
fn count(slot: &SlotView, unit: Unit) -> String {
    const CELL_COLUMNS: usize = 8;
    match unit {
        Unit::Bytes | Unit::Permille => String::new(),
        // Most commands count nothing.
        _ if slot.done == 0 && slot.total.is_none() => String::new(),
        _ if slot.state == SlotState::Done => counted(slot.done.max(slot.total.unwrap_or_default()), None),
        _ => {
            let whole = counted(slot.done, slot.total);
            if whole.len() <= CELL_COLUMNS { whole } else { counted(slot.done, None) }
        }
    }
}

/// The order in which rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The board's order, in which they were planned.
    #[default]
    Planned,
    Name,
    /// Failures first, then rows at work, then the rest.
    Standing,
    /// The largest first.
    Size,
}

impl Sort {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Planned => Self::Name,
            Self::Name => Self::Standing,
            Self::Standing => Self::Size,
            Self::Size => Self::Planned,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "plan",
            Self::Name => "name",
            Self::Standing => "state",
            Self::Size => "size",
        }
    }

    /// The indices of the rows that match `filter`, sorted; equal rows keep the board's order.
    pub(crate) fn order(self, rows: &[SlotRow], filter: &str) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..rows.len()).filter(|row| filter.is_empty() || rows[*row].contains(filter)).collect();
        match self {
            Self::Planned => in_place(rows, &mut order),
            Self::Name => order.sort_by_key(|row| (rows[*row].tool.to_lowercase(), rows[*row].version.clone())),
            Self::Standing => order.sort_by_key(|row| rows[*row].standing),
            Self::Size => order.sort_by_key(|row| std::cmp::Reverse(rows[*row].size_bytes)),
        }
        order
    }
}

/// Sort rows by the board's order, except that rows waiting for a person come first, then services, and parts follow
/// the work that they belong to.
fn in_place(rows: &[SlotRow], order: &mut [usize]) {
    if !rows.iter().any(|row| row.is_service || row.is_part || row.asks) {
        return;
    }
    let wholes = rows.iter().enumerate().filter(|(_, row)| !row.is_part);
    let wholes: HashMap<u32, usize> = wholes.map(|(place, row)| (row.slot, place)).collect();
    order.sort_by_key(|row| {
        let whole = rows[*row].parent.and_then(|parent| wholes.get(&parent).copied()).unwrap_or(*row);
        (!rows[whole].asks, !rows[whole].is_service, whole, whole != *row, *row)
    });
}

/// Every row of a snapshot; `paces` are in the order of its slots.
pub(crate) fn rows(snapshot: &Snapshot, paces: &[SlotRate], asked: &[SlotId]) -> Vec<SlotRow> {
    let pace_at = |place: usize| paces.get(place).copied().unwrap_or_default();
    let row = |(place, slot)| {
        let stop = asked.contains(&SlotId::from_slot(slot));
        let row = SlotRow::from_slot(slot, pace_at(place), stop, snapshot.taken_at_ns);
        let build = if slot.kind == Kind::Service { last_build(&snapshot.slots, slot) } else { None };
        let has_bad_build = build.is_some_and(|build| Standing::from_slot(build).bad());
        let build = build.map(|build| built(build, snapshot.taken_at_ns)).unwrap_or_default();
        SlotRow { build, has_bad_build, ..row }
    };
    snapshot.slots.iter().enumerate().map(row).collect()
}

/// A build, in the few columns of a cell.
fn built(build: &SlotView, now_ns: u64) -> String {
    let standing = Standing::from_slot(build);
    match standing {
        Standing::Done => elapsed_ms(build, now_ns).map(tenths).unwrap_or_default(),
        _ if standing.over() => standing.word().chars().take(6).collect(),
        _ => "now".to_owned(),
    }
}

/// Write what the processes of each slot use into its row.
pub(crate) fn measured(rows: &mut [SlotRow], usage: &[(SlotId, SlotProcessUsage)]) {
    for row in rows.iter_mut().filter(|row| row.standing.at_work()) {
        row.usage = usage.iter().find(|(id, _)| *id == row.id).map(|(_, usage)| *usage);
    }
}

/// Write the time left of each tool into its row; the rows are in the order of the slots.
pub(crate) fn fill_in(rows: &mut [SlotRow], estimate: &Estimate) {
    for (row, left) in rows.iter_mut().zip(&estimate.each) {
        row.left_ms = *left;
    }
}

/// Name in each queued install the install whose end makes room for it. As many installs are at work as the run allows,
/// so the first to end makes room for the first in the queue.
pub(crate) fn announce(rows: &mut [SlotRow]) {
    let installs = || rows.iter().filter(|row| row.is_install);
    if !installs().any(|row| row.standing == Standing::Queued) {
        return;
    }
    let mut ends: Vec<(u64, String)> =
        installs().filter_map(|row| row.left_ms.map(|left_ms| (left_ms, format!("after {}", row.tool)))).collect();
    ends.sort();
    let mut ends = ends.into_iter().map(|(_, after)| after);
    let is_next = |row: &&mut SlotRow| row.is_install && row.standing == Standing::Queued && row.note.is_empty();
    let queued = rows.iter_mut().filter(is_next);
    for (place, row) in queued.enumerate() {
        let next = ends.next().or_else(|| (place == 0).then(|| "next".to_owned()));
        let Some(next) = next else { break };
        row.note = next;
    }
}

/// The widths of the longest name and of the longest version.
pub(crate) fn longest(rows: &[SlotRow]) -> (u16, u16) {
    let widest = |text: fn(&SlotRow) -> &str, more: fn(&SlotRow) -> usize| {
        let widths = rows.iter().map(|row| width(text(row)) + more(row));
        u16::try_from(widths.max().unwrap_or_default()).unwrap_or(u16::MAX)
    };
    (widest(|row| &row.tool, |row| if row.is_part { 2 } else { 0 }), widest(|row| &row.version, |_| 0))
}

/// Returns whether both have the same names and versions, so that neither has to be measured again.
pub(crate) fn same_names(rows: &[SlotRow], others: &[SlotRow]) -> bool {
    let same = |(row, other): (&SlotRow, &SlotRow)| {
        row.id == other.id && row.tool == other.tool && row.version == other.version
    };
    rows.len() == others.len() && rows.iter().zip(others).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::fixture::counting;

    #[test]
    fn counted_work_is_a_bare_number_and_a_share_is_none() {
        let pace = SlotRate { bytes_per_second: Some(1), measured_ms: 9_000, slow: true, gained: 1 };
        let row = |slot: &SlotView| SlotRow::from_slot(slot, pace, false, 110_000_000_000);
        let counted = row(&counting(0, "test", 7, 40));
        assert_eq!(
            (counted.counted.as_str(), counted.permille, counted.standing),
            ("7 of 40", Some(175), Standing::Running)
        );
        assert_eq!((counted.done_bytes, counted.size_bytes, counted.bytes_per_second), (None, None, None));
        assert_eq!(row(&counting(0, "test", 700, 12_000)).counted, "700");
        let over = SlotView { state: SlotState::Done, ended_at_ns: Some(1), ..counting(0, "test", 40, 40) };
        assert_eq!(row(&over).counted, "40");
        assert_eq!(row(&SlotView { done: 39, ..over.clone() }).counted, "40");
        assert_eq!(row(&SlotView { done: 39, state: SlotState::Failed, ..over }).counted, "39 of 40");
        let share = row(&SlotView { unit: Unit::Permille, ..counting(0, "test", 450, 1_000) });
        assert_eq!((share.counted.as_str(), share.permille, share.done_bytes), ("", Some(450), None));
        let bytes = row(&SlotView { unit: Unit::Bytes, ..counting(0, "test", 450, 1_000) });
        assert_eq!((bytes.done_bytes, bytes.size_bytes, bytes.standing), (Some(450), Some(1_000), Standing::Slow));
    }

    #[test]
    fn a_queued_install_names_the_one_that_makes_room_for_it() {
        let row = |tool: &str, standing, left_ms| SlotRow {
            is_install: true,
            tool: tool.to_owned(),
            standing,
            left_ms,
            ..SlotRow::default()
        };
        let queued = |tool| row(tool, Standing::Queued, None);
        let running = |tool, left_ms| row(tool, Standing::Running, left_ms);
        let mut rows = [running("go", Some(6_000)), running("uv", Some(1_000)), queued("a"), queued("b"), queued("c")];
        announce(&mut rows);
        assert_eq!(rows.map(|row| row.note), ["", "", "after uv", "after go", ""]);
        let mut rows = [running("go", None), queued("a"), queued("b")];
        announce(&mut rows);
        assert_eq!(rows.map(|row| row.note), ["", "next", ""]);
    }

    #[test]
    fn services_stand_above_other_work_and_parts_below_the_work_that_they_are_of() {
        let row = |slot: u32, kind: &str, parent: Option<u32>| SlotRow {
            slot,
            parent,
            is_part: parent.is_some(),
            is_service: kind == "service",
            ..SlotRow::default()
        };
        let rows = [
            row(0, "task", None),
            row(1, "service", None),
            row(2, "service", None),
            row(3, "task", Some(0)),
            row(4, "build", Some(1)),
            row(5, "task", Some(99)),
        ];
        assert_eq!(Sort::Planned.order(&rows, ""), [1, 4, 2, 0, 3, 5]);
    }

    #[test]
    fn sorting_keeps_the_boards_order_among_equals() {
        let row = |tool: &str, standing| SlotRow { tool: tool.to_owned(), standing, ..SlotRow::default() };
        let rows = [
            row("b", Standing::Done),
            row("a", Standing::Running),
            row("c", Standing::Done),
            row("d", Standing::Failed),
        ];
        assert_eq!(Sort::Planned.order(&rows, ""), [0, 1, 2, 3]);
        assert_eq!(Sort::Name.order(&rows, ""), [1, 0, 2, 3]);
        assert_eq!(Sort::Standing.order(&rows, ""), [3, 1, 0, 2]);
        assert_eq!(Sort::Planned.order(&rows, "DONE"), [0, 2]);
    }
}
