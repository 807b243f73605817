//! Dumps open like the board they were taken of, and those that were written once keep opening.

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use support::{Form, both_forms, copy_with_dead_creator};
use vx_shm::recording::Recording;
use vx_shm::{BoardState, ClaimError, Ending, Kind, Liveness, Reader, Slot, SlotState, Step, Unit, dump, gc, list};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn golden() -> PathBuf {
    kept("layout-2.vxb")
}

/// Two installs, one under way and one that failed.
fn play(board: &vx_shm::Board) -> Slot {
    let node = board.reserve("node", "22.3.0", Kind::Install).unwrap();
    let uv = board.reserve("uv", "0.9.1", Kind::Install).unwrap();
    let mut slot = Slot::claim(board.path(), node.slot, node.generation).unwrap();
    slot.enter(Step::new(2), None);
    slot.enter(Step::new(3), Some(30_000_000));
    slot.attempt(2);
    slot.message("node-v22.3.0.tar.gz, attempt № 2 – naïve ✓");
    slot.publish(12_345_678);
    slot.set_unit(Unit::Bytes);
    slot.name_step("mirroring");
    slot.set_address("127.0.0.1", Some(8_080));
    slot.log_line(b"first line");
    slot.log_line("second line: ünïcode".as_bytes());
    Slot::claim(board.path(), uv.slot, uv.generation).unwrap().end(Ending::failed("the digest differs")).unwrap();
    board.end(uv, &Ending { exit_code: Some(1), ..Ending::new(SlotState::Failed) }).unwrap();
    slot
}

#[test]
fn a_dump_reads_like_the_board_it_was_taken_of() {
    both_forms(|form| {
        let board = form.board("project", 3);
        let slot = play(&board);
        let path = form.directory().join("one.vxb");
        let mut reader = board.reader().unwrap();
        dump::write(&mut reader, &path).unwrap();
        let live = reader.snapshot().unwrap();
        let mut dumped_reader = Reader::open(&path).unwrap();
        let mut dumped = dumped_reader.snapshot().unwrap();
        assert!(dumped_reader.is_dump() && !dumped_reader.refresh(&mut dumped).unwrap());
        assert_eq!(dumped_reader.log_tail(0, 9), ["first line", "second line: ünïcode"]);
        assert_eq!(dumped.board.creator.alive, None);
        assert_eq!(dumped.slots[0].liveness, Liveness::Unknown);
        let mut same = live.clone();
        (same.board.creator.alive, same.taken_at_ns) = (None, dumped.taken_at_ns);
        same.slots.iter_mut().for_each(|slot| slot.liveness = Liveness::Unknown);
        assert_eq!(dumped, same);
        drop(slot);

        // A dump of a dump, written over an existing file, holds the same.
        let again = form.directory().join("two.vxb");
        std::fs::write(&again, "something else").unwrap();
        dump::write(&mut dumped_reader, &again).unwrap();
        assert_eq!(Reader::open(&again).unwrap().snapshot().unwrap(), dumped);
        let left = std::fs::read_dir(form.directory())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
        assert_eq!(left.count(), 0, "no makeshift file stays");
        assert!(matches!(Slot::join(&again, "x", "", Kind::Task), Err(ClaimError::Closed)));
    });
}

/// Run this by hand when the layout gains something: `cargo test -p vx-shm --test dumps -- --ignored`. Give the new
/// dump a name of its own: the earlier dumps stay, and must keep opening.
#[test]
#[ignore = "writes the golden dump"]
fn write_the_golden_dump() {
    let form = Form::file();
    let board = form.board("golden", 2);
    let slot = play(&board);
    board.close(BoardState::Failed);
    assert!(!golden().exists(), "a golden dump is kept as it is");
    dump::write(&mut board.reader().unwrap(), &golden()).unwrap();
    drop(slot);
}

#[test]
fn a_dump_of_layout_2_keeps_opening() {
    let mut reader = Reader::open(&golden()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    assert_eq!((snapshot.board.title.as_str(), snapshot.board.state), ("golden", BoardState::Failed));
    assert_eq!((snapshot.board.capacity, snapshot.board.creator.alive), (2, None));
    assert!(reader.closed() && reader.closed_unix_ns().is_some());
    let [node, uv] = &snapshot.slots[..] else { panic!("two slots: {snapshot:?}") };
    assert_eq!((node.key.as_str(), node.version.as_str(), node.kind), ("node", "22.3.0", Kind::Install));
    assert_eq!((node.state, node.step, node.attempt), (SlotState::Live, Step::new(3), 2));
    assert_eq!((node.done, node.total, node.unit), (12_345_678, Some(30_000_000), Unit::Bytes));
    assert_eq!((node.step_name.as_deref(), node.address.as_deref()), (Some("mirroring"), Some("127.0.0.1")));
    assert_eq!((node.port, node.has_key("node"), node.has_key("nodes")), (Some(8_080), true, false));
    assert_eq!(node.message, "node-v22.3.0.tar.gz, attempt № 2 – naïve ✓");
    let steps: Vec<Step> = node.transitions.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [Step::FIRST, Step::new(2), Step::new(3)]);
    assert_eq!(reader.log_tail(0, 9), ["first line", "second line: ünïcode"]);
    assert_eq!((uv.state, uv.error.as_deref(), uv.exit_code), (SlotState::Failed, Some("the digest differs"), Some(1)));
}

