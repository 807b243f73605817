use super::*;
use crate::progress::{BoardState, Health, Kind, SlotState, Step, Unit};
use crate::recording::Recorder;
use crate::view::{Creator, Liveness, ProjectKey, SlotView, Snapshot, Transition, WaitsFor};
use proptest::prelude::*;

const BEGUN: u64 = 1_000_000_000;

fn step() -> impl Strategy<Value = Step> {
    any::<u8>().prop_map(Step::new)
}

fn waits_for() -> impl Strategy<Value = Option<WaitsFor>> {
    let other = ("[0-9a-f]{32}", any::<u32>(), any::<u32>());
    let other = other.prop_map(|(board_id, slot, generation)| WaitsFor { board_id, slot, generation });
    proptest::option::of(other)
}

fn liveness() -> impl Strategy<Value = Liveness> {
    prop_oneof![
        Just(Liveness::Unknown),
        Just(Liveness::Alive),
        (0..1u64 << 40).prop_map(Liveness::Stalled),
        (0..1u64 << 40).prop_map(Liveness::Silent),
        Just(Liveness::Lost),
    ]
}

prop_compose! {
    fn slot()(
        (generation, key, version, state) in (any::<u32>(), ".{0,20}", ".{0,9}", proptest::sample::select(SlotState::ALL)),
        (step, done, total, attempt, pid) in (step(), any::<u64>(), any::<Option<u64>>(), any::<u8>(), any::<Option<u32>>()),
        (message, details, error) in (".{0,30}", ".{0,30}", proptest::option::of(".{0,60}")),
        cause in proptest::option::of(".{0,30}"),
        (exit_code, signal, result) in (any::<Option<i32>>(), any::<Option<i32>>(), proptest::option::of(".{0,30}")),
        (unit, health) in (proptest::sample::select(Unit::ALL), proptest::sample::select(Health::ALL)),
        (step_name, address, port) in (proptest::option::of(".{0,9}"), proptest::option::of(".{0,9}"), any::<Option<u16>>()),
        (key_hash, parent, runner) in (any::<u64>(), any::<Option<u32>>(), any::<Option<u32>>()),
        (log_writer, process_group, waits_for) in (any::<Option<u32>>(), any::<Option<u32>>(), waits_for()),
        transitions in prop::collection::vec((step(), any::<u64>(), any::<u64>()), 0..8),
        (ended_at_ns, liveness) in (any::<Option<u64>>(), liveness()),
    ) -> SlotView {
        let mut transitions: Vec<Transition> = transitions
            .into_iter()
            .map(|(step, entered_at_ns, done)| Transition { step, entered_at_ns, done })
            .collect();
        if let Some(present) = transitions.last_mut() {
            present.done = done;
        }
        SlotView {
            index: 0, generation, key, key_hash, version, kind: Kind::Install, state, step, step_name, done, total, unit,
            health, attempt, pid, liveness, last_beat_at_ns: None, parent, waits_for, runner, log_writer, process_group,
            address, port, cause, message, details, error, exit_code, signal, result, transitions, ended_at_ns,
        }
    }
}

prop_compose! {
    fn project()(hash in any::<u64>(), text in ".{0,30}") -> ProjectKey {
        ProjectKey { hash, text }
    }
}

prop_compose! {
    fn snapshot()(
        slots in prop::collection::vec((any::<bool>(), slot()), 0..6),
        state in proptest::sample::select(BoardState::ALL),
        (title, epoch, alive) in (".{0,20}", any::<u32>(), any::<Option<bool>>()),
        (kind, project) in (proptest::option::of(proptest::sample::select(Kind::ALL)), proptest::option::of(project())),
    ) -> Snapshot {
        let slots = slots.into_iter().enumerate().filter(|(_, (there, _))| *there);
        let slots = slots.map(|(index, (_, slot))| SlotView { index: index as u32, ..slot }).collect();
        let board = BoardView {
            id: "0123456789abcdef0123456789abcdef".into(),
            state, title, kind, project, epoch, created_unix_ns: 5, created_at_ns: BEGUN, capacity: 8,
            creator: Creator { pid: 7, alive },
        };
        Snapshot { board, slots, taken_at_ns: BEGUN }
    }
}

fn recorded(readings: &[Snapshot]) -> Vec<u8> {
    let mut recorder = Recorder::new(Vec::new(), MOST_BYTES, &readings[0]).unwrap();
    for reading in &readings[1..] {
        recorder.add_reading(reading).unwrap();
    }
    recorder.end(readings.last().unwrap()).unwrap()
}

