//! How long still: what earlier runs took, corrected by what is seen of this one. Pure; no estimate rather than a
//! wrong one.
//!
//! Each tool's remaining work is the rest of its present phase and what its later phases took before. A download's rest
//! is its missing bytes at the rate of before, then more and more at the measured one; how much faster or slower
//! today's downloads are than those of before also counts for those that have not begun. Then the work is played
//! through as the run will do it: so many at once, in the board's order.

mod outlook;
mod turns;

use vx_shm::{BoardState, Phase, SlotState, SlotView, Snapshot};

use super::rows::{Pace, Row};
use super::standing::Standing;
use crate::source::Expectations;
use outlook::Outlook;
use turns::{Work, last_end_ms};

/// A rate measured this long is believed more than the past.
const BELIEVED_MS: u64 = 4_000;
/// Without a past, less than this is too short a time to foretell from.
const FORETELL_MS: u64 = 2_000;
/// Nobody believes a longer one.
const LONGEST_LEFT_MS: u64 = 24 * 3600 * 1000;
/// Until so long after the run began, fewer may be at work than will be.
const STARTING_MS: u64 = 1_500;
/// How many are at work at once where no run is known that had to leave some behind.
const AT_ONCE: usize = 16;

/// A time left, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLeft {
    /// Whole seconds, at least one.
    pub(crate) ms: u64,
    /// How many earlier installs are known of the tool that is known least; zero where one is foretold by its rate.
    pub(crate) runs: u32,
}

/// How long still, for a board and for each of its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// Until the last tool is through.
    pub(crate) whole: Option<TimeLeft>,
    /// Until each slot's tool is through, in milliseconds, in the order of the slots; only of those at work.
    pub(crate) each: Vec<Option<u64>>,
}

impl Estimate {
    /// The estimate for this reading; `paces` stand in the order of its slots.
    pub(crate) fn of(snapshot: &Snapshot, paces: &[Pace], expectations: &Expectations) -> Self {
        let standings: Vec<Standing> = snapshot.slots.iter().map(Standing::of).collect();
        let outlooks: Vec<Option<Outlook>> =
            snapshot.slots.iter().map(|slot| Outlook::of(slot, expectations)).collect();
        let pace_at = |place: usize| paces.get(place).copied().unwrap_or_default();
        let today = Today::of(snapshot, &standings, &outlooks, pace_at);
        let rests: Vec<Option<u64>> = (0..snapshot.slots.len())
            .map(|place| {
                let slot = &snapshot.slots[place];
                rest_ms(slot, standings[place], outlooks[place].as_ref(), pace_at(place), &today, snapshot.taken_at_ns)
            })
            .collect();
        let each = rests.iter().zip(&standings).map(|(rest, standing)| match standing {
            // Of what should be through by now nobody wants to read that it is about to be.
            Standing::Running | Standing::Slow => rest.filter(|rest| *rest > 0).and_then(shown_ms),
            _ => None,
        });
        let each = each.collect();
        let whole = whole_ms(snapshot, &standings, &rests, expectations).and_then(shown_ms);
        let unfinished = outlooks.iter().zip(&standings).filter(|(_, standing)| !standing.over());
        let runs = unfinished.map(|(outlook, _)| outlook.as_ref().map_or(0, |outlook| outlook.runs)).min();
        Self { whole: whole.map(|ms| TimeLeft { ms, runs: runs.unwrap_or_default() }), each }
    }

    /// Show in each row how long its tool will still take; the rows stand in the order of the slots.
    pub(crate) fn tell(&self, rows: &mut [Row]) {
        for (row, left) in rows.iter_mut().zip(&self.each) {
            row.left_ms = *left;
        }
    }
}

/// In whole seconds, since it is an estimate; none where it is beyond belief.
fn shown_ms(ms: u64) -> Option<u64> {
    (ms < LONGEST_LEFT_MS).then(|| ((ms + 500) / 1000).max(1) * 1000)
}

/// How today's downloads compare with those of before.
struct Today {
    /// Measured rates by those of before, of the downloads of which both are known.
    factor: f64,
    /// How much that is to be believed, from 0 to 1.
    weight: f64,
    /// What one download brings, where any was measured long enough; in bytes per millisecond.
    each: Option<f64>,
}

