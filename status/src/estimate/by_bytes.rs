//! The time left of a run without earlier ones, from its missing bytes, once some have arrived.
//!
//! The sizes are known from the start, since the plan has them. Until a tenth of all bytes has arrived, their rate says
//! nothing; and if the end of any work does not depend on bytes, there is no estimate.

use vx_shm::{BoardState, SlotView, Snapshot};

use super::forecast::Forecast;
use crate::pace::SlotRate;
use crate::received::download;
use crate::slot::download_entry;
use crate::standing::Standing;
use crate::vocabulary::{Phase, Phases, sized_in_bytes};

/// One in this many of all bytes has to be received.
const LEAST_PART: u64 = 10;
/// Least time since the first download began.
const LEAST_MS: u64 = 300;

/// The bytes of a board.
struct BoardBytes {
    received: u64,
    all: u64,
}

/// The board's bytes; `None` while a size is neither known nor expected.
fn bytes(snapshot: &Snapshot, standings: &[Standing], forecasts: &[Option<Forecast>]) -> Option<BoardBytes> {
    let mut sum = BoardBytes { received: 0, all: 0 };
    for ((slot, standing), forecast) in snapshot.slots.iter().zip(standings).zip(forecasts) {
        let (received, all) = download(slot, *standing);
        sum.received = sum.received.saturating_add(received);
        sum.all = sum.all.saturating_add(all.or(forecast.as_ref().map(|forecast| forecast.bytes))?);
    }
    Some(sum)
}

/// Returns whether some work was never done before and less than a tenth of its bytes is received: no rate of this run
/// is worth an estimate then.
pub(super) fn is_too_early(snapshot: &Snapshot, standings: &[Standing], forecasts: &[Option<Forecast>]) -> bool {
    let (mut new, mut received_new, mut all_new) = (false, 0_u64, 0_u64);
    for ((slot, standing), forecast) in snapshot.slots.iter().zip(standings).zip(forecasts) {
        if forecast.is_none() {
            let (received, all) = download(slot, *standing);
            let Some(all) = all else { return true };
            (received_new, all_new) = (received_new.saturating_add(received), all_new.saturating_add(all));
            new |= !standing.over();
        }
    }
    new && received_new < all_new / LEAST_PART
}

/// The time for the missing bytes, at the present rates or else at the run's mean rate so far.
pub(super) fn left_ms(
    snapshot: &Snapshot,
    standings: &[Standing],
    forecasts: &[Option<Forecast>],
    paces: &[SlotRate],
) -> Option<u64> {
    // Earlier runs of all tools say more than bytes do.
    if !any_new(standings, forecasts) {
        return None;
    }
    let unfinished = || snapshot.slots.iter().zip(standings).filter(|(_, standing)| !standing.over());
    if snapshot.board.state != BoardState::Running || snapshot.board.creator.alive == Some(false) {
        return None;
    }
    if unfinished().next().is_none() || !unfinished().all(|(slot, standing)| depends_on_bytes(slot, *standing)) {
        return None;
    }
    let bytes = bytes(snapshot, standings, forecasts)?;
    let missing = bytes.all.checked_sub(bytes.received).filter(|missing| *missing > 0)?;
    // Many small downloads are over before they are measured, so a sum without them is not the rate of the whole.
    let mut at_work = paces.iter().zip(snapshot.slots.iter().zip(standings));
    let is_unmeasured = |(pace, (slot, standing)): (&SlotRate, (&SlotView, &Standing))| {
        standing.at_work() && slot.phase().is_main() && pace.bytes_per_second.is_none()
    };
    let measured = paces.iter().filter_map(|pace| pace.bytes_per_second).fold(0, u64::saturating_add);
    if measured > 0 && !at_work.any(is_unmeasured) {
        return Some((u128::from(missing) * 1_000 / u128::from(measured)).min(u128::from(u64::MAX)) as u64);
    }
    let began = snapshot.slots.iter().filter_map(|slot| download_entry(slot).map(|entry| entry.entered_at_ns)).min()?;
    let passed_ms = snapshot.taken_at_ns.saturating_sub(began) / 1_000_000;
    let left = u128::from(missing) * u128::from(passed_ms) / u128::from(bytes.received.max(1));
    (passed_ms >= LEAST_MS && bytes.received > 0).then_some(left.min(u128::from(u64::MAX)) as u64)
}

/// Returns whether any unfinished work was never done before.
fn any_new(standings: &[Standing], forecasts: &[Option<Forecast>]) -> bool {
    forecasts.iter().zip(standings).any(|(forecast, standing)| forecast.is_none() && !standing.over())
}

/// Returns whether the rest of this work depends on bytes: its download, and the short steps right after it.
fn depends_on_bytes(slot: &SlotView, standing: Standing) -> bool {
    let moves = matches!(standing, Standing::Queued | Standing::Running | Standing::Slow);
    moves && sized_in_bytes(slot) && slot.phase() != Phase::POST_INSTALL
}
