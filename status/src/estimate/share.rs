//! The share of the whole that is done: the mean over the slots, each by the time that it is expected to take.
//!
//! With earlier runs, a slot's own share is measured by time; without, by the weights of its steps. Skipped work does
//! not count.

use crate::standing::Standing;
use crate::vocabulary::{Phase, PhaseEntry, Phases, begun, is_placing};
use vx_shm::{SlotView, Snapshot};

use super::forecast::Forecast;

/// A step without numbers counts as done for at most this part of its expected time while it goes on.
const MOST_BY_TIME: f64 = 0.95;

/// The share of a board's work that is done, in thousandths; zero for an empty board.
pub(super) fn whole_permille(snapshot: &Snapshot, standings: &[Standing], forecasts: &[Option<Forecast>]) -> u16 {
    let counts = |place: &usize| standings[*place] != Standing::Skipped;
    let places: Vec<usize> = (0..snapshot.slots.len()).filter(counts).collect();
    if places.is_empty() {
        return if snapshot.slots.is_empty() { 0 } else { 1000 };
    }
    let expected = |place: usize| forecasts[place].as_ref().map(|forecast| forecast.whole_ms().max(1.0));
    let known: Vec<f64> = places.iter().filter_map(|place| expected(*place)).collect();
    // Work that was never done before weighs as much as the mean of the rest.
    let usual = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    let (mut done, mut all) = (0.0, 0.0);
    for place in places {
        let weight = expected(place).unwrap_or(usual);
        let (slot, forecast) = (&snapshot.slots[place], forecasts[place].as_ref());
        done += weight * share(slot, standings[place], forecast, snapshot.taken_at_ns);
        all += weight;
    }
    // The share reaches 1000 only once all work is over.
    let permille = (done / all * 1000.0).floor();
    if standings.iter().all(|standing| standing.over() && *standing != Standing::Lost) {
        1000
    } else {
        permille.min(999.0) as u16
    }
}

/// The share of one slot's work that is done, from 0 to 1. Lost work keeps the share it had reached.
fn share(slot: &SlotView, standing: Standing, forecast: Option<&Forecast>, now_ns: u64) -> f64 {
    if standing.over() && standing != Standing::Lost {
        return 1.0;
    }
    if !begun(slot) {
        return 0.0;
    }
    let counted = slot.total.filter(|total| *total > 0 && !slot.phase().is_first() && !is_placing(slot));
    let counted = counted.map(|total| (slot.done as f64 / total as f64).min(1.0));
    let Some(forecast) = forecast else {
        if is_placing(slot) {
            return 1.0;
        }
        let (before, own) = slot.phase().shares();
        return (f64::from(before) + f64::from(own) * counted.unwrap_or(0.0)) / 1000.0;
    };
    let is_over = |phase: &&Phase| **phase < slot.phase() || is_placing(slot) && **phase != slot.phase();
    let before: f64 = Phase::OF_INSTALL.iter().filter(is_over).map(|phase| forecast.expected_ms(*phase)).sum();
    let present = forecast.expected_ms(slot.phase());
    let until_ns = if standing == Standing::Lost { slot.last_beat_at_ns.unwrap_or(0) } else { now_ns };
    let by_time = || (passed_ms(slot, until_ns) / present.max(1.0)).min(MOST_BY_TIME);
    (before + present * counted.unwrap_or_else(by_time)) / forecast.whole_ms().max(1.0)
}

/// The time that the slot has been in its present step.
fn passed_ms(slot: &SlotView, until_ns: u64) -> f64 {
    let entered = |entry: PhaseEntry| (entry.phase == slot.phase()).then_some(entry.entered_at_ns);
    let entered = slot.phases().filter_map(entered).max();
    until_ns.saturating_sub(entered.unwrap_or(until_ns)) as f64 / 1e6
}
