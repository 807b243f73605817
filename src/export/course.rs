//! The course of a run: when each tool was in which phase, and how its bytes came.

use std::collections::{BTreeSet, HashMap, HashSet};

use vx_shm::recording::Recording;
use vx_shm::{BoardState, BoardView, Phase, PhaseEntry, SlotState, SlotView, Snapshot};

/// More lives of slots than any run has; a board that claims more is cut there.
const MOST_TOOLS: usize = 4096;
/// More stretches than any install has.
const MOST_ENTRIES: usize = 256;
/// More than those of all installs of a run together.
const MOST_ENTRIES_IN_ALL: usize = 65_536;
/// How many amounts of a download are kept at most, over the length of a run.
const MOST_SAMPLES: u64 = 1_000;
/// And of all downloads together: where there are more, every one is told in fewer.
const MOST_SAMPLES_IN_ALL: usize = 65_536;

/// The course of a run. All times are nanoseconds since its board was made.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// The board.
    pub board: BoardView,
    /// Its tools, in the order in which they came; one that was tried again is there once for each time.
    pub tools: Vec<Tool>,
    /// When the last of it was: of a finished run, when its last tool was over.
    pub length_ns: u64,
}

/// One life of one slot.
#[derive(Clone, Debug, Default)]
pub struct Tool {
    /// How it looked last.
    pub slot: SlotView,
    /// What it did, one after the other.
    pub stretches: Vec<Stretch>,
    /// When it was over; `None` while it was not.
    pub ended_ns: Option<u64>,
    /// How many bytes had come when.
    pub received: Vec<(u64, u64)>,
}

/// A time in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The phase.
    pub phase: Phase,
    /// From when.
    pub from_ns: u64,
    /// Until when, at least `from_ns`.
    pub until_ns: u64,
    /// What was done in it: bytes, for a download.
    pub done: u64,
}

impl Course {
    /// The course that a recording tells of, and behind it a reading of the same board, where it goes on.
    pub fn of_recording(recording: Recording, now: Option<&Snapshot>) -> Self {
        let mut gathering = Gathering { between_ns: between_ns(recording.span_ns()), ..Gathering::default() };
        let mut playback = recording.playback();
        gathering.note(playback.last(), &playback.last().slots);
        while let Some((snapshot, told)) = playback.step() {
            gathering.note(snapshot, told.iter().map(|place| &snapshot.slots[*place as usize]));
        }
        // Nothing is recorded while nothing changes, and time goes by all the same.
        now.into_iter().for_each(|now| gathering.note(now, &now.slots));
        gathering.course()
    }

    /// The course as far as one reading of a board tells: no more of a download than how much it was.
    pub fn of_reading(snapshot: &Snapshot) -> Self {
        let mut gathering = Gathering::default();
        gathering.note(snapshot, &snapshot.slots);
        gathering.course()
    }

    /// The tools as they were last: of one that was tried again, only the last time.
    pub fn last_lives(&self) -> Vec<&Tool> {
        let mut seen = HashSet::new();
        let newest = self.tools.iter().rev().filter(|tool| seen.insert((tool.slot.index, tool.slot.key.as_str())));
        let mut last: Vec<&Tool> = newest.collect();
        last.reverse();
        last
    }

    /// Whether most of the tools of either are tools of both: two projects may have the same title.
    pub fn has_tools_of(&self, other: &Self) -> bool {
        let keys = |course: &Self| course.tools.iter().map(|tool| tool.slot.key.clone()).collect::<BTreeSet<_>>();
        let (own, others) = (keys(self), keys(other));
        own.intersection(&others).count() * 2 > own.len().max(others.len())
    }

    /// How many bytes came in all.
    pub fn bytes(&self) -> u64 {
        self.tools.iter().fold(0, |sum, tool| sum.saturating_add(tool.bytes()))
    }

    /// What became of the whole.
    pub fn outcome(&self) -> &'static str {
        match self.board.state {
            BoardState::Running if self.board.abandoned() => "abandoned",
            state => state.name(),
        }
    }
}

impl Tool {
    /// How many bytes came.
    pub fn bytes(&self) -> u64 {
        let downloads = self.stretches.iter().filter(|stretch| stretch.phase == Phase::Downloading);
        downloads.map(|stretch| stretch.done).max().unwrap_or(0)
    }

    /// When it began to do something else than wait for its turn.
    pub fn began_ns(&self) -> Option<u64> {
        self.stretches.iter().find(|stretch| stretch.phase != Phase::Queued).map(|stretch| stretch.from_ns)
    }

    /// How long it was at work.
    pub fn took_ns(&self) -> Option<u64> {
        let until_ns = self.stretches.last()?.until_ns;
        Some(until_ns.saturating_sub(self.began_ns()?))
    }

