use super::*;
use proptest::prelude::*;
use vx_shm::{BoardState, Kind, SlotState, SlotView};
use vx_status::vocabulary::{Phase, PhaseEntry};

fn home() -> (tempfile::TempDir, Home) {
    let directory = tempfile::tempdir().expect("a directory");
    let home = Home::from_root(directory.path().to_owned());
    (directory, home)
}

fn slot(key: &str, state: SlotState, from_s: f64) -> SlotView {
    let entry =
        |phase, second: f64, done| PhaseEntry { phase, entered_at_ns: (second * 1e9) as u64, done }.transition();
    SlotView {
        key: key.to_owned(),
        version: "1.2.3".to_owned(),
        kind: Kind::Install,
        state,
        transitions: vec![
            entry(Phase::QUEUED, 1.0, 0),
            entry(Phase::RESOLVING, from_s, 0),
            entry(Phase::WAITING, from_s + 0.2, 0),
            entry(Phase::DOWNLOADING, from_s + 1.0, 7_000_000),
            entry(Phase::LINKING, from_s + 3.5, 12),
        ],
        ended_at_ns: Some(((from_s + 3.7) * 1e9) as u64),
        ..SlotView::default()
    }
}

fn run(slots: Vec<SlotView>) -> Snapshot {
    let mut snapshot = Snapshot { slots, ..Snapshot::default() };
    snapshot.board.state = BoardState::Done;
    snapshot
}

#[test]
fn what_went_well_is_expected_to_take_as_long_again() {
    let (_directory, home) = home();
    let slots = vec![
        slot("node", SlotState::Done, 2.0),
        slot("go", SlotState::Done, 3.0),
        slot("zig", SlotState::Failed, 3.0),
        slot("uv", SlotState::Done, 20.0),
    ];
    record_run(&home, &run(slots), false).expect("it is written");
    let expected = expectations(&home);
    let mut known: Vec<&String> = expected.tools.keys().collect();
    known.sort();
    assert_eq!(known, ["go", "node", "uv"], "a failure says nothing of how long it takes");
    let node = &expected.tools["node"][0];
    assert_eq!((node.version.as_str(), node.bytes), ("1.2.3", 7_000_000));
    assert_eq!(node.phases, [(Phase::RESOLVING, 200), (Phase::DOWNLOADING, 2_500), (Phase::LINKING, 200)]);
    assert_eq!(expected.at_once, Some(3), "at the most of any moment");
}

#[test]
fn bytes_that_lay_in_the_cache_make_no_later_download_faster() {
    let (_directory, home) = home();
    let resumed = |key: &str, cached: u64| {
        let mut slot = slot(key, SlotState::Done, 2.0);
        let verified = PhaseEntry { phase: Phase::VERIFYING, entered_at_ns: 3_000_000_000, done: cached };
        slot.transitions.insert(3, verified.transition());
        slot
    };
    let run = run(vec![resumed("node", 3_500_000), resumed("go", 6_900_000)]);
    record_run(&home, &run, false).expect("it is written");
    let tools = expectations(&home).tools;
    // Half of it came in 2.5 s.
    let node = &tools["node"][0];
    assert_eq!((node.bytes, node.phase_ms(Phase::DOWNLOADING)), (7_000_000, 5_000));
    assert!(!tools.contains_key("go"), "the last bytes alone say nothing");
}

#[test]
fn only_a_run_that_left_some_behind_of_itself_says_how_many_are_at_work_at_once() {
    let (_directory, home) = home();
    let both = run(vec![slot("node", SlotState::Done, 2.0), slot("go", SlotState::Done, 2.0)]);
    record_run(&home, &both, false).expect("it is written");
    assert_eq!(expectations(&home).at_once, None, "there was nothing more to do");
    let in_turn = run(vec![slot("node", SlotState::Done, 2.0), slot("go", SlotState::Done, 20.0)]);
    record_run(&home, &in_turn, true).expect("it is written");
    assert_eq!(expectations(&home).at_once, None, "it was told to");
    record_run(&home, &in_turn, false).expect("it is written");
    assert_eq!(expectations(&home).at_once, Some(1));
}

#[test]
fn a_damaged_or_foreign_file_counts_as_none_and_is_replaced() {
    let (_directory, home) = home();
    let too_large = vec![b' '; MOST_BYTES + 1];
    for bytes in [&b""[..], b"{", b"\xff\xfe", br#"{"format":9,"runs":1,"at_once":[],"tools":{}}"#, b"[]", &too_large] {
        fs::create_dir_all(home.history().parent().expect("a folder")).expect("a folder");
        fs::write(home.history(), bytes).expect("a file");
        assert_eq!(expectations(&home), Expectations::default());
    }
    record_run(&home, &run(vec![slot("node", SlotState::Done, 2.0)]), false).expect("it is written");
    assert_eq!(expectations(&home).tools.len(), 1);
}

#[test]
fn few_installs_of_a_tool_are_kept_and_a_bounded_number_of_tools() {
    let (_directory, home) = home();
    for number in 0..40 {
        let mut slots: Vec<SlotView> =
            (0..100).map(|tool| slot(&format!("tool-{number}-{tool}"), SlotState::Done, 2.0)).collect();
        slots.push(slot("node", SlotState::Done, f64::from(number)));
        record_run(&home, &run(slots), false).expect("it is written");
    }
    let size = fs::metadata(home.history()).expect("a file").len();
    assert!(size <= MOST_BYTES as u64, "{size} bytes");
    let expected = expectations(&home);
    assert_eq!(expected.tools["node"].len(), vx_status::source::PAST_INSTALLS);
    assert!(expected.tools.contains_key("tool-39-50"), "the newest stay");
    assert!(!expected.tools.contains_key("tool-0-50"), "the oldest go");
    assert_eq!(fs::read_dir(home.history().parent().expect("a folder")).expect("it reads").count(), 1);
}

#[test]
fn one_run_larger_than_the_file_may_be_is_kept_in_part() {
    let (_directory, home) = home();
    let slots = (0..3_000).map(|tool| slot(&format!("tool-{tool}"), SlotState::Done, 2.0)).collect();
    record_run(&home, &run(slots), false).expect("it is written");
    let kept = expectations(&home).tools.len();
    assert!((100..3_000).contains(&kept), "{kept}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(document::HistoryDocument::decode(&bytes).is_none_or(|kept| kept.expectations().tools.len() < 200));
    }
}
