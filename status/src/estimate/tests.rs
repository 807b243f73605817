use crate::vocabulary::PhaseEntry;
use proptest::prelude::*;
use vx_shm::{Kind, Liveness, SlotState, WaitsFor};

use super::*;
use crate::fixture::{SECOND, counting, done, downloading, entry, everything, queued};
use crate::source::PastInstall;

fn install(bytes: u64, download_ms: u64, linking_ms: u64) -> PastInstall {
    let phases = vec![(Phase::RESOLVING, 100), (Phase::DOWNLOADING, download_ms), (Phase::LINKING, linking_ms)];
    PastInstall { version: "1".to_owned(), bytes, phases }
}

fn past(tools: &[(&str, &[PastInstall])], at_once: u32) -> Expectations {
    let tools = tools.iter().map(|(tool, installs)| ((*tool).to_owned(), installs.to_vec())).collect();
    Expectations { tools, at_once: Some(at_once) }
}

fn board(slots: Vec<SlotView>, second: u64) -> Snapshot {
    let mut snapshot = everything();
    snapshot.slots = slots;
    snapshot.taken_at_ns = second * SECOND;
    snapshot
}

/// The estimate as it is shown, and the runs behind it.
fn whole(snapshot: &Snapshot, paces: &[SlotRate], expectations: &Expectations) -> Option<(u64, u32)> {
    Estimate::from_snapshot(snapshot, paces, expectations).whole.map(|left| (in_seconds(left.ms), left.runs))
}

fn pace(bytes_per_second: u64, measured_ms: u64) -> SlotRate {
    let gained = bytes_per_second * measured_ms / 1000;
    SlotRate { bytes_per_second: Some(bytes_per_second), measured_ms, gained, slow: false }
}

#[test]
fn steps_that_take_longer_than_a_second_have_a_time_left() {
    let board = board(vec![counting(0, "test", 2, 7)], 104);
    let pace = SlotRate { bytes_per_second: Some(0), measured_ms: 3_000, gained: 2, slow: false };
    let left = Estimate::from_snapshot(&board, &[pace], &Expectations::default()).whole;
    assert_eq!(left, Some(TimeLeft { ms: 7_500, runs: 0 }));
}

#[test]
fn before_the_first_byte_earlier_runs_give_the_estimate() {
    let once = [install(8_000_000, 3_500, 400)];
    let expected =
        past(&[("node", &once), ("go", &[install(8_000_000, 7_500, 400), install(8_000_000, 7_500, 400)])], 2);
    let both = board(vec![queued(0, "node", "1"), queued(1, "go", "1")], 100);
    assert_eq!(whole(&both, &[], &expected), Some((8_000, 1)), "side by side, as long as the longer one");
    let one_at_a_time = Expectations { at_once: Some(1), ..expected };
    assert_eq!(whole(&both, &[], &one_at_a_time), Some((12_000, 1)), "one after the other");
}

#[test]
fn a_tool_never_seen_leaves_the_whole_unknown_until_its_size_and_rate_are_known() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)])], 2);
    let new = |done, total| board(vec![queued(0, "node", "1"), downloading(1, "zig", "1", done, total)], 101);
    assert_eq!(whole(&new(1_000_000, None), &[], &expected), None);
    assert_eq!(whole(&new(1_000_000, Some(9_000_000)), &[], &expected), None, "no rate");
    let paces = [SlotRate::default(), pace(1_000_000, 2_500)];
    assert_eq!(whole(&new(1_000_000, Some(9_000_000)), &paces, &expected), Some((8_000, 0)));
}

#[test]
fn a_rate_measured_for_long_outweighs_the_past() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)])], 2);
    let halfway = board(vec![downloading(0, "node", "1", 4_000_000, Some(8_000_000))], 103);
    assert_eq!(whole(&halfway, &[], &expected), Some((2_000, 1)), "nothing measured: as before");
    assert_eq!(whole(&halfway, &[pace(100_000, 60_000)], &expected), Some((40_000, 1)), "twenty times slower today");
}

