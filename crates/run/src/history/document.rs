//! The document of the history: a few installs of each tool, the newest of them last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vx_status::source::{Expectations, PAST_INSTALLS, PastInstall};
use vx_status::vocabulary::Phase;

/// Raised when the document changes its meaning; a document of another format is not read.
const FORMAT: u32 = 1;
/// Counts of installs at work at once are remembered for this many runs.
const RUNS: usize = 8;

/// A home's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HistoryDocument {
    format: u32,
    /// The number of recorded runs, which orders the records by age.
    runs: u64,
    /// The most installs at work at once of each of the newest runs that had more to do, the oldest first.
    at_once: Vec<u32>,
    tools: BTreeMap<String, HistoryTool>,
}

/// One tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct HistoryTool {
    /// The number of the run that last installed the tool.
    run: u64,
    installs: Vec<HistoryInstall>,
}

/// One install that went well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct HistoryInstall {
    version: String,
    bytes: u64,
    /// Milliseconds by the phase's name.
    phases: BTreeMap<String, u64>,
}

/// The durations of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HistoryRun {
    /// The most installs that were at work at once, if there were more to do.
    pub(super) at_once: Option<u32>,
    /// The tools that were installed.
    pub(super) tools: Vec<(String, PastInstall)>,
}

impl HistoryDocument {
    /// Decode a document; `None` if these bytes are not one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|kept: &Self| kept.format == FORMAT)
    }

    /// Encode the document in at most `most` bytes: the tools whose last install is the oldest are dropped first.
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
            // Drop the tools older than the middle; if there are none, every second by name.
            let before = kept.tools.len();
            kept.tools.retain(|_, tool| tool.run >= middle);
            if kept.tools.len() == before {
                let names: Vec<String> = kept.tools.keys().step_by(2).cloned().collect();
                names.iter().for_each(|name| drop(kept.tools.remove(name)));
            }
        }
    }

    /// Add a run.
    pub(super) fn add_run(&mut self, run: HistoryRun) {
        self.runs = self.runs.saturating_add(1);
        self.at_once.extend(run.at_once);
        self.at_once.drain(..self.at_once.len().saturating_sub(RUNS));
        for (name, past) in run.tools {
            let phases = past.phases.iter().map(|(phase, ms)| (phase.name().to_owned(), *ms)).collect();
            let tool = self.tools.entry(name).or_default();
            tool.run = self.runs;
            tool.installs.push(HistoryInstall { version: past.version, bytes: past.bytes, phases });
            tool.installs.drain(..tool.installs.len().saturating_sub(PAST_INSTALLS));
        }
    }

    /// Derive the expectations of the next run.
    pub(super) fn expectations(self) -> Expectations {
        let past = |install: HistoryInstall| PastInstall {
            version: install.version,
            bytes: install.bytes,
            phases: Phase::OF_INSTALL
                .iter()
                .filter_map(|phase| Some((*phase, *install.phases.get(phase.name())?)))
                .collect(),
        };
        let tools = self.tools.into_iter();
        Expectations {
            tools: tools.map(|(name, tool)| (name, tool.installs.into_iter().map(past).collect())).collect(),
            at_once: self.at_once.into_iter().max(),
        }
    }
}
