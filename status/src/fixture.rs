//! Boards and logs for the tests: one slot in every state.

use std::collections::VecDeque;
use std::io;

use vx_shm::{BoardState, BoardView, Creator, Kind, Liveness, SlotState, SlotView, Snapshot, Transition, Unit};

use crate::source::{LogLine, LogPart, LogPlace, Logs, Snapshots};
use crate::vocabulary::{Phase, PhaseEntry, task};

/// A second on the boards' clock.
pub const SECOND: u64 = 1_000_000_000;

/// The entry into a phase.
pub fn entry(phase: Phase, second: f64, done: u64) -> Transition {
    PhaseEntry { phase, entered_at_ns: (second * 1e9) as u64, done }.transition()
}

/// A slot that waits for its turn.
pub fn queued(index: u32, key: &str, version: &str) -> SlotView {
    SlotView {
        index,
        generation: 1,
        key: key.to_owned(),
        version: version.to_owned(),
        state: SlotState::Reserved,
        transitions: vec![entry(Phase::QUEUED, 100.0, 0)],
        ..SlotView::default()
    }
}

/// A slot that has downloaded `done` bytes since second 101.
pub fn downloading(index: u32, key: &str, version: &str, done: u64, total: Option<u64>) -> SlotView {
    SlotView {
        state: SlotState::Live,
        step: Phase::DOWNLOADING.step(),
        done,
        total,
        pid: Some(4_000 + index),
        liveness: Liveness::Alive,
        message: format!("fetching {key}"),
        transitions: vec![
            entry(Phase::QUEUED, 100.0, 0),
            entry(Phase::RESOLVING, 100.5, 0),
            entry(Phase::DOWNLOADING, 101.0, done),
        ],
        ..queued(index, key, version)
    }
}

/// A task that has run since second 101, and counts items.
pub fn counting(index: u32, key: &str, done: u64, total: u64) -> SlotView {
    let running = Phase::new(Kind::Task, task::RUNNING.number());
    SlotView {
        kind: Kind::Task,
        unit: Unit::Count,
        step: task::RUNNING,
        transitions: vec![entry(Phase::new(Kind::Task, 0), 100.0, 0), entry(running, 101.0, done)],
        ..downloading(index, key, "", done, Some(total))
    }
}

/// A slot that was done at `second`.
pub fn done(index: u32, key: &str, version: &str, size: u64, second: f64) -> SlotView {
    let mut slot = downloading(index, key, version, size, Some(size));
    slot.state = SlotState::Done;
    slot.step = Phase::LINKING.step();
    slot.transitions.push(entry(Phase::VERIFYING, second - 0.6, 0));
    slot.transitions.push(entry(Phase::EXTRACTING, second - 0.5, size));
    slot.transitions.push(entry(Phase::LINKING, second - 0.1, 0));
    slot.ended_at_ns = Some((second * 1e9) as u64);
    slot.result = Some(format!("/store/{key}/{version}"));
    slot.exit_code = Some(0);
    slot
}

/// A slot that ended in this state.
pub fn ended(index: u32, key: &str, state: SlotState, error: Option<&str>) -> SlotView {
    SlotView {
        state,
        error: error.map(str::to_owned),
        ended_at_ns: Some(104 * SECOND),
        ..downloading(index, key, "1.0.0", 1_200_000, Some(9_000_000))
    }
}

