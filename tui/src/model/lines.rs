//! The lines of the table: every row if all fit; else what needs attention first, and the rest folded.
//!
//! While all rows fit, they keep their order, except that a row moves to the top while it waits for a person. If they
//! don't fit, rows that wait for a person come first, then failed ones, stalled ones, those at work, and the next few
//! in the queue. Each group of the others becomes one line, which can be unfolded. Failures never crowd out work in
//! progress: only the newest are shown.

use vx_status::slot::SlotId;
use vx_status::standing::Standing;

use super::SlotRow;

/// Number of queued rows that are shown before the others are folded.
const NEXT_QUEUED: usize = 3;

/// Rows that are folded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoldGroup {
    Bad,
    Queued,
    Over,
}

/// The groups that are not folded, because the user wants to see their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unfolded {
    pub(crate) bad: bool,
    pub(crate) queued: bool,
    pub(crate) over: bool,
}

impl Unfolded {
    pub(crate) fn any(self) -> bool {
        self.bad || self.queued || self.over
    }

    pub(crate) fn unfold(&mut self, group: FoldGroup) {
        match group {
            FoldGroup::Bad => self.bad = true,
            FoldGroup::Queued => self.queued = true,
            FoldGroup::Over => self.over = true,
        }
    }
}

/// One line of the table. Rows are indices into the model's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TableLine {
    Row(usize),
    Fold {
        group: FoldGroup,
        /// Folded rows; rows that are over or failed have the newest first.
        rows: Vec<usize>,
        /// Other rows of the same group are shown.
        more: bool,
    },
}

impl TableLine {
    pub(crate) fn row(&self) -> Option<usize> {
        match self {
            Self::Row(row) => Some(*row),
            Self::Fold { .. } => None,
        }
    }

    pub(crate) fn group(&self) -> Option<FoldGroup> {
        match self {
            Self::Row(_) => None,
            Self::Fold { group, .. } => Some(*group),
        }
    }
}

/// Arrange these rows as lines for a table with this much room; the row of `selected` is never folded.
pub(crate) fn lines(
    rows: &[SlotRow],
    order: &[usize],
    room: usize,
    unfolded: Unfolded,
    selected: Option<SlotId>,
) -> Vec<TableLine> {
    if order.len() <= room {
        return order.iter().copied().map(TableLine::Row).collect();
    }
    let standing = |row: &usize| rows[*row].standing;
    let of = |wanted: fn(Standing) -> bool| -> Vec<usize> {
        order.iter().copied().filter(|row| wanted(standing(row))).collect()
    };
    let mut bad = of(Standing::bad);
    let mut first = of(|standing| standing.at_work() && standing != Standing::Running);
    first.extend(of(|standing| standing == Standing::Running));
    let (asking, first): (Vec<usize>, Vec<usize>) = first.into_iter().partition(|row| rows[*row].asks);
    let room = room.saturating_sub(asking.len());
    let queued = of(|standing| standing == Standing::Queued);
    let mut over = of(|standing| standing.over() && !standing.bad());
    let newest_first = |row: &usize| std::cmp::Reverse(rows[*row].ended_at_ns);
    over.sort_by_key(newest_first);
    let folds = usize::from(!queued.is_empty()) + usize::from(!over.is_empty());
    let crowded = bad.len() + first.len() + folds > room && !first.is_empty();
    let failed = match crowded && !unfolded.bad {
        true => {
            bad.sort_by_key(newest_first);
            room.saturating_sub(first.len().min(room / 2) + folds + 1).max(1).min(bad.len())
        }
        false => bad.len(),
    };
    let spare = room.saturating_sub(failed + usize::from(failed < bad.len()) + first.len() + folds);
    let next = if unfolded.queued { queued.len() } else { queued.len().min(NEXT_QUEUED).min(spare) };
    let recent = if unfolded.over { over.len() } else { over.len().min(spare.saturating_sub(next)) };
    // Fill empty rows with more of the queue.
    let next = queued.len().min(spare.saturating_sub(recent)).max(next);
    let is_selected = |row: &usize| Some(rows[*row].id) == selected;
    let mut lines: Vec<TableLine> = asking.into_iter().map(TableLine::Row).collect();
    add(&mut lines, FoldGroup::Bad, &bad, failed, is_selected);
    lines.extend(first.into_iter().map(TableLine::Row));
    add(&mut lines, FoldGroup::Queued, &queued, next, is_selected);
    add(&mut lines, FoldGroup::Over, &over, recent, is_selected);
    lines
}

