//! Recorded runs, turned back into readings of their boards.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use vx_shm::{BoardState, Kind, Liveness, SlotState, SlotView, Snapshot};
use vx_status::vocabulary::{Phase, PhaseEntry, task};

/// Start of every run, on its board's clock.
const BEGAN_NS: u64 = 1_000_000_000_000;

/// One run.
#[derive(Deserialize)]
pub(super) struct Run {
    /// Value of `--jobs`; 0 without one.
    jobs: u32,
    tools: Vec<Tool>,
    /// The time, and the bytes done and to do of each slot.
    samples: Vec<Sample>,
}

/// A time, and the amount of each slot then.
type Sample = (u64, Vec<Amount>);

/// The finished work, and the total work if it is known.
type Amount = (u64, Option<u64>);

#[derive(Deserialize)]
struct Tool {
    tool: String,
    version: String,
    ended_ms: u64,
    /// The phase's number, when it was entered, and the work done in it.
    phases: Vec<(u8, u64, u64)>,
}

/// The key of a script, whether it has ended, its work done and to do.
type ScriptAt = (String, bool, u64, Option<u64>);

/// A board of scripts.
#[derive(Deserialize)]
pub(super) struct Scripts {
    /// Time at which the last one ended.
    pub(super) ends_ms: u64,
    /// The time, and each slot then.
    samples: Vec<(u64, Vec<ScriptAt>)>,
}

/// The runs of a file, in the order in which they were recorded.
pub(super) fn read<R: DeserializeOwned>(lines: &str) -> Vec<R> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a recorded run")).collect()
}

impl Scripts {
    /// Returns whether every script has said how much it has to do.
    pub(super) fn say_all(&self) -> bool {
        self.samples.iter().all(|(_, slots)| slots.iter().all(|(.., total)| total.is_some()))
    }

    /// The board at each sample up to this moment, and at this moment.
    pub(super) fn readings_until(&self, until_ms: u64) -> Vec<Snapshot> {
        let samples: Vec<_> = self.samples.iter().filter(|(ms, _)| *ms <= until_ms).collect();
        let last = samples.last().map(|(_, slots)| (until_ms, slots));
        let readings = samples.iter().map(|(ms, slots)| (*ms, slots)).chain(last);
        readings.map(|(ms, slots)| Self::at(ms, slots)).collect()
    }

    fn at(ms: u64, slots: &[ScriptAt]) -> Snapshot {
        let slots = slots.iter().enumerate().map(|(index, (key, ended, done, total))| SlotView {
            index: u32::try_from(index).expect("few slots"),
            generation: 1,
            key: key.clone(),
            kind: Kind::Task,
            state: if *ended { SlotState::Done } else { SlotState::Live },
            step: task::RUNNING,
            done: *done,
            total: *total,
            liveness: Liveness::Alive,
            ..SlotView::default()
        });
        let mut snapshot =
            Snapshot { slots: slots.collect(), taken_at_ns: BEGAN_NS + ms * 1_000_000, ..Snapshot::default() };
        snapshot.board.created_at_ns = BEGAN_NS;
        snapshot.board.creator.alive = Some(true);
        snapshot.board.state = BoardState::Running;
        snapshot
    }
}

impl Run {
    pub(super) fn jobs(&self) -> Option<u32> {
        (self.jobs > 0).then_some(self.jobs)
    }

    /// The time at which the last tool ended.
    pub(super) fn ends_ms(&self) -> u64 {
        self.tools.iter().map(|tool| tool.ended_ms).max().unwrap_or_default()
    }

    /// The milliseconds of the run at an instant of its board's clock.
    pub(super) fn ms(&self, at_ns: u64) -> u64 {
        at_ns.saturating_sub(BEGAN_NS) / 1_000_000
    }

    /// The run's board at the beginning, at each sample up to this moment, and at this moment.
    pub(super) fn readings_until(&self, until_ms: u64) -> Vec<Snapshot> {
        let samples = self.samples.iter().map(|(ms, _)| *ms).filter(|ms| *ms < until_ms);
        [0].into_iter().chain(samples).chain([until_ms]).map(|ms| self.reading_at(ms)).collect()
    }

    /// The run's board at this moment, with the numbers of the last sample before it.
    pub(super) fn reading_at(&self, ms: u64) -> Snapshot {
        let amounts = self.samples.iter().rev().find(|(at, _)| *at <= ms).map(|(_, amounts)| amounts.as_slice());
        let slot = |(index, tool): (usize, &Tool)| {
            let (done, total) = amounts.and_then(|amounts| amounts.get(index).copied()).unwrap_or_default();
            tool.at(index, ms, done, total)
        };
        let mut snapshot = Snapshot {
            slots: self.tools.iter().enumerate().map(slot).collect(),
            taken_at_ns: BEGAN_NS + ms * 1_000_000,
            ..Snapshot::default()
        };
        snapshot.board.created_at_ns = BEGAN_NS;
        snapshot.board.creator.alive = Some(true);
        snapshot.board.state = if ms < self.ends_ms() { BoardState::Running } else { BoardState::Done };
        snapshot
    }
}

impl Tool {
    fn at(&self, index: usize, ms: u64, done: u64, total: Option<u64>) -> SlotView {
        let ended = self.ended_ms <= ms;
        let entered = self.phases.iter().filter(|(_, at, _)| *at <= ms || ended);
        let mut phases: Vec<PhaseEntry> = entered
            .map(|(phase, at, done)| PhaseEntry {
                phase: Phase::new(Kind::Install, *phase),
                entered_at_ns: BEGAN_NS + at * 1_000_000,
                done: *done,
            })
            .collect();
        phases.sort_by_key(|entry| (entry.entered_at_ns, entry.phase));
        let phase = phases.last().map_or(Phase::QUEUED, |entry| entry.phase);
        if let Some(present) = phases.last_mut().filter(|entry| entry.phase == Phase::DOWNLOADING && !ended) {
            present.done = done;
        }
        let begun = phase != Phase::QUEUED;
        SlotView {
            index: u32::try_from(index).expect("few slots"),
            generation: 1,
            key: self.tool.clone(),
            version: self.version.clone(),
            kind: Kind::Install,
            state: if ended {
                SlotState::Done
            } else if begun {
                SlotState::Live
            } else {
                SlotState::Reserved
            },
            step: phase.step(),
            done: if phase == Phase::DOWNLOADING { done } else { 0 },
            total: total.filter(|_| phase == Phase::DOWNLOADING),
            liveness: Liveness::Alive,
            transitions: phases.into_iter().map(PhaseEntry::transition).collect(),
            ended_at_ns: ended.then_some(BEGAN_NS + self.ended_ms * 1_000_000),
            ..SlotView::default()
        }
    }
}