#[test]
fn a_slow_day_counts_for_what_has_not_begun() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)]), ("go", &[install(8_000_000, 4_000, 0)])], 1);
    let slots = vec![downloading(0, "node", "1", 4_000_000, Some(8_000_000)), queued(1, "go", "1")];
    let left = whole(&board(slots, 110), &[pace(1_000_000, 9_000), SlotRate::default()], &expected);
    assert_eq!(left, Some((12_000, 1)), "4 s of the first, then 0.1 s of asking and 8 s of the second");
}

#[test]
fn downloads_that_are_over_still_show_how_fast_this_run_is() {
    let once = [install(8_000_000, 4_000, 0)];
    let expected = past(&[("node", &once), ("go", &once)], 1);
    let over = done(0, "node", "1", 8_000_000, 109.6);
    let left = whole(&board(vec![over, queued(1, "go", "1")], 110), &[], &expected);
    assert_eq!(left, Some((8_000, 1)), "half as fast as ever");
}

#[test]
fn bytes_that_lay_in_the_cache_say_nothing_about_the_rate() {
    let expected = past(&[("node", &[install(8_000_000, 8_000, 0)]), ("go", &[install(8_000_000, 8_000, 0)])], 2);
    let resumed = |cached| {
        let slot = done(0, "node", "1", 8_000_000, 109.0);
        let transitions = [
            entry(Phase::VERIFYING, 100.0, cached),
            entry(Phase::DOWNLOADING, 100.0, 8_000_000),
            entry(Phase::LINKING, 108.0, 1),
        ];
        board(vec![SlotView { transitions: transitions.into(), ..slot }, queued(1, "go", "1")], 110)
    };
    assert_eq!(whole(&resumed(0), &[], &expected), Some((8_000, 1)), "8 MB in 8 s, as before");
    let half = whole(&resumed(4_000_000), &[], &expected).map(|(ms, _)| ms);
    assert!(half > Some(12_000), "4 MB in 8 s: {half:?}");
}

#[test]
fn a_download_that_has_just_begun_says_little_about_the_others() {
    let once = [install(8_000_000, 4_000, 0)];
    let expected = past(&[("node", &once), ("go", &once), ("zig", &once)], 2);
    let begun = |place, tool| downloading(place, tool, "1", 4_000_000, Some(8_000_000));
    let slots = vec![begun(0, "node"), begun(1, "go"), queued(2, "zig", "1")];
    let paces = [pace(2_000_000, 4_000), pace(400_000, 20), SlotRate::default()];
    assert_eq!(whole(&board(slots, 103), &paces, &expected), Some((6_000, 1)));
}

#[test]
fn a_larger_release_takes_longer_in_proportion() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 2_000)])], 1);
    let larger = board(vec![downloading(0, "node", "2", 0, Some(16_000_000))], 101);
    assert_eq!(whole(&larger, &[], &expected), Some((12_000, 1)));
}

#[test]
fn there_is_no_estimate_while_one_hangs_or_takes_twice_as_long_as_ever() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 1_000)]), ("go", &[install(1, 1, 1)])], 2);
    let hanging = |liveness| SlotView { liveness, ..downloading(1, "go", "1", 0, Some(1)) };
    for liveness in [Liveness::Stalled(5_000), Liveness::Silent(3_000)] {
        let slots = vec![queued(0, "node", "1"), hanging(liveness)];
        assert_eq!(whole(&board(slots, 101), &[], &expected), None, "{liveness:?}");
    }
    let linking = |second| {
        let slot = downloading(0, "node", "1", 8_000_000, Some(8_000_000));
        let phases = [slot.transitions.clone(), vec![entry(Phase::LINKING, 105.0, 0)]].concat();
        board(vec![SlotView { step: Phase::LINKING.step(), total: None, done: 0, transitions: phases, ..slot }], second)
    };
    assert_eq!(whole(&linking(105), &[], &expected), Some((1_000, 1)));
    assert_eq!(whole(&linking(109), &[], &expected), None, "four seconds for what took one");
}