impl Today {
    fn of(
        snapshot: &Snapshot,
        standings: &[Standing],
        outlooks: &[Option<Outlook>],
        pace_at: impl Fn(usize) -> Pace,
    ) -> Self {
        let (mut measured, mut before, mut weight) = (0.0, 0.0, 0.0_f64);
        let (mut sum, mut count) = (0.0, 0.0);
        for (place, slot) in snapshot.slots.iter().enumerate() {
            let pace = pace_at(place);
            let moving = slot.phase == Phase::Downloading && standings[place].at_work();
            let Some(rate) = pace.bytes_per_second.filter(|rate| *rate > 0 && moving) else { continue };
            let rate = rate as f64 / 1000.0;
            if pace.measured_ms >= FORETELL_MS {
                sum += rate;
                count += 1.0;
            }
            if let Some(known) = outlooks[place].as_ref().and_then(|outlook| outlook.bytes_per_ms) {
                measured += rate;
                before += known;
                weight = weight.max(belief(pace));
            }
        }
        let factor = if before > 0.0 && measured > 0.0 { (measured / before).clamp(0.01, 100.0) } else { 1.0 };
        Self { factor, weight, each: (count > 0.0).then(|| sum / count) }
    }

    /// How long `bytes` take that came at `before` bytes per millisecond.
    fn download_ms(&self, bytes: f64, before: Option<f64>) -> Option<f64> {
        match before {
            Some(before) => Some(bytes / before * (1.0 - self.weight + self.weight / self.factor)),
            None => self.each.map(|each| bytes / each),
        }
    }
}

/// How much a measured rate is to be believed against what is known from before.
fn belief(pace: Pace) -> f64 {
    pace.measured_ms.min(BELIEVED_MS) as f64 / BELIEVED_MS as f64
}

/// How much work is left of a slot, in milliseconds; `None` where that would be a guess.
fn rest_ms(
    slot: &SlotView,
    standing: Standing,
    outlook: Option<&Outlook>,
    pace: Pace,
    today: &Today,
    now_ns: u64,
) -> Option<u64> {
    if standing.over() {
        return Some(0);
    }
    if matches!(standing, Standing::Stalled | Standing::Silent) {
        return None;
    }
    let begun = slot.state == SlotState::Live && !matches!(slot.phase, Phase::Queued | Phase::Waiting);
    let present = if begun { present_ms(slot, outlook, pace, today, now_ns)? } else { 0.0 };
    let later = |phase: &Phase| !begun || *phase > slot.phase;
    let mut rest = present;
    for phase in Phase::ALL.iter().copied().filter(later) {
        rest += match (phase, outlook) {
            (Phase::Downloading, outlook) => {
                let announced = slot.total.filter(|total| *total > 0 && slot.phase == Phase::Queued);
                let bytes = announced.or(outlook.map(|outlook| outlook.bytes))?;
                if bytes == 0 { 0.0 } else { today.download_ms(bytes as f64, outlook.and_then(|o| o.bytes_per_ms))? }
            }
            (_, Some(outlook)) => outlook.phase_ms(phase),
            (_, None) => 0.0,
        };
    }
    whole_number(rest)
}

/// The rest of the phase that the slot is in.
fn present_ms(slot: &SlotView, outlook: Option<&Outlook>, pace: Pace, today: &Today, now_ns: u64) -> Option<f64> {
    if slot.phase == Phase::Downloading {
        return downloading_ms(slot, outlook, pace, today);
    }
    if let Some(ms) = counted_ms(slot, pace) {
        return Some(ms);
    }
    let Some(outlook) = outlook else {
        // A command of the tool's own may take any time; the rest is short beside the download.
        return (slot.phase != Phase::PostInstall).then_some(0.0);
    };
    let expected = outlook.phase_ms(slot.phase);
    let entered = slot.phases.iter().filter(|entry| entry.phase == slot.phase).map(|entry| entry.entered_at_ns).max();
    let passed = now_ns.saturating_sub(entered.unwrap_or(now_ns)) as f64 / 1e6;
    // Twice as long as ever: it is not as before, and nobody knows how it is.
    (passed <= expected * 2.0 + 1_000.0).then_some((expected - passed).max(0.0))
}