/// Add the first `shown` rows of a group, the selected one, and a line for the rest. A rest of a single row is shown
/// itself.
fn add(
    lines: &mut Vec<TableLine>,
    group: FoldGroup,
    rows: &[usize],
    shown: usize,
    is_selected: impl Fn(&usize) -> bool,
) {
    let (shown, rest) = rows.split_at(shown);
    let (selected, folded): (Vec<usize>, Vec<usize>) = rest.iter().copied().partition(|row| is_selected(row));
    let more = !shown.is_empty() || !selected.is_empty();
    lines.extend(shown.iter().copied().chain(selected).map(TableLine::Row));
    match folded.as_slice() {
        [] => {}
        [row] => lines.push(TableLine::Row(*row)),
        _ => lines.push(TableLine::Fold { group, rows: folded, more }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rows;
    use vx_status::fixture::run;

    /// The lines of a run of `count` tools, in words.
    fn shown(count: u32, room: usize, unfolded: Unfolded) -> Vec<String> {
        let rows = rows(&run(count), &[], &[]);
        let order: Vec<usize> = (0..rows.len()).collect();
        let word = |line: TableLine| match line {
            TableLine::Row(row) => rows[row].standing.word().to_owned(),
            TableLine::Fold { group, rows, more } => format!("{} {group:?} {more}", rows.len()),
        };
        lines(&rows, &order, room, unfolded, None).into_iter().map(word).collect()
    }

    #[test]
    fn rows_that_fit_keep_their_order() {
        assert_eq!(shown(12, 12, Unfolded::default())[..3], ["stalled", "failed", "done"]);
    }

    #[test]
    fn with_less_room_what_needs_an_eye_comes_first_and_the_rest_is_folded() {
        let expected = [
            vec!["failed", "stalled"],
            vec!["running"; 8],
            vec!["queued", "queued", "queued", "123 Queued true", "done", "63 Over true"],
        ];
        assert_eq!(shown(200, 16, Unfolded::default()), expected.concat());
        let few = shown(200, 5, Unfolded::default());
        assert_eq!((few.len(), few[9].as_str(), few[10].as_str()), (12, "running", "126 Queued false"));
    }

    #[test]
    fn an_unfolded_group_is_shown_whole_and_a_single_row_is_never_folded() {
        let unfolded = Unfolded { over: true, ..Unfolded::default() };
        let lines = shown(64, 16, unfolded);
        assert_eq!(lines.iter().filter(|line| *line == "done").count(), 19);
        assert_eq!(lines.last().map(String::as_str), Some("done"));
        assert!(shown(13, 12, Unfolded::default()).iter().all(|line| !line.contains("1 ")));
    }

    #[test]
    fn many_failures_leave_room_for_what_runs_and_the_newest_are_shown() {
        let mut rows = rows(&run(200), &[], &[]);
        let queued: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].standing == Standing::Queued).collect();
        for (second, row) in (0u64..).zip(&queued[..20]) {
            (rows[*row].standing, rows[*row].ended_at_ns) = (Standing::Failed, Some(900_000_000_000 + second));
        }
        let order: Vec<usize> = (0..rows.len()).collect();
        let shown = lines(&rows, &order, 8, Unfolded::default(), None);
        assert_eq!(shown[0], TableLine::Row(queued[19]), "the newest");
        assert!(
            matches!(&shown[1], TableLine::Fold { group: FoldGroup::Bad, rows, .. } if rows.len() == 20),
            "{shown:?}"
        );
        let busy = shown[..8].iter().filter_map(TableLine::row).filter(|row| rows[*row].standing.at_work());
        assert!(busy.count() >= 4, "{shown:?}");
        let unfolded = Unfolded { bad: true, ..Unfolded::default() };
        assert!(lines(&rows, &order, 8, unfolded, None).iter().all(|line| line.group() != Some(FoldGroup::Bad)));
        let all = lines(&rows, &order, 60, Unfolded::default(), None);
        assert!(all.iter().all(|line| line.group() != Some(FoldGroup::Bad)), "there is room for all");
    }

    #[test]
    fn the_queue_takes_the_rows_that_nothing_else_needs() {
        for room in 12..60 {
            // A group that is shown whole needs no line for its rest.
            assert!(shown(64, room, Unfolded::default()).len() + 1 >= room, "{room}");
        }
    }

    #[test]
    fn the_selected_row_is_never_folded() {
        let rows = rows(&run(200), &[], &[]);
        let order: Vec<usize> = (0..rows.len()).collect();
        let selected = lines(&rows, &order, 12, Unfolded::default(), Some(rows[150].id));
        assert!(selected.contains(&TableLine::Row(150)));
        assert!(!lines(&rows, &order, 12, Unfolded::default(), None).contains(&TableLine::Row(150)));
    }
}
