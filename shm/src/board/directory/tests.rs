//! Boards of scripts that cannot be looked up by their number, under clocks that the test sets.

use super::super::facts;
use super::*;
use crate::layout::HeaderImage;
use crate::liveness::contained::Contained;
use crate::liveness::process::own;

const HOUR_NS: i64 = 3_600 * 1_000_000_000;

/// A board made for this script, its header changed by `change`.
fn board_of(script: ProcessMark, change: impl FnOnce(&mut HeaderImage)) -> (tempfile::TempDir, Segment) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("script.board");
    let mut facts = facts(1, script, CREATOR_HOLDS_NO_LOCK).expect("its facts");
    change(&mut facts);
    drop(segment::create_file(&path, &facts.sealed(), |_| {}).expect("a board"));
    let board = segment::open_read(&path).expect("it opens");
    (directory, board)
}

fn elsewhere() -> ProcessMark {
    ProcessMark { namespace: own().namespace + 1, ..own() }
}

/// This many hours from now, on each of the two clocks.
fn after(shared_hours: u64, wall_hours: i64) -> Now {
    let now = Now::read();
    let shared_ns = now.shared_ns + shared_hours * HOUR_NS.cast_unsigned();
    Now { shared_ns, unix_ns: now.unix_ns + wall_hours * HOUR_NS }
}

#[test]
fn a_step_of_the_wall_clock_removes_no_board_of_a_script_in_another_namespace() {
    let (_directory, board) = board_of(elsewhere(), |_| {});
    for wall_hours in [25, -25, 24 * 365] {
        assert_eq!(over(&board, after(1, wall_hours)), None, "{wall_hours} hours in a moment");
    }
}

#[test]
fn a_board_of_a_script_that_cannot_be_looked_up_is_over_after_a_day_without_a_report() {
    let (_directory, board) = board_of(elsewhere(), |_| {});
    assert_eq!(over(&board, after(23, 23)), None);
    assert!(over(&board, after(25, 25)).is_some());
    assert!(over(&board, after(25, -25)).is_some(), "whatever the wall clock shows");
    let beaten = Beat { beaten: u32::try_from(2 * HOUR_NS / 10_000_000).expect("a beat"), moved: 0 };
    let path = board.path().to_path_buf();
    let writable = segment::open_write(&path).expect("it opens");
    writable.beat(0).expect("its beat").store(beaten.word(), Ordering::Relaxed);
    assert_eq!(over(&board, after(25, 25)), None, "its last report is 23 hours old");
    assert!(over(&board, after(27, 27)).is_some());
}

#[test]
fn a_script_that_is_seen_at_work_in_a_namespace_below_keeps_its_board_however_old_it_is() {
    let Some(mut contained) = Contained::start() else { return };
    let (_directory, board) = board_of(contained.mark, |_| {});
    assert_eq!(over(&board, after(100, 100)), None);
    contained.end();
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while over(&board, after(100, 100)).is_none() {
        assert!(std::time::Instant::now() < until, "it has ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(over(&board, after(1, 100)), None, "an end that nothing proves is not taken for granted");
}

#[test]
fn the_clock_of_another_time_namespace_decides_nothing_and_that_of_another_boot_is_the_wall_clock() {
    let shifted = ProcessMark { time_namespace: own().time_namespace + 1, ..own() };
    let (_directory, board) = board_of(shifted, |facts| facts.created_at_ns = 1);
    assert_eq!(over(&board, after(100, 100)), None);
    let (_directory, board) = board_of(elsewhere(), |facts| facts.boot_id = [7; 16]);
    assert_eq!(over(&board, after(100, 23)), None);
    assert!(over(&board, after(0, 25)).is_some());
}
