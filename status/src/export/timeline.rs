//! The course of a run: each tool's phases with their times, and the bytes of its download over time.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::vocabulary::{Phase, PhaseEntry, Phases};
use vx_shm::recording::Recording;
use vx_shm::{BoardState, BoardView, STALLED_AFTER_MS, SlotState, SlotView, Snapshot};

/// Most tools that are kept, more than any run has; the rest of a larger board is left out.
const MOST_TOOLS: usize = 4096;
/// Most stretches of one tool, more than any install has.
const MOST_ENTRIES: usize = 256;
/// Most stretches of all tools together, more than any run has.
const MOST_ENTRIES_IN_ALL: usize = 65_536;
/// Most amounts kept of one download, over the length of a run.
const MOST_SAMPLES: u64 = 1_000;
/// Most amounts kept of all downloads together: beyond it, each keeps fewer.
const MOST_SAMPLES_IN_ALL: usize = 65_536;

/// The course of a run. All times are nanoseconds since its board was made.
#[derive(Clone, Debug, Default)]
pub struct RunTimeline {
    /// The board.
    pub board: BoardView,
    /// Its tools, in the order of their first reading. A tool that was tried again appears once for each try.
    pub tools: Vec<ToolTimeline>,
    /// Moment of the last reading; of a finished run, the end of its last tool.
    pub length_ns: u64,
}

/// One life of one slot.
#[derive(Clone, Debug, Default)]
pub struct ToolTimeline {
    /// Its last reading.
    pub slot: SlotView,
    /// Its phases, one after the other.
    pub stretches: Vec<PhaseSpan>,
    /// Time of its end; `None` before.
    pub ended_ns: Option<u64>,
    /// Moments, each with the bytes received until then.
    pub received: Vec<(u64, u64)>,
}

/// A time in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// The phase.
    pub phase: Phase,
    /// Its beginning.
    pub from_ns: u64,
    /// Its end, at least `from_ns`.
    pub until_ns: u64,
    /// Work done in the phase: bytes, for a download.
    pub done: u64,
}

impl RunTimeline {
    /// Gather the timeline of a recording, continued by a reading of the same board if that is still running.
    pub fn of_recording(recording: Recording, now: Option<&Snapshot>) -> Self {
        let mut gathering = Gathering { between_ns: between_ns(recording.span_ns()), ..Gathering::default() };
        let mut playback = recording.playback();
        gathering.add_reading(playback.last(), &playback.last().slots);
        while let Some((snapshot, changed)) = playback.step() {
            gathering.add_reading(snapshot, changed.iter().map(|place| &snapshot.slots[*place as usize]));
        }
        // Nothing is recorded while nothing changes, so the end of a recording may be long ago.
        now.into_iter().for_each(|now| gathering.add_reading(now, &now.slots));
        gathering.course()
    }

    /// Gather as much as a single reading shows, with only the last amount of each download.
    pub fn of_reading(snapshot: &Snapshot) -> Self {
        let mut gathering = Gathering::default();
        gathering.add_reading(snapshot, &snapshot.slots);
        gathering.course()
    }

    /// The last try of each tool.
    pub fn last_lives(&self) -> Vec<&ToolTimeline> {
        let mut seen = HashSet::new();
        let newest = self.tools.iter().rev().filter(|tool| seen.insert((tool.slot.index, tool.slot.key.as_str())));
        let mut last: Vec<&ToolTimeline> = newest.collect();
        last.reverse();
        last
    }

    /// The tools as rows of a chart: for each, the indices of its lives in `tools`, in the order of first lives.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut places: HashMap<(u32, &str), usize> = HashMap::new();
        for (life, tool) in self.tools.iter().enumerate() {
            let row = *places.entry((tool.slot.index, tool.slot.key.as_str())).or_insert(rows.len());
            match rows.get_mut(row) {
                Some(lives) => lives.push(life),
                None => rows.push(vec![life]),
            }
        }
        rows
    }

    /// Returns whether the two runs have most of their tools in common: two projects may have the same title.
    pub fn has_tools_of(&self, other: &Self) -> bool {
        let keys = |course: &Self| course.tools.iter().map(|tool| tool.slot.key.clone()).collect::<BTreeSet<_>>();
        let (own, others) = (keys(self), keys(other));
        own.intersection(&others).count() * 2 > own.len().max(others.len())
    }

    /// The phases in which time was spent, in their order; of phases with the same word, only the first.
    pub fn phases(&self) -> Vec<Phase> {
        let stretches = self.tools.iter().flat_map(|tool| &tool.stretches);
        let lasted: BTreeSet<Phase> =
            stretches.filter(|stretch| stretch.from_ns < stretch.until_ns).map(|stretch| stretch.phase).collect();
        let mut words = HashSet::new();
        lasted.into_iter().filter(|phase| words.insert(phase.name())).collect()
    }

    /// The bytes of all downloads.
    pub fn bytes(&self) -> u64 {
        self.tools.iter().fold(0, |sum, tool| sum.saturating_add(tool.bytes()))
    }

    /// The outcome of the whole run, in a word.
    pub fn outcome(&self) -> &'static str {
        match self.board.state {
            BoardState::Running if self.board.abandoned() => "abandoned",
            state => state.name(),
        }
    }
}