#[test]
fn a_tool_that_waits_for_another_comes_after_it_and_one_that_waits_elsewhere_is_unknown() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)]), ("biome", &[install(0, 0, 2_000)])], 2);
    let node = downloading(0, "node", "22.1", 0, Some(8_000_000));
    let whole_if = |waits_for: Option<WaitsFor>| {
        let biome = SlotView { step: Phase::WAITING.step(), waits_for, ..downloading(1, "biome", "1", 0, None) };
        whole(&board(vec![node.clone(), biome], 101), &[], &expected)
    };
    let here = WaitsFor { board_id: board(vec![], 101).board.id, slot: node.index, generation: node.generation };
    assert_eq!(whole_if(Some(here.clone())), Some((6_000, 1)));
    assert_eq!(whole_if(Some(WaitsFor { board_id: "of another run".into(), ..here.clone() })), None);
    assert_eq!(whole_if(Some(WaitsFor { generation: here.generation + 1, ..here })), None, "of another life");
    assert_eq!(whole_if(None), None);
}

#[test]
fn a_board_that_is_over_or_orphaned_has_no_time_left() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)])], 2);
    assert_eq!(whole(&board(vec![done(0, "node", "1", 5, 104.0)], 105), &[], &expected), None);
    let mut orphaned = board(vec![queued(0, "node", "1")], 105);
    orphaned.board.creator.alive = Some(false);
    assert_eq!(whole(&orphaned, &[], &expected), None);
}

/// Any slot that a board could hold, hostile ones included.
fn any_slot() -> impl Strategy<Value = SlotView> {
    let amounts = (any::<u64>(), prop::option::of(any::<u64>()), any::<u64>(), any::<u64>());
    (0usize..8, 0u8..3, 0usize..4, amounts).prop_map(|(phase, state, tool, (done, total, entered, then))| SlotView {
        index: 0,
        key: ["node", "go", "zig", ""][tool].to_owned(),
        state: [SlotState::Reserved, SlotState::Live, SlotState::Done][usize::from(state)],
        liveness: Liveness::Alive,
        step: Phase::OF_INSTALL[phase].step(),
        done,
        total,
        transitions: vec![
            PhaseEntry { phase: Phase::OF_INSTALL[phase], entered_at_ns: entered, done: then }.transition(),
        ],
        ..SlotView::default()
    })
}

#[test]
fn a_task_that_is_named_like_a_tool_has_no_forecast() {
    let expected = past(&[("node", &[install(8_000_000, 4_000, 0)])], 2);
    let left = |kind| {
        let slot = SlotView { kind, ..queued(0, "node", "1") };
        whole(&Snapshot { slots: vec![slot], ..Snapshot::default() }, &[], &expected)
    };
    assert!(left(Kind::Install).is_some());
    assert_eq!(left(Kind::Task), None);
}

fn any_past() -> impl Strategy<Value = Expectations> {
    let install = (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(bytes, ms, other)| install(bytes, ms, other));
    (prop::collection::vec(install, 0..7), any::<Option<u32>>()).prop_map(|(installs, at_once)| {
        let tools = [("node".to_owned(), installs.clone()), ("go".to_owned(), installs)].into_iter().collect();
        Expectations { tools, at_once }
    })
}

