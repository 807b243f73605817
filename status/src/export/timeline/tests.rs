use vx_shm::recording::Recorder;
use vx_shm::{Kind, Unit};

use super::*;

const MS: u64 = 1_000_000;
const BEGUN: u64 = 1_000 * MS;

fn tool(index: u32, key: &str, phases: &[(Phase, u64, u64)], end: Option<(SlotState, u64)>) -> SlotView {
    let entry = |(phase, ms, done): &(Phase, u64, u64)| PhaseEntry {
        phase: *phase,
        entered_at_ns: BEGUN + ms * MS,
        done: *done,
    };
    let last = phases.last().copied().unwrap_or((Phase::QUEUED, 0, 0));
    SlotView {
        index,
        generation: 1,
        key: key.into(),
        version: format!("{index}.2.3"),
        state: end.map_or(SlotState::Live, |(state, _)| state),
        step: last.0.step(),
        done: last.2,
        transitions: phases.iter().map(entry).map(PhaseEntry::transition).collect(),
        ended_at_ns: end.map(|(_, ms)| BEGUN + ms * MS),
        ..SlotView::default()
    }
}

fn reading(ms: u64, state: BoardState, slots: Vec<SlotView>) -> Snapshot {
    let board = BoardView {
        id: "0123456789abcdef0123456789abcdef".into(),
        title: "demo".into(),
        state,
        created_unix_ns: 1_790_000_000 * 1_000 * MS as i64,
        created_at_ns: BEGUN,
        capacity: 8,
        ..BoardView::default()
    };
    Snapshot { board, slots, taken_at_ns: BEGUN + ms * MS }
}

/// A run of three tools with two places for installs: the third waits until the first is over, and fails.
pub(in crate::export) fn run() -> RunTimeline {
    of_readings(&readings())
}

/// The same run, in which the third tool is tried again, in its slot, and succeeds.
pub(in crate::export) fn retried() -> RunTimeline {
    let mut readings = readings();
    let mut last = readings.last().expect("readings").clone();
    let key = last.slots[2].key.clone();
    let phases = [(Phase::QUEUED, 2_000, 0), (Phase::DOWNLOADING, 2_010, 9_000_000)];
    for (ms, end) in [(2_100, None), (2_250, Some((SlotState::Done, 2_200)))] {
        last.slots[2] = SlotView { generation: 2, attempt: 2, ..tool(2, &key, &phases, end) };
        last.taken_at_ns = BEGUN + ms * MS;
        last.board.state = if end.is_some() { BoardState::Done } else { BoardState::Running };
        readings.push(last.clone());
    }
    of_readings(&readings)
}

/// A run of two tasks with one place for them: the second waits until the first is over.
pub(in crate::export) fn tasks() -> RunTimeline {
    let step = |number, ms, done| (Phase::new(Kind::Task, number), ms, done);
    let task = |index, key: &str, phases: &[(Phase, u64, u64)], end_ms| {
        let end = Some((SlotState::Done, end_ms));
        SlotView { kind: Kind::Task, unit: Unit::Count, ..tool(index, key, phases, end) }
    };
    let build = task(0, "build", &[step(0, 0, 0), step(2, 10, 0), step(3, 100, 40)], 900);
    let test = task(1, "test", &[step(0, 0, 0), step(3, 901, 7), step(4, 1_400, 0)], 1_500);
    RunTimeline::of_reading(&reading(1_500, BoardState::Done, vec![build, test]))
}