impl ToolTimeline {
    /// The bytes of its download.
    pub fn bytes(&self) -> u64 {
        let downloads = self.stretches.iter().filter(|stretch| stretch.phase == Phase::DOWNLOADING);
        downloads.map(|stretch| stretch.done).max().unwrap_or(0)
    }

    /// The time at which it stopped waiting for its turn.
    pub fn began_ns(&self) -> Option<u64> {
        self.stretches.iter().find(|stretch| !stretch.phase.is_first()).map(|stretch| stretch.from_ns)
    }

    /// Its time at work.
    pub fn took_ns(&self) -> Option<u64> {
        let until_ns = self.stretches.last()?.until_ns;
        Some(until_ns.saturating_sub(self.began_ns()?))
    }

    /// Its time in phases with this word.
    pub fn in_phase_ns(&self, phase: Phase) -> u64 {
        let of_it = self.stretches.iter().filter(|stretch| stretch.phase.name() == phase.name());
        of_it.fold(0, |sum, stretch| sum.saturating_add(stretch.until_ns - stretch.from_ns))
    }

    /// The spans, as beginning and end, in which its download received nothing for so long that it counted as stalled.
    ///
    /// They are the gaps between known amounts, so a single reading shows none.
    pub fn stalls_ns(&self) -> Vec<(u64, u64)> {
        const LEAST_NS: u64 = STALLED_AFTER_MS * 1_000_000;
        let Some(download) = self.stretches.iter().find(|stretch| stretch.phase == Phase::DOWNLOADING) else {
            return Vec::new();
        };
        let inside = self.received.iter().map(|(at_ns, _)| *at_ns).filter(|at_ns| *at_ns < download.until_ns);
        let moments: Vec<u64> = inside.chain([download.until_ns]).collect();
        if self.received.len() < 2 {
            return Vec::new();
        }
        // Of a long run few amounts are kept, and the usual gap between two of them is no stall.
        let mean_ns = download.until_ns.saturating_sub(download.from_ns) / moments.len() as u64;
        let least_ns = LEAST_NS.max(mean_ns.saturating_mul(3));
        let gaps = moments.windows(2).map(|pair| (pair[0], pair[1]));
        gaps.filter(|(from_ns, until_ns)| until_ns.saturating_sub(*from_ns) >= least_ns).collect()
    }

    /// Returns whether the tool had anything to do.
    pub fn worked(&self) -> bool {
        self.slot.state != SlotState::Skipped && self.began_ns().is_some()
    }
}

/// The least time between two amounts of one download, for a recording of this span.
fn between_ns((first_ns, last_ns): (u64, u64)) -> u64 {
    ((last_ns - first_ns) / MOST_SAMPLES).max(1)
}

/// A timeline while it is being gathered.
#[derive(Default)]
struct Gathering {
    board: BoardView,
    taken_at_ns: u64,
    /// Least time between two amounts of one download.
    between_ns: u64,
    places: HashMap<(u32, u32), usize>,
    tools: Vec<SlotReadings>,
    /// Number of entries of all tools.
    entries: usize,
    /// Number of amounts of all downloads.
    samples: usize,
}

#[derive(Default)]
struct SlotReadings {
    slot: SlotView,
    entries: Vec<PhaseEntry>,
    received: Vec<(u64, u64)>,
}