/// A project with one tool in every standing, 14 s after it began.
pub fn everything() -> Snapshot {
    let live = |slot: SlotView, phase: Phase, liveness| SlotView {
        step: phase.step(),
        liveness,
        total: None,
        transitions: [slot.transitions.clone(), vec![entry(phase, 103.0, 0)]].concat(),
        ..slot
    };
    let slots = vec![
        done(0, "node", "22.23.3", 31_200_000, 108.4),
        downloading(1, "go", "1.25.4", 41_000_000, Some(78_500_000)),
        downloading(2, "zig", "0.15.2", 9_300_000, None),
        SlotView {
            liveness: Liveness::Stalled(14_200),
            ..downloading(3, "cmake", "4.1.2", 20_000_000, Some(55_000_000))
        },
        live(downloading(4, "uv", "0.9.9", 22_000_000, None), Phase::EXTRACTING, Liveness::Silent(3_100)),
        live(downloading(5, "biome", "2.3.5", 17_000_000, None), Phase::POST_INSTALL, Liveness::Alive),
        ended(6, "ruff", SlotState::Failed, Some("the digest differs\nexpected sha256:aaaa\ngot      sha256:bbbb")),
        SlotView { signal: Some(9), ..ended(7, "esbuild", SlotState::Died, None) },
        ended(8, "ninja", SlotState::Cancelled, None),
        SlotView {
            state: SlotState::Skipped,
            message: "already there".to_owned(),
            ended_at_ns: Some(100 * SECOND),
            ..queued(9, "just", "1.43.0")
        },
        live(
            SlotView { message: "waiting for pid 4711".to_owned(), ..downloading(10, "deno", "2.5.6", 0, None) },
            Phase::WAITING,
            Liveness::Alive,
        ),
        queued(11, "日本語のツール", "1.0.0"),
    ];
    Snapshot { board: project("demo", BoardState::Running), slots, taken_at_ns: 114 * SECOND }
}

/// `count` tools, each at another point of its download.
pub fn many(count: u32) -> Snapshot {
    let total = 10_000_000;
    let slot = |index| {
        downloading(
            index,
            &format!("tool-{index:03}"),
            "1.0.0",
            u64::from(index) * total / u64::from(count),
            Some(total),
        )
    };
    Snapshot {
        board: project("many", BoardState::Running),
        slots: (0..count).map(slot).collect(),
        taken_at_ns: 110 * SECOND,
    }
}

/// A run of `count` tools in its middle, 24 s after it began: a third is done, one has failed, one stalls, eight are at
/// work, and the rest is queued.
pub fn run(count: u32) -> Snapshot {
    let finished = count / 3;
    let name = |index: u32| {
        format!("{}-{}", ["biome", "cmake", "deno", "esbuild", "fd", "gh", "just"][index as usize % 7], index / 7)
    };
    let began = |index: u32| 100.2 + 14.0 * f64::from(index) / f64::from(finished.max(1));
    let shifted = |mut slot: SlotView, by: f64| {
        for entry in slot.transitions.iter_mut().skip(1) {
            entry.entered_at_ns += (by * 1e9) as u64;
        }
        slot
    };
    let slot = |index: u32| {
        let (key, size) = (name(index), 1_000_000 + u64::from(index * 7_919 % 60) * 1_000_000);
        let part = u64::from(20 + index * 37 % 70);
        let live = || {
            shifted(downloading(index, &key, "4.1.2", size * part / 100, Some(size)), f64::from(index % 8) * 1.5 + 9.0)
        };
        match index {
            0 if count > 3 => SlotView {
                liveness: Liveness::Stalled(7_400),
                ..downloading(0, &key, "4.1.2", size * part / 100, Some(size))
            },
            1 if count > 8 => SlotView {
                ended_at_ns: Some(109 * SECOND),
                ..ended(1, &key, SlotState::Failed, Some("the server answered 404"))
            },
            _ if index < finished => {
                let from = began(index);
                let mut slot = done(index, &key, "4.1.2", size, from + 2.5 + f64::from(index % 4));
                slot.transitions[1] = entry(Phase::RESOLVING, from, 0);
                slot.transitions[2] = entry(Phase::DOWNLOADING, from + 0.3, size);
                slot
            }
            _ if index < finished + 8 => live(),
            _ => SlotView { total: Some(size), ..queued(index, &key, "4.1.2") },
        }
    };
    Snapshot {
        board: project("shop", BoardState::Running),
        slots: (0..count).map(slot).collect(),
        taken_at_ns: 124 * SECOND,
    }
}

