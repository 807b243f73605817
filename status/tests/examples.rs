//! The example does what the README promises.

use std::time::Duration;

use vx_shm::{Board, BoardState, Ending, Kind, Slot};
use vx_status::vocabulary::task;

#[path = "../examples/lines.rs"]
#[allow(dead_code, reason = "its entry point reads the command line")]
mod lines;

#[test]
fn a_board_is_followed_to_its_end_and_shown_again_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("squares.board"), "squares", 2).unwrap();
    let path = board.path().to_path_buf();
    let watcher = std::thread::spawn(move || {
        let mut out = Vec::new();
        lines::follow(&path, &mut out).map_err(|error| error.to_string())?;
        String::from_utf8(out).map_err(|error| error.to_string())
    });
    let mut slot = Slot::join(board.path(), "first\u{1b}[2J", "1.2", Kind::Task).unwrap();
    slot.enter(task::RUNNING, Some(9_000));
    slot.publish(9_000);
    std::thread::sleep(Duration::from_millis(50));
    slot.end(Ending::failed("the disk is full")).unwrap();
    board.close(BoardState::Failed);
    let text = watcher.join().unwrap().unwrap();
    assert!(text.starts_with("first 1.2: running\nfirst 1.2: failed: the disk is full"), "{text}");
    assert!(text.contains("1 failed in ") && !text.contains('\u{1b}'), "{text}");
    let mut again = Vec::new();
    lines::follow(board.path(), &mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap().lines().last(), text.lines().last());
}