impl Gathering {
    /// Add a reading; `changed` are those of its slots that differ from the reading before.
    fn add_reading<'a>(&mut self, snapshot: &Snapshot, changed: impl IntoIterator<Item = &'a SlotView>) {
        self.board.clone_from(&snapshot.board);
        self.taken_at_ns = self.taken_at_ns.max(snapshot.taken_at_ns);
        for slot in changed {
            let id = (slot.index, slot.generation);
            let place = match self.places.get(&id) {
                Some(place) => *place,
                None if self.tools.len() == MOST_TOOLS => continue,
                None => {
                    self.places.insert(id, self.tools.len());
                    self.tools.push(SlotReadings::default());
                    self.tools.len() - 1
                }
            };
            let tool = &mut self.tools[place];
            self.samples += usize::from(tool.note_amount(slot, snapshot.taken_at_ns, self.between_ns));
            self.entries += tool.note_phases(slot, MOST_ENTRIES_IN_ALL - self.entries);
            tool.slot.clone_from(slot);
        }
        while self.samples > MOST_SAMPLES_IN_ALL {
            self.thin();
        }
    }

    /// Keep half as many amounts of each download; the first of each stays.
    fn thin(&mut self) {
        self.between_ns = self.between_ns.saturating_mul(2);
        self.samples = 0;
        for tool in &mut self.tools {
            let mut last_ns = None;
            tool.received.retain(|(at_ns, _)| {
                let kept = last_ns.is_none_or(|last_ns| at_ns - last_ns >= self.between_ns);
                last_ns = if kept { Some(*at_ns) } else { last_ns };
                kept
            });
            self.samples += tool.received.len();
        }
    }

    fn course(self) -> RunTimeline {
        let created_ns = self.board.created_at_ns;
        let since = |at_ns: u64| at_ns.saturating_sub(created_ns);
        let now_ns = since(self.taken_at_ns);
        let tools: Vec<ToolTimeline> = self.tools.into_iter().map(|gathered| gathered.tool(since, now_ns)).collect();
        let all_over = tools.iter().map(|tool| tool.ended_ns).collect::<Option<Vec<u64>>>();
        let length_ns = all_over.and_then(|ends| ends.into_iter().max()).unwrap_or(now_ns);
        RunTimeline { board: self.board, tools, length_ns }
    }
}

impl SlotReadings {
    /// Note the phases that differ from the reading before, while there is `room`; returns the number of those added.
    fn note_phases(&mut self, slot: &SlotView, room: usize) -> usize {
        let before = self.entries.len();
        let most = MOST_ENTRIES.min(before + room);
        for (place, entry) in slot.phases().enumerate() {
            if self.slot.phases().nth(place) == Some(entry) {
                continue;
            }
            let known = |other: &PhaseEntry| (other.phase, other.entered_at_ns) == (entry.phase, entry.entered_at_ns);
            match self.entries.iter().position(known) {
                Some(known) => self.entries[known].done = entry.done,
                None if self.entries.len() < most => self.entries.push(entry),
                None => {}
            }
        }
        self.entries.len() - before
    }

    /// Record the amount of a download. Returns whether an entry was added.
    fn note_amount(&mut self, slot: &SlotView, at_ns: u64, between_ns: u64) -> bool {
        let last = self.received.last();
        let more = slot.phase().is_main()
            && !slot.state.ended()
            && last.is_none_or(|(last_ns, done)| *done != slot.done && at_ns - last_ns >= between_ns);
        if more {
            self.received.push((at_ns, slot.done));
        }
        more
    }

    fn tool(mut self, since: impl Fn(u64) -> u64, now_ns: u64) -> ToolTimeline {
        self.entries.sort_by_key(|entry| entry.entered_at_ns);
        let ended_ns = match self.slot.state.ended() {
            true => Some(self.slot.ended_at_ns.map_or(now_ns, &since).min(now_ns)),
            false => None,
        };
        let end_ns = ended_ns.unwrap_or(now_ns);
        let next = self.entries.iter().skip(1).map(|entry| since(entry.entered_at_ns)).chain([end_ns]);
        let stretch = |(entry, next_ns): (&PhaseEntry, u64)| {
            let from_ns = since(entry.entered_at_ns).min(end_ns);
            PhaseSpan { phase: entry.phase, from_ns, until_ns: next_ns.clamp(from_ns, end_ns), done: entry.done }
        };
        let stretches = self.entries.iter().zip(next).map(stretch).collect();
        let received = self.received.into_iter().map(|(at_ns, done)| (since(at_ns).min(end_ns), done)).collect();
        ToolTimeline { slot: self.slot, stretches, ended_ns, received }
    }
}

#[cfg(test)]
pub(super) mod tests;
