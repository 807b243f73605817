//! The time left, from the durations of earlier runs, corrected by the rates of this one. Pure; better no estimate than
//! a wrong one.
//!
//! The remaining work of a tool is the rest of its present phase plus the earlier durations of its later phases. The
//! rest of a download is its missing bytes at the earlier rate, weighted more and more towards the measured one. The
//! ratio of today's rates to the earlier ones also applies to downloads that have not begun. Then the work is simulated
//! as the run will do it: a fixed number of tools at once, in the board's order.

mod by_bytes;
mod forecast;
mod share;
mod simulation;

use crate::vocabulary::{Phase, Phases, begun, is_placing, sized_in_bytes};
use vx_shm::{BoardState, SlotView, Snapshot};

use crate::pace::SlotRate;
use crate::slot::{cached_bytes, download_entry, received_bytes};
use crate::source::Expectations;
use crate::standing::Standing;
use forecast::Forecast;
use simulation::{RemainingWork, last_end_ms};

/// A rate measured for this long replaces the earlier one entirely: without earlier installs, it would do alone.
const FULL_WEIGHT_MS: u64 = LEAST_MEASURED_MS;
/// Without earlier installs, a rate measured for less than this gives no estimate.
const LEAST_MEASURED_MS: u64 = 2_000;
/// A longer estimate is not shown.
const LONGEST_LEFT_MS: u64 = 24 * 3600 * 1000;
/// For this long after the start of a run, the number of tools at work may still be growing.
const STARTING_MS: u64 = 1_500;
/// Number of tools at work at once if no earlier run is known in which some had to wait.
const AT_ONCE: usize = 16;

/// A time left, and the number of earlier installs behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// At least one.
    pub ms: u64,
    /// Number of earlier installs of the tool with the fewest; zero if a tool is estimated from its rate alone.
    pub runs: u32,
}

/// The time left, for a board and for each of its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Time until the last tool ends.
    pub whole: Option<TimeLeft>,
    /// Time until each slot's tool ends, in milliseconds, in the order of the slots; only for those at work.
    pub each: Vec<Option<u64>>,
    /// Share of the work that is done, in thousandths.
    pub permille: u16,
}

impl Estimate {
    /// Estimate from this reading; `paces` are in the order of its slots.
    pub fn from_snapshot(snapshot: &Snapshot, paces: &[SlotRate], expectations: &Expectations) -> Self {
        let standings: Vec<Standing> = snapshot.slots.iter().map(Standing::from_slot).collect();
        let forecasts: Vec<Option<Forecast>> =
            snapshot.slots.iter().map(|slot| Forecast::for_slot(slot, expectations)).collect();
        let pace_at = |place: usize| paces.get(place).copied().unwrap_or_default();
        let current = CurrentRates::from_snapshot(snapshot, &standings, &forecasts, pace_at);
        let rests: Vec<Option<u64>> = (0..snapshot.slots.len())
            .map(|place| {
                let slot = &snapshot.slots[place];
                rest_ms(
                    slot,
                    standings[place],
                    forecasts[place].as_ref(),
                    pace_at(place),
                    &current,
                    snapshot.taken_at_ns,
                )
            })
            .collect();
        let each = rests.iter().zip(&standings).map(|(rest, standing)| match standing {
            // A rest of zero would show as "about to end" for as long as the tool is late; show nothing.
            Standing::Running | Standing::Slow => rest.filter(|rest| *rest > 0).and_then(shown_ms),
            _ => None,
        });
        let each: Vec<Option<u64>> = each.collect();
        let whole = match by_bytes::is_too_early(snapshot, &standings, &forecasts) {
            true => None,
            false => whole_ms(snapshot, &standings, &rests, expectations).or_else(|| {
                let left = by_bytes::left_ms(snapshot, &standings, &forecasts, paces)?;
                // The whole can't end before one of its parts.
                Some(each.iter().flatten().fold(left, |left, part| left.max(*part)))
            }),
        };
        let permille = share::whole_permille(snapshot, &standings, &forecasts);
        let unfinished = forecasts.iter().zip(&standings).filter(|(_, standing)| !standing.over());
        let runs = unfinished.map(|(forecast, _)| forecast.as_ref().map_or(0, |forecast| forecast.runs)).min();
        let whole = whole.and_then(told_ms).map(|ms| TimeLeft { ms, runs: runs.unwrap_or_default() });
        Self { whole, each, permille }
    }
}

/// A time in whole seconds, at least one, as it is shown; `None` beyond [`LONGEST_LEFT_MS`].
fn shown_ms(ms: u64) -> Option<u64> {
    told_ms(ms).map(in_seconds)
}

/// At least one millisecond, since the end is still to come; `None` beyond [`LONGEST_LEFT_MS`].
fn told_ms(ms: u64) -> Option<u64> {
    (ms < LONGEST_LEFT_MS).then_some(ms.max(1))
}