/// The rest of a download.
fn downloading_ms(slot: &SlotView, outlook: Option<&Outlook>, pace: Pace, today: &Today) -> Option<f64> {
    let announced = slot.total.filter(|total| *total > 0);
    let size = announced.or(outlook.map(|outlook| outlook.bytes));
    let missing = size?.checked_sub(slot.done)? as f64;
    let measured = pace.bytes_per_second.map(|rate| rate as f64 / 1000.0);
    let known = outlook.and_then(|outlook| outlook.bytes_per_ms);
    match (measured, known) {
        (Some(0.0), _) if pace.measured_ms >= FORETELL_MS => None,
        (Some(rate), Some(_)) if rate > 0.0 => {
            let weight = belief(pace);
            Some(today.download_ms(missing, known)? * (1.0 - weight) + missing / rate * weight)
        }
        (Some(rate), None) if rate > 0.0 && pace.measured_ms >= FORETELL_MS => Some(missing / rate),
        (_, Some(_)) => today.download_ms(missing, known),
        _ => None,
    }
}

/// The rest of another phase that counts, from its own pace.
fn counted_ms(slot: &SlotView, pace: Pace) -> Option<f64> {
    let rate = pace.bytes_per_second.filter(|rate| *rate > 0 && pace.measured_ms >= FORETELL_MS)?;
    let missing = slot.total?.checked_sub(slot.done)?;
    Some(missing as f64 * 1000.0 / rate as f64)
}

/// A length of time as computed; none where it is none.
fn whole_number(ms: f64) -> Option<u64> {
    (ms.is_finite() && (0.0..=LONGEST_LEFT_MS as f64).contains(&ms)).then_some(ms as u64)
}

/// Until the last one is through.
fn whole_ms(
    snapshot: &Snapshot,
    standings: &[Standing],
    rests: &[Option<u64>],
    expectations: &Expectations,
) -> Option<u64> {
    let board = &snapshot.board;
    let nobody = board.creator.alive == Some(false);
    if board.state != BoardState::Running || nobody || standings.iter().all(|standing| standing.over()) {
        return None;
    }
    let mut work = Vec::new();
    for (place, slot) in snapshot.slots.iter().enumerate().filter(|(place, _)| !standings[*place].over()) {
        let after = match standings[place] {
            Standing::Waiting => Some(awaited(slot, snapshot)?),
            _ => None,
        };
        let begun = standings[place].at_work();
        work.push(Work { place, rest_ms: rests[place]?, begun, after });
    }
    last_end_ms(&work, at_once(snapshot, standings, expectations))
}

/// The slot of this board that this one waits for; what others are at work on elsewhere cannot be foretold.
fn awaited(slot: &SlotView, snapshot: &Snapshot) -> Option<usize> {
    let whom = slot.message.strip_prefix("waiting for ")?;
    let named = |other: &SlotView| {
        let rest = whom.strip_prefix(other.key.as_str()).and_then(|rest| rest.strip_prefix(' '));
        rest.is_some_and(|rest| rest.starts_with(other.version.as_str()))
    };
    snapshot.slots.iter().position(|other| other.index != slot.index && !other.key.is_empty() && named(other))
}

/// How many are at work at once: as many as there are, once some had to stay behind.
fn at_once(snapshot: &Snapshot, standings: &[Standing], expectations: &Expectations) -> usize {
    let at_work = standings.iter().filter(|standing| standing.at_work()).count();
    let age_ms = snapshot.taken_at_ns.saturating_sub(snapshot.board.created_at_ns) / 1_000_000;
    let before = expectations.at_once.map_or(AT_ONCE, |count| usize::try_from(count).unwrap_or(AT_ONCE));
    if at_work > 0 && age_ms >= STARTING_MS { at_work } else { before.max(at_work).max(1) }
}

#[cfg(test)]
mod tests;