/// A recording keeps a quiet time to a quarter of a second, and only back to the start of the machine's clock.
fn alike(one: Liveness, other: Liveness) -> bool {
    match (one, other) {
        (Liveness::Stalled(one), Liveness::Stalled(other)) | (Liveness::Silent(one), Liveness::Silent(other)) => {
            one.abs_diff(other) <= 251 || other > BEGUN / 1_000_000
        }
        (one, other) => one == other,
    }
}

fn timed(mut readings: Vec<Snapshot>) -> Vec<Snapshot> {
    for (second, reading) in readings.iter_mut().enumerate() {
        reading.taken_at_ns = BEGUN + second as u64 * 1_000_000_000;
    }
    readings
}

proptest! {
    #[test]
    fn every_reading_comes_back_as_it_was_from_wherever_one_comes(
        readings in prop::collection::vec(snapshot(), 1..8),
        places in prop::collection::vec(0usize..8, 0..12),
    ) {
        let readings = timed(readings);
        let mut playback = Recording::from_bytes(recorded(&readings)).unwrap().playback();
        prop_assert!(playback.recording().complete());
        for place in places.into_iter().map(|place| place.min(readings.len() - 1)) {
            playback.seek(readings[place].taken_at_ns);
            let mut shown = Snapshot::default();
            playback.show_at(readings[place].taken_at_ns, &mut shown);
            prop_assert_eq!(&shown.board, &readings[place].board);
            prop_assert_eq!(shown.slots.len(), readings[place].slots.len());
            for (shown, wanted) in shown.slots.iter().zip(&readings[place].slots) {
                let quiet = alike(shown.liveness, wanted.liveness);
                prop_assert!(quiet, "{:?} is not {:?}", shown.liveness, wanted.liveness);
                prop_assert_eq!(&SlotView { liveness: wanted.liveness, ..shown.clone() }, wanted);
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_overwritten_costs_itself_and_what_comes_behind_it(
        readings in prop::collection::vec(snapshot(), 2..6),
        at in any::<prop::sample::Index>(),
        bit in 0u32..8,
        cut in any::<bool>(),
    ) {
        let readings = timed(readings);
        let mut bytes = recorded(&readings);
        let at = HEADER_BYTES + at.index(bytes.len() - HEADER_BYTES);
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        if let Ok(recording) = Recording::from_bytes(bytes) {
            prop_assert!(!recording.complete());
            let playback = recording.playback();
            for place in 0..playback.recording().readings() {
                prop_assert!(readings.iter().any(|reading| reading.taken_at_ns == playback.time_of(place)));
            }
        }
    }

    #[test]
    fn any_bytes_at_all_behind_a_good_header_end_in_an_answer(
        frames in prop::collection::vec((0u8..5, prop::collection::vec(any::<u8>(), 0..60)), 0..20),
    ) {
        let mut bytes = header::encode(&BoardView { capacity: 4096, ..BoardView::default() }).to_vec();
        for (what, rest) in frames {
            put_frame(&mut bytes, &std::iter::once(what).chain(rest).collect::<Vec<u8>>());
        }
        if let Ok(recording) = Recording::from_bytes(bytes) {
            let mut playback = recording.playback();
            playback.seek(u64::MAX);
            playback.seek(0);
        }
    }
}

fn put_frame(bytes: &mut Vec<u8>, payload: &[u8]) {
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(crc32fast::hash(payload).to_le_bytes());
    bytes.extend(payload);
}

/// This many whole readings of an empty board, each followed by this many empty changes; a frame takes 12 bytes.
fn wholes_and_changes(wholes: usize, changes: usize) -> Recording {
    let mut bytes = header::encode(&BoardView::default()).to_vec();
    for _ in 0..wholes {
        put_frame(&mut bytes, &[WHOLE, 0, 0, 0]);
        (0..changes).for_each(|_| put_frame(&mut bytes, &[CHANGES, 0, 0, 0]));
    }
    Recording::from_bytes(bytes).unwrap()
}

#[test]
fn a_recording_ends_where_no_recorder_would_have_gone_on_without_a_whole_reading() {
    assert_eq!(wholes_and_changes(3, 21_000).readings(), 3 * 21_001);
    let readings = wholes_and_changes(1, 100_000).readings();
    assert!((21_000..22_000).contains(&readings), "{readings}");
}

#[test]
fn a_walk_takes_time_in_proportion_to_the_length() {
    let begun = std::time::Instant::now();
    let recording = wholes_and_changes(6, 21_000);
    let patience = 5 * begun.elapsed() + std::time::Duration::from_secs(1);
    let mut playback = recording.playback();
    for place in 1..playback.recording().readings() {
        assert!(playback.go_to(place));
        assert!(begun.elapsed() < patience, "at {place} after {:?}", begun.elapsed());
    }
}

#[test]
fn a_step_tells_which_slots_it_is_about() {
    let mut readings = golden_readings();
    readings[2].slots[0].done += 1;
    let mut playback = Recording::from_bytes(recorded(&readings)).unwrap().playback();
    let mut told = Vec::new();
    while let Some((snapshot, places)) = playback.step() {
        told.push((snapshot.slots.len(), places.to_vec()));
    }
    // The last reading differs from the one before only in the quiet time of the first slot.
    assert_eq!(told, [(2, vec![0, 1]), (2, vec![0, 1]), (2, vec![0])]);
    assert!(playback.step().is_none());
}

#[test]
fn recordings_of_all_minor_versions_read() {
    let minor_0 = shows_what_was_recorded("recording-2.vxr");
    assert_eq!((minor_0.board.kind, &minor_0.board.project, &minor_0.slots[1].cause), (None, &None, &None));
    let minor_1 = shows_what_was_recorded("recording-2.1.vxr");
    assert!(minor_1.board.kind == Some(Kind::Install) && minor_1.board.is_of_project(PROJECT), "{minor_1:?}");
    assert_eq!(minor_1.slots[1].cause.as_deref(), Some("the mirror"));
}

/// Check the last reading of a golden recording as far as all minor versions have it.
fn shows_what_was_recorded(golden: &str) -> Snapshot {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden);
    let mut playback = Recording::open(&path).unwrap().playback();
    playback.seek(u64::MAX);
    let last = playback.last();
    assert_eq!((last.board.title.as_str(), last.board.state, last.slots.len()), ("golden", BoardState::Failed, 2));
    assert_eq!((last.slots[0].key.as_str(), last.slots[0].done), ("node", 31_200_000));
    assert_eq!(last.slots[1].error.as_deref(), Some("the digest differs: ünïcode"));
    assert_eq!(playback.recording().readings(), 4);
    playback.last().clone()
}

/// Key of the golden board's project.
const PROJECT: &str = "/home/ünïcode/project";

/// Run this by hand once for each version of the format.
#[test]
#[ignore = "writes the golden file"]
fn write_the_golden_recording() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/recording-2.1.vxr");
    assert!(!path.exists(), "a golden recording is kept as it is");
    std::fs::write(path, recorded(&golden_readings())).unwrap();
}

fn golden_readings() -> Vec<Snapshot> {
    let entry = |step, second: u64, done| Transition { step: Step::new(step), entered_at_ns: BEGUN * second, done };
    let project = Some(ProjectKey { hash: crate::layout::hash_key(PROJECT), text: PROJECT.into() });
    let board = BoardView { kind: Some(Kind::Install), project, ..BoardView::default() };
    let board = BoardView { title: "golden".into(), created_at_ns: BEGUN, capacity: 64, ..board };
    let node = SlotView { generation: 1, key: "node".into(), version: "22.3.0".into(), ..SlotView::default() };
    let first = Snapshot { board: board.clone(), slots: vec![node.clone()], taken_at_ns: BEGUN };
    let mut moving = first.clone();
    moving.taken_at_ns = 2 * BEGUN;
    moving.slots[0] = SlotView {
        state: SlotState::Live,
        step: Step::new(3),
        unit: Unit::Bytes,
        step_name: Some("mirroring".into()),
        waits_for: Some(WaitsFor { board_id: "00".repeat(15) + "07", slot: 1, generation: 2 }),
        done: 31_200_000,
        total: Some(62_400_000),
        pid: Some(4_711),
        liveness: Liveness::Stalled(700),
        transitions: vec![entry(0, 1, 0), entry(3, 2, 31_200_000)],
        ..node.clone()
    };
    let uv = SlotView { index: 1, key: "uv".into(), ..node };
    moving.slots.push(uv.clone());
    let mut last = moving.clone();
    last.taken_at_ns = 3 * BEGUN;
    last.board.state = BoardState::Failed;
    last.slots[1] = SlotView {
        state: SlotState::Failed,
        error: Some("the digest differs: ünïcode".into()),
        cause: Some("the mirror".into()),
        exit_code: Some(1),
        ended_at_ns: Some(3 * BEGUN),
        ..uv
    };
    vec![first, moving, last]
}
