//! The durations of a run, read from the last state of its board.

use vx_shm::{Kind, SlotState, SlotView, Snapshot};
use vx_status::slot::cached_bytes;
use vx_status::source::PastInstall;
use vx_status::vocabulary::{Phase, PhaseEntry, Phases};

use super::document::HistoryRun;

/// Read the durations of a run; `None` if nothing was installed.
pub(super) fn run_durations(last: &Snapshot) -> Option<HistoryRun> {
    let done = |slot: &&SlotView| slot.state == SlotState::Done && slot.kind == Kind::Install && !slot.key.is_empty();
    let tools: Vec<(String, PastInstall)> =
        last.slots.iter().filter(done).filter_map(|slot| Some((slot.key.clone(), install(slot)?))).collect();
    (!tools.is_empty()).then(|| HistoryRun { at_once: at_once(last), tools })
}

/// A download counts only if at least one byte in this many came over the wire: the rate of a few last bytes says
/// nothing about a whole archive.
const LEAST_PART: u64 = 4;

/// Read the durations of one install; `None` if the board does not have them, or most of its archive lay in the cache.
fn install(slot: &SlotView) -> Option<PastInstall> {
    let entries = in_order(slot);
    let ends = entries.iter().skip(1).map(|entry| entry.entered_at_ns).chain([slot.ended_at_ns?]);
    let phases = entries.iter().zip(ends).filter(|(entry, _)| is_work(entry.phase));
    let phases = phases.map(|(entry, end)| (entry.phase, end.saturating_sub(entry.entered_at_ns) / 1_000_000));
    let mut sums: Vec<(Phase, u64)> = Vec::new();
    for (phase, ms) in phases {
        match sums.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, sum)) => *sum = sum.saturating_add(ms), // Entered twice.
            None => sums.push((phase, ms)),
        }
    }
    let bytes = entries.iter().filter(|entry| entry.phase == Phase::DOWNLOADING).map(|entry| entry.done).sum();
    let received = u64::saturating_sub(bytes, cached_bytes(slot));
    if received < bytes / LEAST_PART {
        return None;
    }
    // A resumed download is recorded with the time that the whole would have taken.
    if let Some((_, ms)) = sums.iter_mut().find(|(phase, _)| *phase == Phase::DOWNLOADING && received < bytes) {
        *ms = u64::try_from(u128::from(*ms) * u128::from(bytes) / u128::from(received.max(1))).unwrap_or(u64::MAX);
    }
    (!sums.is_empty()).then(|| PastInstall { version: slot.version.clone(), bytes, phases: sums })
}

fn in_order(slot: &SlotView) -> Vec<PhaseEntry> {
    slot.phases().collect()
}

/// Returns whether a phase would take as long again. Waiting wouldn't: it depends on other processes.
fn is_work(phase: Phase) -> bool {
    !matches!(phase, Phase::QUEUED | Phase::WAITING)
}

/// Count the most installs that were at work at once; `None` if all of them were.
fn at_once(last: &Snapshot) -> Option<u32> {
    let mut changes = Vec::new();
    for slot in &last.slots {
        let began = in_order(slot).into_iter().find(|entry| entry.phase != Phase::QUEUED);
        if let (Some(began), Some(ended)) = (began, slot.ended_at_ns) {
            changes.extend([(began.entered_at_ns, 1i64), (ended.max(began.entered_at_ns), -1)]);
        }
    }
    let worked = changes.len() / 2;
    // At the same instant an end sorts before a start: it may be what made room for it.
    changes.sort_unstable();
    let mut now = 0;
    let most = changes.into_iter().map(|(_, by)| {
        now += by;
        now
    });
    let most = most.max().and_then(|most| u32::try_from(most).ok()).filter(|most| *most > 0)?;
    (usize::try_from(most).is_ok_and(|most| most < worked)).then_some(most)
}
