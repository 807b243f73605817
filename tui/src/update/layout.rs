//! Keeps the table's columns and its time axis up to date.

use vx_shm::Snapshot;
use vx_status::slot::ran_from_ns;

use crate::model::{Axis, AxisTimes, Columns, Model, TableStage};

/// This much of the past is shown for services, which have no expected end.
const WINDOW_NS: u64 = 300_000_000_000;

/// Bring columns and axis up to date with the rows, the size and the time.
pub(super) fn lay_out(model: &mut Model) {
    let width = model.areas().table.width;
    let stage = match model.is_over() {
        false => TableStage::Running,
        true if model.expectations.tools.is_empty() => TableStage::Over,
        true => TableStage::OverAsBefore,
    };
    model.columns = Columns::for_width(width, model.kinds, stage, model.longest);
    let lane = model.columns.lane;
    let from = |whole| Axis::for_times(times(model, whole), lane, model.axis);
    let (part, whole) = (from(false), from(true));
    model.has_long_time = !model.columns.bar && !part.begins_with(&whole);
    model.axis = if model.whole_axis { whole } else { part };
}

/// The times to show: of the work in progress, or the whole run.
fn times(model: &Model, whole: bool) -> AxisTimes {
    let snapshot = &model.snapshot;
    let zero_ns = zero_ns(snapshot);
    let last_ns = model.playback.map(|at| zero_ns.saturating_add(at.length_ms.saturating_mul(1_000_000)));
    if model.is_over() {
        let end_ns = zero_ns.saturating_add(model.totals.elapsed_ms.saturating_mul(1_000_000));
        return AxisTimes { zero_ns, first_ns: zero_ns, now_ns: None, reach_ns: last_ns.unwrap_or(end_ns).max(end_ns) };
    }
    let now_ns = snapshot.taken_at_ns.max(zero_ns);
    let left_ms = model.rows.iter().filter_map(|row| row.left_ms).max().unwrap_or_default();
    let expected_ns = now_ns.saturating_add(left_ms.saturating_mul(1_000_000));
    let first_ns = if whole { zero_ns } else { first_ns(model, zero_ns, now_ns) };
    AxisTimes { zero_ns, first_ns, now_ns: Some(now_ns), reach_ns: last_ns.unwrap_or_default().max(expected_ns) }
}

/// The creation of the board; if that is unknown, the beginning of its first work.
fn zero_ns(snapshot: &Snapshot) -> u64 {
    match snapshot.board.created_at_ns {
        0 => snapshot.slots.iter().filter_map(ran_from_ns).min().unwrap_or(snapshot.taken_at_ns),
        created_ns => created_ns.min(snapshot.taken_at_ns),
    }
}

/// The first moment to show: if not all rows are in view, the beginning of the oldest row at work.
fn first_ns(model: &Model, zero_ns: u64, now_ns: u64) -> u64 {
    let at_work = || model.rows.iter().zip(&model.snapshot.slots).filter(|(row, _)| row.standing.at_work());
    if at_work().any(|(row, _)| row.is_service) {
        return now_ns.saturating_sub(WINDOW_NS).max(zero_ns);
    }
    if model.order.len() <= model.areas().table_rows() {
        return zero_ns;
    }
    at_work().filter_map(|(_, slot)| ran_from_ns(slot)).min().unwrap_or(zero_ns).clamp(zero_ns, now_ns)
}