/// The nearest whole seconds, at least one, in milliseconds.
pub fn in_seconds(ms: u64) -> u64 {
    (ms.saturating_add(500) / 1000).max(1).saturating_mul(1000)
}

/// The rates of this run's downloads, finished ones included, compared with those of earlier runs.
struct CurrentRates {
    /// Sum of the measured rates divided by the sum of the earlier ones, over downloads for which both are known.
    factor: f64,
    /// Weight of `factor`, from 0 to 1.
    weight: f64,
    /// Mean rate of the downloads measured long enough, in bytes per millisecond.
    each: Option<f64>,
}

impl CurrentRates {
    fn from_snapshot(
        snapshot: &Snapshot,
        standings: &[Standing],
        forecasts: &[Option<Forecast>],
        pace_at: impl Fn(usize) -> SlotRate,
    ) -> Self {
        let (mut measured, mut before, mut weight) = (0.0, 0.0, 0.0_f64);
        let (mut sum, mut count) = (0.0, 0.0);
        for (place, slot) in snapshot.slots.iter().enumerate() {
            let pace = pace_at(place);
            let moving = slot.phase().is_main() && sized_in_bytes(slot) && standings[place].at_work();
            let now = pace.bytes_per_second.filter(|rate| *rate > 0 && moving);
            let now = now.map(|rate| (rate as f64 / 1000.0, pace.measured_ms));
            if let Some((rate, _)) = now.filter(|(_, measured_ms)| *measured_ms >= LEAST_MEASURED_MS) {
                sum += rate;
                count += 1.0;
            }
            let known = forecasts[place].as_ref().and_then(|forecast| forecast.bytes_per_ms);
            if let (Some((rate, measured_ms)), Some(known)) = (now.or_else(|| over(slot)), known) {
                // Weigh a rate by the time over which it was measured: the first moments say little.
                let own = weight_of(measured_ms);
                measured += own * rate;
                before += own * known;
                weight = weight.max(own);
            }
        }
        let factor = if before > 0.0 && measured > 0.0 { (measured / before).clamp(0.01, 100.0) } else { 1.0 };
        Self { factor, weight, each: (count > 0.0).then(|| sum / count) }
    }

    /// The time for `bytes` that earlier arrived at `before` bytes per millisecond.
    fn download_ms(&self, bytes: f64, before: Option<f64>) -> Option<f64> {
        match before {
            Some(before) => Some(bytes / before * (1.0 - self.weight + self.weight / self.factor)),
            None => self.each.map(|each| bytes / each),
        }
    }
}

/// The weight of a measured rate against the earlier one, from 0 to 1.
fn weight_of(measured_ms: u64) -> f64 {
    measured_ms.min(FULL_WEIGHT_MS) as f64 / FULL_WEIGHT_MS as f64
}

/// The rate of a finished download of this run, in bytes per millisecond, and its duration in milliseconds.
fn over(slot: &SlotView) -> Option<(f64, u64)> {
    let bytes = received_bytes(slot).filter(|_| slot.phase() > Phase::DOWNLOADING)?;
    let bytes = bytes.checked_sub(cached_bytes(slot)).filter(|bytes| *bytes > 0)?;
    let began = download_entry(slot)?.entered_at_ns;
    let left = slot.phases().map(|entry| entry.entered_at_ns).filter(|entered| *entered > began).min();
    let ms = left?.saturating_sub(began) / 1_000_000;
    (ms > 0).then(|| (bytes as f64 / ms as f64, ms))
}

/// The remaining work of a slot, in milliseconds; `None` if it would be a guess.
fn rest_ms(
    slot: &SlotView,
    standing: Standing,
    forecast: Option<&Forecast>,
    pace: SlotRate,
    current: &CurrentRates,
    now_ns: u64,
) -> Option<u64> {
    if standing.over() {
        return Some(0);
    }
    if matches!(standing, Standing::Stalled | Standing::Silent) {
        return None;
    }
    let begun = begun(slot) && slot.phase().meaning().work;
    let present = if begun { present_ms(slot, forecast, pace, current, now_ns)? } else { 0.0 };
    let later = |phase: &Phase| !begun || *phase > slot.phase() && !is_placing(slot);
    let mut rest = present;
    for phase in Phase::OF_INSTALL.iter().copied().filter(later) {
        rest += match (phase, forecast) {
            (Phase::DOWNLOADING, forecast) => {
                let announced =
                    slot.total.filter(|total| *total > 0 && slot.phase().is_first() && sized_in_bytes(slot));
                let bytes = announced.or(forecast.map(|forecast| forecast.bytes))?;
                if bytes == 0 {
                    0.0
                } else {
                    current.download_ms(bytes as f64, forecast.and_then(|o| o.bytes_per_ms))?
                }
            }
            (_, Some(forecast)) => forecast.phase_ms(phase),
            (_, None) => 0.0,
        };
    }
    whole_number(rest)
}

