//! What earlier installs of one tool say about the next one.

use vx_shm::{Phase, SlotView};

use crate::model::slot::{received_bytes, size_bytes};
use crate::source::{Expectations, PAST_INSTALLS, PastInstall};

/// No release is expected to take more than so many times what another of the same tool took, or less than that part.
const MOST_TIMES: f64 = 16.0;

/// What is expected of one slot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outlook {
    /// How many installs it rests on, at least one.
    pub(super) runs: u32,
    /// How many bytes there are to receive.
    pub(super) bytes: u64,
    /// How fast they came; `None` where none ever did.
    pub(super) bytes_per_ms: Option<f64>,
    /// How long each phase besides the download takes for so many bytes.
    phases: Vec<(Phase, f64)>,
}

impl Outlook {
    /// What is expected of this slot; `None` of a tool never installed before.
    pub(super) fn of(slot: &SlotView, expectations: &Expectations) -> Option<Self> {
        let known = expectations.tools.get(&slot.key)?;
        let past = &known[known.len().saturating_sub(PAST_INSTALLS)..];
        let bytes = bytes(slot, past)?;
        let received = past.iter().filter(|install| install.bytes > 0);
        let rates = received.map(|install| install.bytes as f64 / install.phase_ms(Phase::Downloading).max(1) as f64);
        let expected = |phase| {
            let took = past.iter().map(|install| phase_ms(install, phase, bytes));
            (phase, median(took).unwrap_or_default())
        };
        let others = Phase::ALL.iter().copied().filter(|phase| *phase > Phase::Waiting && *phase != Phase::Downloading);
        Some(Self {
            runs: u32::try_from(past.len()).unwrap_or(u32::MAX),
            bytes,
            bytes_per_ms: median(rates),
            phases: others.map(expected).collect(),
        })
    }

    /// How long a phase besides the download takes from its beginning to its end.
    pub(super) fn phase_ms(&self, phase: Phase) -> f64 {
        self.phases.iter().find(|(known, _)| *known == phase).map_or(0.0, |(_, ms)| *ms)
    }
}

/// How large it is: as the slot says, else as the same release was, else as the tool's releases mostly were. `None`
/// without a past.
fn bytes(slot: &SlotView, past: &[PastInstall]) -> Option<u64> {
    let received = || received_bytes(slot).filter(|_| slot.phase > Phase::Downloading);
    if let Some(said) = size_bytes(slot).or_else(received) {
        return (!past.is_empty()).then_some(said);
    }
    let sizes = |wanted: &dyn Fn(&PastInstall) -> bool| {
        median(past.iter().filter(|install| install.bytes > 0 && wanted(install)).map(|install| install.bytes as f64))
    };
    let size = sizes(&|install| install.version == slot.version).or_else(|| sizes(&|_| true));
    (!past.is_empty()).then(|| size.unwrap_or_default() as u64)
}

/// How long a phase would have taken that install for so many bytes: asking takes as long for any, the rest grows.
fn phase_ms(install: &PastInstall, phase: Phase, bytes: u64) -> f64 {
    let took = install.phase_ms(phase) as f64;
    if install.bytes == 0 || bytes == 0 || matches!(phase, Phase::Resolving | Phase::PostInstall) {
        return took;
    }
    took * (bytes as f64 / install.bytes as f64).clamp(1.0 / MOST_TIMES, MOST_TIMES)
}

/// The middle one; of an even number, the mean of the two in the middle.
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