proptest! {
    #[test]
    fn any_input_gives_none_or_a_sane_number(
        slots in prop::collection::vec(any_slot(), 0..12),
        rates in prop::collection::vec((any::<Option<u64>>(), any::<u64>(), any::<u64>()), 0..12),
        expectations in any_past(),
        taken_at_ns in any::<u64>(),
    ) {
        let pace = |(bytes_per_second, measured_ms, gained)| SlotRate { bytes_per_second, measured_ms, gained, slow: false };
        let paces: Vec<SlotRate> = rates.into_iter().map(pace).collect();
        let mut snapshot = everything();
        snapshot.slots = slots;
        snapshot.taken_at_ns = taken_at_ns;
        let estimate = Estimate::from_snapshot(&snapshot, &paces, &expectations);
        let sane = |ms: u64| (1..=LONGEST_LEFT_MS).contains(&ms);
        prop_assert!(estimate.whole.is_none_or(|left| sane(left.ms)));
        prop_assert!(estimate.each.iter().flatten().all(|ms| sane(*ms) && ms.is_multiple_of(1_000)));
        prop_assert_eq!(estimate.each.len(), snapshot.slots.len());
    }

    #[test]
    fn more_bytes_received_never_make_it_longer(
        size in 1_000u64..1_000_000_000,
        parts in (0u64..=1000, 0u64..=1000),
        rate in 1u64..100_000_000,
        measured_ms in 0u64..10_000,
        download_ms in 1u64..1_000_000,
    ) {
        let expected = past(&[("node", &[install(size, download_ms, 300)])], 2);
        let (less, more) = (parts.0.min(parts.1), parts.0.max(parts.1));
        let left = |part: u64| {
            let slot = downloading(0, "node", "1", size / 1000 * part, Some(size));
            whole(&board(vec![slot], 105), &[pace(rate, measured_ms)], &expected)
        };
        if let (Some(before), Some(after)) = (left(less), left(more)) {
            prop_assert!(after.0 <= before.0, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_longer_past_never_makes_it_shorter(
        sizes in prop::collection::vec(1u64..1_000_000, 1..12),
        times in 1u64..20,
        at_once in 1u32..6,
    ) {
        let names: Vec<String> = (0..sizes.len()).map(|number| format!("tool-{number}")).collect();
        let expected = |times: u64| {
            let installs = sizes.iter().map(|size| vec![install(*size, size * times, 10 * times)]);
            Expectations { tools: names.iter().cloned().zip(installs).collect(), at_once: Some(at_once) }
        };
        let slots = (0..).zip(&names).map(|(index, name)| queued(index, name, "1")).collect();
        let snapshot = board(slots, 100);
        let (short, long) = (whole(&snapshot, &[], &expected(1)), whole(&snapshot, &[], &expected(times)));
        if let (Some(short), Some(long)) = (short, long) {
            prop_assert!(long.0 >= short.0);
        }
    }
}

/// Two tools that were never installed: one that is downloading, and one that has its size from the plan.
fn first_run(done: u64, second: u64) -> Snapshot {
    let planned = SlotView { total: Some(6_000_000), ..queued(1, "zig", "1") };
    board(vec![downloading(0, "go", "1", done, Some(4_000_000)), planned], second)
}

#[test]
fn a_first_run_has_a_time_left_once_a_tenth_is_here() {
    let began = first_run(0, 0).slots[0].phases().map(|entry| entry.entered_at_ns).max().unwrap_or(0);
    let after = |ms: u64, done| Snapshot { taken_at_ns: began + ms * 1_000_000, ..first_run(done, 0) };
    let none = Expectations::default();
    assert_eq!(whole(&after(500, 900_000), &[], &none), None, "less than a tenth");
    assert_eq!(whole(&after(500, 1_000_000), &[], &none), Some((5_000, 0)), "nine times what took half a second");
    let paces = [pace(3_000_000, 1_000), SlotRate::default()];
    assert_eq!(whole(&after(1_000, 1_000_000), &paces, &none), Some((3_000, 0)), "at the rate of now");
}

#[test]
fn the_whole_of_a_first_run_is_not_over_before_a_part_that_it_shows() {
    let slow = downloading(0, "go", "1", 2_000_000, Some(4_000_000));
    let young = downloading(1, "zig", "1", 5_000_000, Some(6_000_000));
    let both = board(vec![slow, young], 110);
    // The second rate was measured too briefly for an estimate by itself.
    let paces = [pace(200_000, 5_000), pace(9_000_000, 100)];
    let estimate = Estimate::from_snapshot(&both, &paces, &Expectations::default());
    assert_eq!(estimate.each, [Some(10_000), None]);
    assert_eq!(estimate.whole.map(|left| left.ms), Some(10_000), "its bytes alone would take a third of a second");
}

#[test]
fn downloads_too_short_to_be_measured_are_estimated_by_the_rate_of_the_run_so_far() {
    let mut snapshot = first_run(1_000_000, 0);
    let began = snapshot.slots[0].phases().map(|entry| entry.entered_at_ns).max().unwrap_or(0);
    let young = downloading(2, "just", "1", 500_000, Some(1_000_000));
    snapshot.slots.extend([young, done(3, "buf", "1", 4_000_000, 1.0)]);
    snapshot.taken_at_ns = began + 5 * SECOND;
    // 5.5 of 15 MB in 5 s; the one that is measured is the slowest of all.
    let paces = [pace(100_000, 1_500), SlotRate::default(), SlotRate::default(), SlotRate::default()];
    assert_eq!(whole(&snapshot, &paces, &Expectations::default()), Some((9_000, 0)));
}

#[test]
fn a_post_install_that_was_never_seen_leaves_the_end_open() {
    let none = Expectations::default();
    let mut snapshot = first_run(4_000_000, 110);
    snapshot.slots[0].step = Phase::POST_INSTALL.step();
    (snapshot.slots[0].done, snapshot.slots[0].total) = (0, None);
    assert_eq!(whole(&snapshot, &[pace(3_000_000, 1_000)], &none), None);
    let done = Estimate::from_snapshot(&snapshot, &[], &none).permille;
    assert!((300..=400).contains(&done), "three quarters of one of two: {done}");
}

#[test]
fn a_tool_without_a_post_install_is_nearly_there_once_its_files_are() {
    let linking = |total| {
        let slot = downloading(0, "node", "1", 4_000, Some(4_000));
        let transitions = [slot.transitions.clone(), vec![entry(Phase::LINKING, 109.0, 12)]].concat();
        board(vec![SlotView { step: Phase::LINKING.step(), done: 12, total, transitions, ..slot }], 110)
    };
    let permille =
        |snapshot: &Snapshot, expected: &Expectations| Estimate::from_snapshot(snapshot, &[], expected).permille;
    let none = Expectations::default();
    assert_eq!(permille(&linking(None), &none), 750, "a command may follow");
    assert_eq!(permille(&linking(Some(12)), &none), 999, "none follows");
    // The command is not expected a second time.
    let slow = PastInstall {
        version: "1".into(),
        bytes: 4_000,
        phases: vec![(Phase::DOWNLOADING, 1_000), (Phase::LINKING, 2_000), (Phase::POST_INSTALL, 17_000)],
    };
    let expected = past(&[("node", &[slow])], 2);
    assert_eq!(permille(&linking(Some(12)), &expected), 950, "1 of 2 s of linking, and all else");
    assert_eq!(whole(&linking(Some(12)), &[], &expected), Some((1_000, 1)));
    assert_eq!(whole(&linking(None), &[], &expected), Some((18_000, 1)), "the command is to come");
}

#[test]
fn the_whole_is_by_expected_time_where_there_is_history() {
    let slow = PastInstall {
        version: "1".into(),
        bytes: 1_000,
        phases: vec![(Phase::DOWNLOADING, 1_000), (Phase::POST_INSTALL, 18_000)],
    };
    let expected = past(&[("node", &[slow]), ("go", &[install(1_000, 900, 0)])], 2);
    let mut post = downloading(0, "node", "1", 1_000, Some(1_000));
    post.step = Phase::POST_INSTALL.step();
    post.transitions.push(entry(Phase::POST_INSTALL, 110.0, 0));
    (post.done, post.total) = (0, None);
    let permille = |second| {
        let slots = vec![post.clone(), done(1, "go", "1", 1_000, 102.0)];
        Estimate::from_snapshot(&board(slots, second), &[], &expected).permille
    };
    assert_eq!(permille(110), 100, "2 of 20 s");
    assert_eq!(permille(119), 550, "11 of 20 s");
    assert_eq!(permille(190), 955, "later than ever, and still not all");
}

#[test]
fn what_was_lost_stays_where_it_stood_and_what_had_nothing_to_do_counts_for_nothing() {
    let lost = SlotView { liveness: Liveness::Lost, ..downloading(0, "node", "1", 2, Some(4)) };
    let skipped = SlotView { state: SlotState::Skipped, ..queued(1, "just", "1") };
    let permille = |slots| Estimate::from_snapshot(&board(slots, 110), &[], &Expectations::default()).permille;
    assert_eq!(permille(vec![lost, skipped.clone()]), 325);
    assert_eq!(permille(vec![skipped]), 1000);
}