fn readings() -> Vec<Snapshot> {
    const Q: Phase = Phase::QUEUED;
    const R: Phase = Phase::RESOLVING;
    const D: Phase = Phase::DOWNLOADING;
    const V: Phase = Phase::VERIFYING;
    const E: Phase = Phase::EXTRACTING;
    const L: Phase = Phase::LINKING;
    let mut readings = Vec::new();
    for ms in (0..=1_000).step_by(50) {
        let node = tool(0, "node", &[(Q, 0, 0), (R, 5, 0), (D, 20, (ms.min(1_000)) * 30_000)], None);
        let hold = tool(2, "<script>alert(1)</script>", &[(Q, 0, 0)], None);
        let uv = tool(1, "uv", &[(Q, 0, 0), (R, 5, 0), (D, 30, ms * 9_000)], None);
        readings.push(reading(ms, BoardState::Running, vec![node, uv, hold]));
    }
    let node_end = Some((SlotState::Done, 1_400));
    let node = tool(
        0,
        "node",
        &[(Q, 0, 0), (R, 5, 0), (D, 20, 30_000_000), (V, 1_000, 0), (E, 1_010, 90_000_000), (L, 1_380, 3)],
        node_end,
    );
    let uv = tool(
        1,
        "uv",
        &[(Q, 0, 0), (R, 5, 0), (D, 30, 9_000_000), (E, 1_050, 0), (L, 1_090, 0)],
        Some((SlotState::Done, 1_100)),
    );
    let failed = SlotView {
        error: Some("the digest differs\n\u{202e}expected </pre><b>sha256".into()),
        ..tool(
            2,
            "<script>alert(1)</script>",
            &[(Q, 0, 0), (R, 1_402, 0), (D, 1_410, 500_000)],
            Some((SlotState::Failed, 1_900)),
        )
    };
    readings.push(reading(1_950, BoardState::Failed, vec![node, uv, failed]));
    readings
}

fn of_readings(readings: &[Snapshot]) -> RunTimeline {
    let mut recorder = Recorder::new(Vec::new(), 1 << 20, &readings[0]).expect("memory");
    readings[1..].iter().for_each(|reading| drop(recorder.add_reading(reading)));
    let bytes = recorder.end(readings.last().expect("readings")).expect("memory");
    RunTimeline::of_recording(Recording::from_bytes(bytes).expect("a recording"), None)
}

/// The same project a day earlier, slower by a half.
pub(in crate::export) fn earlier() -> RunTimeline {
    let mut course = run();
    course.board.created_unix_ns -= 24 * 3_600 * 1_000 * MS as i64;
    course.board.state = BoardState::Done;
    course.length_ns = course.length_ns * 3 / 2;
    for tool in &mut course.tools {
        tool.slot.state = SlotState::Done;
        for stretch in &mut tool.stretches {
            (stretch.from_ns, stretch.until_ns) = (stretch.from_ns * 3 / 2, stretch.until_ns * 3 / 2);
        }
    }
    course
}

#[test]
fn stretches_follow_each_other_and_end_with_the_tool() {
    let course = run();
    assert_eq!(course.length_ns, 1_900 * MS);
    let node = &course.tools[0];
    let told: Vec<_> =
        node.stretches.iter().map(|stretch| (stretch.phase, stretch.from_ns / MS, stretch.until_ns / MS)).collect();
    assert_eq!(
        told,
        [
            (Phase::QUEUED, 0, 5),
            (Phase::RESOLVING, 5, 20),
            (Phase::DOWNLOADING, 20, 1_000),
            (Phase::VERIFYING, 1_000, 1_010),
            (Phase::EXTRACTING, 1_010, 1_380),
            (Phase::LINKING, 1_380, 1_400)
        ]
    );
    assert_eq!((node.bytes(), node.took_ns(), node.ended_ns), (30_000_000, Some(1_395 * MS), Some(1_400 * MS)));
    assert!(node.received.len() >= 20 && node.received.is_sorted());
    assert_eq!(course.bytes(), 39_500_000);
}

#[test]
fn a_task_begins_when_it_leaves_its_queue() {
    let course = tasks();
    let began: Vec<Option<u64>> = course.tools.iter().map(ToolTimeline::began_ns).collect();
    assert_eq!(began, [Some(10 * MS), Some(901 * MS)]);
    let words: Vec<&str> = course.phases().into_iter().map(Phase::name).collect();
    assert_eq!(words, ["queued", "preparing", "running", "finishing"]);
}

/// A board of 4096 downloads that all move all the time.
fn crowd(readings: u64, between_ns: u64) -> RunTimeline {
    let mut now = reading(0, BoardState::Running, Vec::new());
    now.board.capacity = 4_096;
    now.slots = (0..4_096).map(|index| tool(index, "t", &[(Phase::DOWNLOADING, 0, 0)], None)).collect();
    let mut recorder = Recorder::new(Vec::new(), 64 << 20, &now).expect("memory");
    for _ in 1..readings {
        now.taken_at_ns += between_ns;
        now.slots.iter_mut().for_each(|slot| slot.done += 60);
        recorder.add_reading(&now).expect("memory");
    }
    let bytes = recorder.end(&now).expect("memory");
    RunTimeline::of_recording(Recording::from_bytes(bytes).expect("a recording"), None)
}

