//! Durations of earlier runs on this machine, as plain values: the views read no files.

use std::collections::HashMap;

use vx_shm::{Kind, SlotView};

use crate::vocabulary::Phase;

/// Number of a tool's installs that the estimate uses: the newest ones.
pub const PAST_INSTALLS: usize = 5;

/// The installs of earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Earlier installs of each tool by its name, the oldest first.
    pub tools: HashMap<String, Vec<PastInstall>>,
    /// Number of installs at once in an earlier run with more tools than that; `None` without such a run.
    pub at_once: Option<u32>,
}

impl Expectations {
    /// The earlier work of this slot's name and kind; known for installs only.
    pub fn past_installs(&self, slot: &SlotView) -> Option<&[PastInstall]> {
        let known = self.tools.get(&slot.key).filter(|_| slot.kind == Kind::Install);
        known.map(Vec::as_slice)
    }

    /// The time that the work of this slot's name usually took in earlier runs: the median, in milliseconds.
    pub fn usual_ms(&self, slot: &SlotView) -> Option<u64> {
        let known = self.past_installs(slot)?;
        let newest = &known[known.len().saturating_sub(PAST_INSTALLS)..];
        middle(newest.iter().map(PastInstall::whole_ms))
    }

    /// The same for one phase.
    pub fn usual_phase_ms(&self, slot: &SlotView, phase: Phase) -> Option<u64> {
        let known = self.past_installs(slot)?;
        let newest = &known[known.len().saturating_sub(PAST_INSTALLS)..];
        middle(newest.iter().map(|install| install.phase_ms(phase)))
    }
}

/// The median; of an even number of values, the smaller of the two in the middle.
fn middle(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

impl Expectations {
    /// The least rate at which an earlier install of this slot's tool was downloaded.
    pub fn least_bytes_per_second(&self, slot: &SlotView) -> Option<u64> {
        let received = self.past_installs(slot)?.iter().filter(|install| install.bytes > 0);
        received.map(|install| install.bytes.saturating_mul(1_000) / install.phase_ms(Phase::DOWNLOADING).max(1)).min()
    }
}

/// One successful install.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastInstall {
    /// Version of the release.
    pub version: String,
    /// Number of bytes received; zero if nothing was downloaded.
    pub bytes: u64,
    /// Duration of each phase, in milliseconds, in the order of the work. Waiting is not work.
    pub phases: Vec<(Phase, u64)>,
}

impl PastInstall {
    /// The duration of this phase; zero if the install skipped it.
    pub fn phase_ms(&self, phase: Phase) -> u64 {
        self.phases.iter().filter(|(known, _)| *known == phase).fold(0, |sum, (_, ms)| sum.saturating_add(*ms))
    }
    /// The duration of all phases.
    pub fn whole_ms(&self) -> u64 {
        self.phases.iter().fold(0, |sum, (_, ms)| sum.saturating_add(*ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_the_one_in_the_middle_of_the_newest() {
        let took = |ms: u64| PastInstall {
            phases: vec![(Phase::DOWNLOADING, ms), (Phase::LINKING, 1)],
            ..PastInstall::default()
        };
        let past = [90, 7, 5, 9, 6, 8].map(took).to_vec();
        let expectations = Expectations { tools: HashMap::from([("go".to_owned(), past)]), at_once: None };
        let slot = SlotView { key: "go".to_owned(), ..SlotView::default() };
        assert_eq!(expectations.usual_ms(&slot), Some(8));
        assert_eq!(expectations.usual_phase_ms(&slot, Phase::LINKING), Some(1));
        assert_eq!(expectations.usual_ms(&SlotView::default()), None);
    }
}
