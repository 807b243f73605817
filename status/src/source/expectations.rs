//! Durations of earlier runs on this machine, as plain values: the views read no files.

use std::collections::HashMap;

use vx_shm::{Kind, SlotView};

use crate::vocabulary::Phase;

/// Number of a tool's installs that the estimate uses: the newest ones.
pub const PAST_INSTALLS: usize = 5;

/// The installs of earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The earlier installs of each tool by its name, the oldest first.
    pub tools: HashMap<String, Vec<PastInstall>>,
    /// Number of installs at once in an earlier run with more tools than that; `None` without such a run.
    pub at_once: Option<u32>,
}

impl Expectations {
    /// The earlier work of this slot's name and kind; there is none of other kinds than installs.
    pub fn of(&self, slot: &SlotView) -> Option<&[PastInstall]> {
        let known = self.tools.get(&slot.key).filter(|_| slot.kind == Kind::Install);
        known.map(Vec::as_slice)
    }
}

impl Expectations {
    /// The least rate at which an earlier install of this slot's tool was downloaded.
    pub fn least_bytes_per_second(&self, slot: &SlotView) -> Option<u64> {
        let received = self.of(slot)?.iter().filter(|install| install.bytes > 0);
        received.map(|install| install.bytes.saturating_mul(1_000) / install.phase_ms(Phase::DOWNLOADING).max(1)).min()
    }
}

/// One successful install.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastInstall {
    /// The version of the release.
    pub version: String,
    /// Number of bytes received; zero if nothing was downloaded.
    pub bytes: u64,
    /// The duration of each phase, in milliseconds, in the order of the work. Waiting is not work.
    pub phases: Vec<(Phase, u64)>,
}

impl PastInstall {
    /// The duration of this phase; zero if the install skipped it.
    pub fn phase_ms(&self, phase: Phase) -> u64 {
        self.phases.iter().filter(|(known, _)| *known == phase).fold(0, |sum, (_, ms)| sum.saturating_add(*ms))
    }
}
