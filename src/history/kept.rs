//! The document that the history is kept as: a few installs of each tool, the newest of them last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vx_shm::Phase;
use vx_tui::source::{Expectations, PAST_INSTALLS, PastInstall};

/// Raised when the document changes its meaning; one of another format is not read.
const FORMAT: u32 = 1;
/// How many runs are remembered for how many installs were at work at once.
const RUNS: usize = 8;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    format: u32,
    /// Grows by one with each run: what was noted later has a higher one.
    runs: u64,
    /// Of the newest runs that left some behind, how many installs were at work at once at most; the oldest first.
    at_once: Vec<u32>,
    tools: BTreeMap<String, Tool>,
}

/// One tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tool {
    /// In which run it was installed last.
    run: u64,
    installs: Vec<Install>,
}

/// One install that went well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Install {
    version: String,
    bytes: u64,
    /// Milliseconds by the phase's name.
    phases: BTreeMap<String, u64>,
}

/// What one run took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// How many installs were at work at once at most, where more were to do.
    pub(super) at_once: Option<u32>,
    /// The tools that were installed.
    pub(super) tools: Vec<(String, PastInstall)>,
}

impl Kept {
    /// The document in these bytes, if it is one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|kept: &Self| kept.format == FORMAT)
    }

    /// The document in at most so many bytes: the tools that were not installed for longest are forgotten first.
    pub(super) fn encode(&self, most: usize) -> Vec<u8> {
        let mut kept = self.clone();
        kept.format = FORMAT;
        loop {
            let bytes = serde_json::to_vec(&kept).unwrap_or_default();
            if bytes.len() <= most || kept.tools.is_empty() {
                return bytes;
            }
            let mut ages: Vec<u64> = kept.tools.values().map(|tool| tool.run).collect();
            ages.sort_unstable();
            let middle = ages[ages.len() / 2];
            // Those of one run are alike; then half of them go, by name.
            let before = kept.tools.len();
            kept.tools.retain(|_, tool| tool.run >= middle);
            if kept.tools.len() == before {
                let names: Vec<String> = kept.tools.keys().step_by(2).cloned().collect();
                names.iter().for_each(|name| drop(kept.tools.remove(name)));
            }
        }
    }

    /// Add a run.
    pub(super) fn take(&mut self, run: Run) {
        self.runs = self.runs.saturating_add(1);
        self.at_once.extend(run.at_once);
        self.at_once.drain(..self.at_once.len().saturating_sub(RUNS));
        for (name, past) in run.tools {
            let phases = past.phases.iter().map(|(phase, ms)| (phase.name().to_owned(), *ms)).collect();
            let tool = self.tools.entry(name).or_default();
            tool.run = self.runs;
            tool.installs.push(Install { version: past.version, bytes: past.bytes, phases });
            tool.installs.drain(..tool.installs.len().saturating_sub(PAST_INSTALLS));
        }
    }

    /// What it says about the next run.
    pub(super) fn expectations(self) -> Expectations {
        let past = |install: Install| PastInstall {
            version: install.version,
            bytes: install.bytes,
            phases: Phase::ALL.iter().filter_map(|phase| Some((*phase, *install.phases.get(phase.name())?))).collect(),
        };
        let tools = self.tools.into_iter();
        Expectations {
            tools: tools.map(|(name, tool)| (name, tool.installs.into_iter().map(past).collect())).collect(),
            at_once: self.at_once.into_iter().max(),
        }
    }
}
