//! The forecast for one slot from earlier installs of its tool.

use crate::vocabulary::{Phase, Phases};
use vx_shm::SlotView;

use crate::slot::{received_bytes, size_bytes};
use crate::source::{Expectations, PAST_INSTALLS, PastInstall};

/// A release is expected to take at most this many times as long as another of the same tool, and at least this
/// fraction.
const MOST_TIMES: f64 = 16.0;

/// The expected duration and size of one slot's work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Forecast {
    /// Number of earlier installs behind the forecast, at least one.
    pub(super) runs: u32,
    /// Expected size of the download, in bytes.
    pub(super) bytes: u64,
    /// Earlier download rate; `None` if nothing was ever downloaded.
    pub(super) bytes_per_ms: Option<f64>,
    /// Duration of each phase but the download, scaled to `bytes`.
    phases: Vec<(Phase, f64)>,
}

impl Forecast {
    /// The forecast for this slot; `None` for a tool never installed before.
    pub(super) fn for_slot(slot: &SlotView, expectations: &Expectations) -> Option<Self> {
        let known = expectations.past_installs(slot)?;
        let past = &known[known.len().saturating_sub(PAST_INSTALLS)..];
        let bytes = bytes(slot, past)?;
        let received = past.iter().filter(|install| install.bytes > 0);
        let rates = received.map(|install| install.bytes as f64 / install.phase_ms(Phase::DOWNLOADING).max(1) as f64);
        let expected = |phase| {
            let took = past.iter().map(|install| phase_ms(install, phase, bytes));
            (phase, median(took).unwrap_or_default())
        };
        let others =
            Phase::OF_INSTALL.iter().copied().filter(|phase| *phase > Phase::WAITING && *phase != Phase::DOWNLOADING);
        Some(Self {
            runs: u32::try_from(past.len()).unwrap_or(u32::MAX),
            bytes,
            bytes_per_ms: median(rates),
            phases: others.map(expected).collect(),
        })
    }

    /// The expected duration of any phase, in milliseconds.
    pub(super) fn expected_ms(&self, phase: Phase) -> f64 {
        match self.bytes_per_ms {
            Some(rate) if phase == Phase::DOWNLOADING && rate > 0.0 => self.bytes as f64 / rate,
            _ => self.phase_ms(phase),
        }
    }

    /// The expected duration of all phases, in milliseconds.
    pub(super) fn whole_ms(&self) -> f64 {
        Phase::OF_INSTALL.iter().map(|phase| self.expected_ms(*phase)).sum()
    }

    /// The expected duration of a whole phase other than the download.
    pub(super) fn phase_ms(&self, phase: Phase) -> f64 {
        self.phases.iter().find(|(known, _)| *known == phase).map_or(0.0, |(_, ms)| *ms)
    }
}

/// The size: as announced in the slot, else that of the same release, else the median of the tool's releases. `None`
/// without earlier installs.
fn bytes(slot: &SlotView, past: &[PastInstall]) -> Option<u64> {
    let received = || received_bytes(slot).filter(|_| slot.phase() > Phase::DOWNLOADING);
    if let Some(known) = size_bytes(slot).or_else(received) {
        return (!past.is_empty()).then_some(known);
    }
    let sizes = |wanted: &dyn Fn(&PastInstall) -> bool| {
        median(past.iter().filter(|install| install.bytes > 0 && wanted(install)).map(|install| install.bytes as f64))
    };
    let size = sizes(&|install| install.version == slot.version).or_else(|| sizes(&|_| true));
    (!past.is_empty()).then(|| size.unwrap_or_default() as u64)
}

/// The duration that a phase of this install would have had for so many bytes. Resolving and post-install take the same
/// time for any size; the others grow with it.
fn phase_ms(install: &PastInstall, phase: Phase, bytes: u64) -> f64 {
    let took = install.phase_ms(phase) as f64;
    if install.bytes == 0 || bytes == 0 || matches!(phase, Phase::RESOLVING | Phase::POST_INSTALL) {
        return took;
    }
    took * (bytes as f64 / install.bytes as f64).clamp(1.0 / MOST_TIMES, MOST_TIMES)
}

/// The median; of an even number of values, the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