/// The rest of the slot's present phase.
fn present_ms(
    slot: &SlotView,
    forecast: Option<&Forecast>,
    pace: SlotRate,
    current: &CurrentRates,
    now_ns: u64,
) -> Option<f64> {
    if slot.phase().is_main() {
        return downloading_ms(slot, forecast, pace, current);
    }
    if let Some(ms) = counted_ms(slot, pace) {
        return Some(ms);
    }
    let Some(forecast) = forecast else {
        // A post-install command may take any time; the other phases are short compared with the download.
        return (slot.phase() != Phase::POST_INSTALL).then_some(0.0);
    };
    let expected = forecast.phase_ms(slot.phase());
    let entered = slot.phases().filter(|entry| entry.phase == slot.phase()).map(|entry| entry.entered_at_ns).max();
    let passed = now_ns.saturating_sub(entered.unwrap_or(now_ns)) as f64 / 1e6;
    // At twice the earlier duration, earlier runs no longer predict this one.
    (passed <= expected * 2.0 + 1_000.0).then_some((expected - passed).max(0.0))
}

/// The rest of a download.
fn downloading_ms(slot: &SlotView, forecast: Option<&Forecast>, pace: SlotRate, current: &CurrentRates) -> Option<f64> {
    let announced = slot.total.filter(|total| *total > 0);
    let size = announced.or(forecast.map(|forecast| forecast.bytes));
    let missing = size?.checked_sub(slot.done)? as f64;
    let measured = pace.per_ms();
    let known = forecast.and_then(|forecast| forecast.bytes_per_ms);
    match (measured, known) {
        (Some(0.0), _) if pace.measured_ms >= LEAST_MEASURED_MS => None,
        (Some(rate), Some(_)) if rate > 0.0 => {
            let weight = weight_of(pace.measured_ms);
            Some(current.download_ms(missing, known)? * (1.0 - weight) + missing / rate * weight)
        }
        (Some(rate), None) if rate > 0.0 && pace.measured_ms >= LEAST_MEASURED_MS => Some(missing / rate),
        (_, Some(_)) => current.download_ms(missing, known),
        _ => None,
    }
}

/// The rest of another counting phase, from its own rate.
fn counted_ms(slot: &SlotView, pace: SlotRate) -> Option<f64> {
    let rate = pace.per_ms().filter(|rate| *rate > 0.0 && pace.measured_ms >= LEAST_MEASURED_MS)?;
    let missing = slot.total?.checked_sub(slot.done)?;
    Some(missing as f64 / rate)
}

/// The time in whole milliseconds; `None` if it is not finite or out of range.
fn whole_number(ms: f64) -> Option<u64> {
    (ms.is_finite() && (0.0..=LONGEST_LEFT_MS as f64).contains(&ms)).then_some(ms as u64)
}

/// The time until the last tool ends.
fn whole_ms(
    snapshot: &Snapshot,
    standings: &[Standing],
    rests: &[Option<u64>],
    expectations: &Expectations,
) -> Option<u64> {
    let board = &snapshot.board;
    let orphaned = board.creator.alive == Some(false);
    if board.state != BoardState::Running || orphaned || standings.iter().all(|standing| standing.over()) {
        return None;
    }
    let mut work = Vec::new();
    for (place, slot) in snapshot.slots.iter().enumerate().filter(|(place, _)| !standings[*place].over()) {
        let after = match standings[place] {
            Standing::Waiting => Some(awaited(slot, snapshot)?),
            _ => None,
        };
        let begun = standings[place].at_work();
        work.push(RemainingWork { place, rest_ms: rests[place]?, begun, after });
    }
    last_end_ms(&work, at_once(snapshot, standings, expectations))
}

/// The slot of this board that `slot` waits for; `None` for work on another board, whose end can't be estimated.
fn awaited(slot: &SlotView, snapshot: &Snapshot) -> Option<usize> {
    let other = slot.waits_for.as_ref().filter(|other| other.board_id == snapshot.board.id)?;
    snapshot.slots.iter().position(|slot| (slot.index, slot.generation) == (other.slot, other.generation))
}

/// Number of tools at work at once: the present number, once the start is over.
fn at_once(snapshot: &Snapshot, standings: &[Standing], expectations: &Expectations) -> usize {
    let at_work = standings.iter().filter(|standing| standing.at_work()).count();
    let age_ms = snapshot.taken_at_ns.saturating_sub(snapshot.board.created_at_ns) / 1_000_000;
    let before = expectations.at_once.map_or(AT_ONCE, |count| usize::try_from(count).unwrap_or(AT_ONCE));
    if at_work > 0 && age_ms >= STARTING_MS { at_work } else { before.max(at_work).max(1) }
}

#[cfg(test)]
mod tests;