#[test]
fn files_of_layout_1_are_refused_by_name() {
    let refused = Reader::open(&kept("layout-1.vxb")).unwrap_err().to_string();
    assert!(refused.ends_with("was made by an earlier vx: layout 1, this vx reads layout 2"), "{refused}");
    let refused = Recording::open(&kept("recording-1.vxr")).unwrap_err().to_string();
    assert!(refused.ends_with("was made by an earlier vx: layout 1, this vx reads layout 2"), "{refused}");
}

#[test]
fn boards_of_a_directory_are_listed_newest_first_with_what_is_wrong() {
    let form = Form::file();
    let old = form.board("old", 1);
    std::thread::sleep(Duration::from_millis(2));
    let new = form.board("new", 1);
    new.close(BoardState::Done);
    std::fs::write(form.directory().join("broken.board"), "nothing").unwrap();
    std::fs::write(form.directory().join("notes.txt"), "nothing").unwrap();
    let listed = list(form.directory()).unwrap();
    let titles: Vec<Option<&str>> =
        listed.iter().map(|entry| entry.reading.as_ref().ok().map(|reading| reading.board.title.as_str())).collect();
    assert_eq!(titles, [Some("new"), Some("old"), None]);
    assert_eq!((listed[0].closed, listed[1].closed), (true, false));
    assert_eq!(listed[1].path, old.path());
    assert!(list(Path::new("no/such/directory")).unwrap().is_empty());
}

#[test]
fn clearing_away_removes_what_is_over_and_never_what_may_live() {
    let form = Form::file();
    let directory = form.directory();
    let running = form.board("running", 1);
    let closed_but_kept_open = form.board("closed", 1);
    closed_but_kept_open.close(BoardState::Done);
    let held = form.board("held", 1);
    let slot = Slot::join(held.path(), "writer", "", Kind::Task).unwrap();
    drop(held);
    let over: Vec<PathBuf> = (0..3).map(|_| form.board("over", 1).path().to_path_buf()).collect();
    copy_with_dead_creator(running.path(), &directory.join("orphan.board"));
    dump::write(&mut running.reader().unwrap(), &directory.join("kept.vxb")).unwrap();
    std::fs::write(directory.join("notes.board"), "not a board").unwrap();

    assert!(gc(directory, Duration::from_secs(3600), 32).unwrap().is_empty(), "nothing is old or too much");
    let beyond_two = gc(directory, Duration::from_secs(3600), 2).unwrap();
    assert_eq!(beyond_two.len(), 2, "{beyond_two:?}");
    let rest = gc(directory, Duration::ZERO, 32).unwrap();
    assert_eq!(rest.len(), 2, "{rest:?}");
    let left = |path: &Path| path.exists();
    assert!(over.iter().all(|path| !left(path)) && !left(&directory.join("orphan.board")));
    assert!(left(running.path()) && left(closed_but_kept_open.path()) && left(slot_board(&slot, directory).as_path()));
    assert!(left(&directory.join("kept.vxb")) && left(&directory.join("notes.board")));
}

#[test]
fn a_board_of_an_earlier_layout_is_cleared_away_once_it_is_a_day_old_and_unheld() {
    let form = Form::file();
    // All layouts lock the same bytes, so a board of this one stands for those of others.
    let aged = |path: &Path, layout: u8, days: u64| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[8] = layout;
        let file = File::options().write(true).open(path).unwrap();
        std::io::Write::write_all(&mut &file, &bytes).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(days * 86_400 + 60)).unwrap();
    };
    let boards: Vec<_> = ["old", "held", "claimed", "fresh", "later"].map(|title| form.board(title, 2)).into();
    let slot = Slot::join(boards[2].path(), "key", "", Kind::Task).unwrap();
    let golden = form.directory().join("golden.vxb");
    std::fs::copy(kept("layout-1.vxb"), &golden).unwrap();
    aged(&golden, 1, 9);
    let paths: Vec<PathBuf> = boards.iter().map(|board| board.path().to_owned()).collect();
    for (path, (layout, days)) in paths.iter().zip([(1, 1), (1, 9), (1, 9), (1, 0), (9, 9)]) {
        aged(path, layout, days);
    }
    let mut boards = boards.into_iter();
    let (old, held) = (boards.next(), boards.next());
    drop((old, boards));
    let clear = || gc(form.directory(), Duration::from_secs(3600), 32).unwrap();
    assert_eq!(clear(), paths[..1]);
    assert!(paths[1..].iter().all(|path| path.exists()) && !paths[0].exists() && golden.exists());
    drop((held, slot));
    let then = clear();
    assert!(then.len() == 2 && paths[1..3].iter().all(|path| then.contains(path)), "held no longer: {then:?}");
}

/// The board that a slot is held on: the one of its directory that shows its key.
fn slot_board(_: &Slot, directory: &Path) -> PathBuf {
    let shows = |entry: &vx_shm::ListedBoard| entry.reading.as_ref().is_ok_and(|reading| !reading.slots.is_empty());
    list(directory).unwrap().into_iter().find(shows).expect("the board is still there").path
}

#[test]
#[cfg(feature = "named")]
fn a_named_board_is_removed_by_name_once_it_is_over() {
    let form = Form::named();
    let board = form.board("p", 1);
    let name = board.path().to_str().unwrap().strip_prefix("shm:").unwrap().to_owned();
    assert_eq!(vx_shm::remove_named(&name).unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    drop(board);
    assert!(Reader::open(Path::new(&format!("shm:{name}"))).is_ok(), "the name outlives its creator");
    vx_shm::remove_named(&name).unwrap();
    assert_eq!(vx_shm::remove_named(&name).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}