#[test]
fn amounts_are_few_in_all_and_end_with_the_last() {
    let course = crowd(20, 50 * MS);
    assert_eq!((course.tools.len(), course.tools[4_095].bytes()), (4_096, 19 * 60));
    let samples: usize = course.tools.iter().map(|tool| tool.received.len()).sum();
    assert!((MOST_SAMPLES_IN_ALL / 4..=MOST_SAMPLES_IN_ALL).contains(&samples), "{samples}");
    assert!(course.tools.iter().all(|tool| tool.received[0] == (0, 0) && tool.received.is_sorted()));
}

#[test]
fn phases_are_few_in_all() {
    let mut gathering = Gathering::default();
    for round in 0..10u64 {
        let entry =
            |phase: u64| PhaseEntry { phase: Phase::LINKING, entered_at_ns: round * 100 + phase, done: 0 }.transition();
        let slot = |index| SlotView { index, transitions: (0..30).map(entry).collect(), ..SlotView::default() };
        let slots: Vec<SlotView> = (0..512).map(slot).collect();
        gathering.add_reading(&reading(round, BoardState::Running, Vec::new()), &slots);
    }
    let course = gathering.course();
    let stretches: usize = course.tools.iter().map(|tool| tool.stretches.len()).sum();
    assert_eq!(stretches, MOST_ENTRIES_IN_ALL);
    assert!(course.tools.iter().all(|tool| tool.stretches.len() <= MOST_ENTRIES));
}

#[test]
fn readings_that_lie_no_time_apart_are_few_amounts() {
    let mut now = reading(0, BoardState::Running, vec![tool(0, "node", &[(Phase::DOWNLOADING, 0, 0)], None)]);
    let mut gathering = Gathering { between_ns: between_ns((BEGUN, BEGUN + 999)), ..Gathering::default() };
    for _ in 0..100 {
        now.slots[0].done += 1;
        gathering.add_reading(&now, &now.slots);
    }
    assert_eq!(gathering.samples, 1);
}

#[test]
fn one_reading_tells_as_much_as_it_holds() {
    let snapshot = reading(700, BoardState::Running, vec![tool(0, "node", &[(Phase::DOWNLOADING, 20, 5)], None)]);
    let course = RunTimeline::of_reading(&snapshot);
    let whole = PhaseSpan { phase: Phase::DOWNLOADING, from_ns: 20 * MS, until_ns: 700 * MS, done: 5 };
    assert_eq!((course.tools[0].stretches.as_slice(), course.length_ns), (&[whole][..], 700 * MS));
}

#[test]
fn moments_that_cannot_be_leave_stretches_that_can() {
    let mut wild = tool(0, "node", &[(Phase::DOWNLOADING, 20, 5), (Phase::LINKING, 10, 0)], None);
    wild.transitions[0].entered_at_ns = u64::MAX;
    wild.transitions[1].entered_at_ns = 1;
    let course = RunTimeline::of_reading(&reading(700, BoardState::Running, vec![wild]));
    for stretch in &course.tools[0].stretches {
        assert!(stretch.from_ns <= stretch.until_ns && stretch.until_ns <= 700 * MS, "{stretch:?}");
    }
}

#[test]
fn a_namesake_with_other_tools_is_another_project() {
    let with = |keys: &[&str]| {
        let slots = (0..).zip(keys).map(|(index, key)| tool(index, key, &[], None)).collect();
        RunTimeline::of_reading(&reading(700, BoardState::Running, slots))
    };
    let web = with(&["node", "ruff", "uv"]);
    assert!(web.has_tools_of(&web) && web.has_tools_of(&with(&["uv", "node"])), "one more or less is the same project");
    assert!(!web.has_tools_of(&with(&["node", "go", "zig"])) && !web.has_tools_of(&with(&["node"])));
    let many = with(&["node", "ruff", "uv", "go", "zig", "just"]);
    assert!(!web.has_tools_of(&many) && !many.has_tools_of(&web), "half of them is not most of them");
    assert!(
        !web.has_tools_of(&RunTimeline::default()) && !RunTimeline::default().has_tools_of(&RunTimeline::default())
    );
}