    /// How long it was in this phase.
    pub fn in_phase_ns(&self, phase: Phase) -> u64 {
        let of_it = self.stretches.iter().filter(|stretch| stretch.phase == phase);
        of_it.fold(0, |sum, stretch| sum.saturating_add(stretch.until_ns - stretch.from_ns))
    }

    /// Whether something was to be done for it at all.
    pub fn worked(&self) -> bool {
        self.slot.state != SlotState::Skipped && self.began_ns().is_some()
    }
}

/// How far two amounts of one download lie apart at least.
fn between_ns((first_ns, last_ns): (u64, u64)) -> u64 {
    ((last_ns - first_ns) / MOST_SAMPLES).max(1)
}

/// A course while it is gathered.
#[derive(Default)]
struct Gathering {
    board: BoardView,
    taken_at_ns: u64,
    /// Two amounts of one download lie so far apart at least.
    between_ns: u64,
    places: HashMap<(u32, u32), usize>,
    tools: Vec<Gathered>,
    /// How many entries and samples there are in all.
    entries: usize,
    samples: usize,
}

#[derive(Default)]
struct Gathered {
    slot: SlotView,
    entries: Vec<PhaseEntry>,
    received: Vec<(u64, u64)>,
}

impl Gathering {
    /// Take a reading in; `told` are those of its slots that are not as they were in the one before.
    fn note<'a>(&mut self, snapshot: &Snapshot, told: impl IntoIterator<Item = &'a SlotView>) {
        self.board.clone_from(&snapshot.board);
        self.taken_at_ns = self.taken_at_ns.max(snapshot.taken_at_ns);
        for slot in told {
            let id = (slot.index, slot.generation);
            let place = match self.places.get(&id) {
                Some(place) => *place,
                None if self.tools.len() == MOST_TOOLS => continue,
                None => {
                    self.places.insert(id, self.tools.len());
                    self.tools.push(Gathered::default());
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

    fn course(self) -> Course {
        let created_ns = self.board.created_at_ns;
        let since = |at_ns: u64| at_ns.saturating_sub(created_ns);
        let now_ns = since(self.taken_at_ns);
        let tools: Vec<Tool> = self.tools.into_iter().map(|gathered| gathered.tool(since, now_ns)).collect();
        let all_over = tools.iter().map(|tool| tool.ended_ns).collect::<Option<Vec<u64>>>();
        let length_ns = all_over.and_then(|ends| ends.into_iter().max()).unwrap_or(now_ns);
        Course { board: self.board, tools, length_ns }
    }
}

impl Gathered {
    /// Note what differs from the reading before, as long as there is `room` for more; returns how many more there are.
    fn note_phases(&mut self, slot: &SlotView, room: usize) -> usize {
        let before = self.entries.len();
        let most = MOST_ENTRIES.min(before + room);
        for (place, entry) in slot.phases.iter().enumerate() {
            if self.slot.phases.get(place) == Some(entry) {
                continue;
            }
            let known = |other: &PhaseEntry| (other.phase, other.entered_at_ns) == (entry.phase, entry.entered_at_ns);
            match self.entries.iter().position(known) {
                Some(known) => self.entries[known].done = entry.done,
                None if self.entries.len() < most => self.entries.push(*entry),
                None => {}
            }
        }
        self.entries.len() - before
    }

    /// Note how much of a download has come, and return whether that is one more amount.
    fn note_amount(&mut self, slot: &SlotView, at_ns: u64, between_ns: u64) -> bool {
        let last = self.received.last();
        let more = slot.phase == Phase::Downloading
            && !slot.state.ended()
            && last.is_none_or(|(last_ns, done)| *done != slot.done && at_ns - last_ns >= between_ns);
        if more {
            self.received.push((at_ns, slot.done));
        }
        more
    }

    fn tool(mut self, since: impl Fn(u64) -> u64, now_ns: u64) -> Tool {
        self.entries.sort_by_key(|entry| (entry.entered_at_ns, entry.phase));
        let ended_ns = match self.slot.state.ended() {
            true => Some(self.slot.ended_at_ns.map_or(now_ns, &since).min(now_ns)),
            false => None,
        };
        let end_ns = ended_ns.unwrap_or(now_ns);
        let next = self.entries.iter().skip(1).map(|entry| since(entry.entered_at_ns)).chain([end_ns]);
        let stretch = |(entry, next_ns): (&PhaseEntry, u64)| {
            let from_ns = since(entry.entered_at_ns).min(end_ns);
            Stretch { phase: entry.phase, from_ns, until_ns: next_ns.clamp(from_ns, end_ns), done: entry.done }
        };
        let stretches = self.entries.iter().zip(next).map(stretch).collect();
        let received = self.received.into_iter().map(|(at_ns, done)| (since(at_ns).min(end_ns), done)).collect();
        Tool { slot: self.slot, stretches, ended_ns, received }
    }
}

#[cfg(test)]
pub(super) mod tests;