/// Names, messages and errors with harmful characters.
pub fn hostile() -> Snapshot {
    let texts = [
        "\u{1b}[2J\u{1b}[31mred",
        "a\nb\r\tc\0d\u{7f}e",
        "\u{9b}5A\u{9d}0;title\u{7}osc",
        "\u{202e}gnp.exe\u{2066}",
        "👨\u{200d}👩\u{200d}👧 🇩🇪 ❤\u{fe0f}",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "שלום עולם",
        "::error::not a command",
    ];
    let mut slots: Vec<SlotView> = (0u32..)
        .zip(texts)
        .map(|(index, text)| SlotView {
            message: text.to_owned(),
            details: text.repeat(40),
            result: Some(text.to_owned()),
            ..ended(index, text, SlotState::Failed, Some(&format!("{text}\n{text}")))
        })
        .collect();
    slots.push(SlotView { version: "9".repeat(9_000), ..downloading(8, &"語".repeat(5_000), "", 7, Some(3)) });
    Snapshot { board: project("\u{1b}]0;gone\u{7}bad\u{202e}", BoardState::Failed), slots, taken_at_ns: u64::MAX }
}

fn project(title: &str, state: BoardState) -> BoardView {
    BoardView {
        id: "0".repeat(32),
        title: title.to_owned(),
        state,
        created_at_ns: 100 * SECOND,
        creator: Creator { pid: 3_999, alive: Some(true) },
        capacity: 64,
        ..BoardView::default()
    }
}

/// The given readings in order; the last one stays.
pub struct SnapshotSequence(pub VecDeque<Snapshot>);

impl SnapshotSequence {
    /// These readings.
    pub fn new(readings: impl IntoIterator<Item = Snapshot>) -> Self {
        Self(readings.into_iter().collect())
    }
}

impl Snapshots for SnapshotSequence {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        let Some(next) = self.0.pop_front() else { return Ok(false) };
        *into = next;
        Ok(true)
    }
}

/// A log of numbered lines, `line 0` and on, read in pieces of `piece` lines.
pub struct LongLog {
    lines: Vec<LogLine>,
    size: u64,
    /// Number of lines that one call reads.
    pub piece: usize,
    /// The last line has no end yet.
    open: bool,
}

impl LongLog {
    /// A log of this many lines.
    pub fn with_lines(count: usize) -> Self {
        let mut log = Self { lines: Vec::new(), size: 0, piece: 100, open: false };
        log.grow_to(count);
        log
    }

    /// Add lines up to this many.
    pub fn grow_to(&mut self, count: usize) {
        for number in self.lines.len()..count {
            let line = LogLine { at: self.size, text: format!("line {number}") };
            self.size += line.text.len() as u64 + 1;
            self.lines.push(line);
        }
    }

    /// Add a line without a line end.
    pub fn write(&mut self, text: &str) {
        self.lines.push(LogLine { at: self.size, text: text.to_owned() });
        self.open = true;
    }

    /// The byte offset of a line.
    pub fn line_offset(&self, number: usize) -> u64 {
        self.lines[number].at
    }
}

impl Logs for LongLog {
    fn tail(&mut self, _key: &str, lines: usize) -> Vec<String> {
        self.lines[self.lines.len().saturating_sub(lines)..].iter().map(|line| line.text.clone()).collect()
    }

    fn location(&self, key: &str) -> Option<String> {
        Some(format!("/logs/{key}.log"))
    }

    fn read(&mut self, _key: &str, place: LogPlace) -> LogPart {
        let index = |at: u64| self.lines.partition_point(|line| line.at < at);
        let (from, to) = match place {
            LogPlace::End => (self.lines.len().saturating_sub(self.piece), self.lines.len()),
            LogPlace::Before(at) => (index(at).saturating_sub(self.piece), index(at)),
            LogPlace::From(at) => (index(at), (index(at) + self.piece).min(self.lines.len())),
        };
        let at = |number: usize| self.lines.get(number).map_or(self.size, |line| line.at);
        let last = to == self.lines.len();
        let ended = if last && self.open { to - 1 } else { to };
        LogPart { lines: self.lines[from..to].to_vec(), from: at(from), to: at(ended), size: self.size, last }
    }
}

/// Logs with the same few lines for every slot.
pub struct FixedLogs(pub Vec<String>);

impl Logs for FixedLogs {
    fn tail(&mut self, _key: &str, lines: usize) -> Vec<String> {
        self.0[self.0.len().saturating_sub(lines)..].to_vec()
    }

    fn location(&self, key: &str) -> Option<String> {
        Some(format!("/logs/{key}.log"))
    }
}
