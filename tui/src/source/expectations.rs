//! What earlier runs on this machine say about the next one: plain values, kept by whoever has files.

use std::collections::HashMap;

use vx_shm::Phase;

/// How many of a tool's installs are looked at: the newest ones.
pub const PAST_INSTALLS: usize = 5;

/// What earlier runs say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// By the tool's name, its earlier installs, the oldest first.
    pub tools: HashMap<String, Vec<PastInstall>>,
    /// How many installs are at work at once at most; `None` where no run is known that had more to do.
    pub at_once: Option<u32>,
}

/// One install that went well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastInstall {
    /// Which release it was.
    pub version: String,
    /// How many bytes were received; zero where none had to be.
    pub bytes: u64,
    /// How long each phase took, in milliseconds, in the order of the work. Waiting is not work.
    pub phases: Vec<(Phase, u64)>,
}

impl PastInstall {
    /// How long this phase took; zero where the install had none.
    pub fn phase_ms(&self, phase: Phase) -> u64 {
        self.phases.iter().filter(|(known, _)| *known == phase).fold(0, |sum, (_, ms)| sum.saturating_add(*ms))
    }
}
