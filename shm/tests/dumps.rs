//! Dumps open like the board they were taken from, and earlier versions' dumps keep opening.

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use support::{Form, both_forms, copy_with_dead_creator, with_facts, write_private};
use vx_shm::layout::{CAUSES_AND_PROJECT, HeaderImage, Region};
use vx_shm::recording::Recording;
use vx_shm::{
    BoardState, BoardSubject, ClaimError, Ending, Kind, Liveness, Reader, Slot, SlotState, Snapshot, Step, Unit, dump,
    gc, list,
};

/// The key of the golden board's project.
const PROJECT: &str = "/home/ünïcode/project";

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The golden dump of this version, which was written once.
fn golden() -> PathBuf {
    kept("layout-2.1.vxb")
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
    slot.set_cause("vx 4711 holds its lock – naïve ✓");
    slot.log_line(b"first line");
    slot.log_line("second line: ünïcode".as_bytes());
    let ending = Ending { cause: Some("the mirror".into()), ..Ending::failed("the digest differs") };
    Slot::claim(board.path(), uv.slot, uv.generation).unwrap().end(ending).unwrap();
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
        assert_eq!(left.count(), 0, "no temporary file stays");
        assert!(matches!(Slot::join(&again, "x", "", Kind::Task), Err(ClaimError::Closed)));
    });
}

/// Run this by hand when the layout gains something: `cargo test -p vx-shm --test dumps -- --ignored`. Give the new
/// dump a new name: the earlier dumps stay, and must keep opening.
#[test]
#[ignore = "writes the golden dump"]
fn write_the_golden_dump() {
    let form = Form::file();
    let subject = BoardSubject { kind: Some(Kind::Install), project: Some(PROJECT), ..BoardSubject::titled("golden") };
    let board = vx_shm::Board::create(&form.directory().join("golden.board"), subject, 2).unwrap();
    let slot = play(&board);
    board.close(BoardState::Failed);
    assert!(!golden().exists(), "a golden dump is kept as it is");
    dump::write(&mut board.reader().unwrap(), &golden()).unwrap();
    drop(slot);
}

#[test]
fn dumps_of_layout_2_and_its_minor_versions_keep_opening() {
    let minor_0 = shows_what_was_played(&kept("layout-2.vxb"));
    assert_eq!((minor_0.board.kind, &minor_0.board.project), (None, &None));
    assert!(minor_0.slots.iter().all(|slot| slot.cause.is_none()), "{minor_0:?}");
    let minor_1 = shows_what_was_played(&golden());
    assert!(minor_1.board.kind == Some(Kind::Install) && minor_1.board.is_of_project(PROJECT), "{minor_1:?}");
    assert_eq!(minor_1.slots[0].cause.as_deref(), Some("vx 4711 holds its lock – naïve ✓"));
    assert_eq!(minor_1.slots[1].cause.as_deref(), Some("the mirror"));
}

/// The content of a golden dump, as far as all minor versions have it.
fn shows_what_was_played(golden: &Path) -> Snapshot {
    let mut reader = Reader::open(golden).unwrap();
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
    snapshot
}

/// A board of minor version 0: no project, no kind, and records that end before the cause.
fn of_minor_0(board: &Path, into: &Path) {
    let newer = std::fs::read(board).unwrap();
    let facts = HeaderImage::from_words(bytemuck::pod_read_unaligned(&newer[..192]));
    let (offset, stride) = (facts.cold.offset as usize, facts.cold.stride as usize);
    let mut older = newer[..offset].to_vec();
    older[768..1792].fill(0);
    for slot in 0..facts.slot_count as usize {
        older.extend(&newer[offset + slot * stride..][..2_560]);
    }
    older.resize(older.len().next_multiple_of(4_096), 0);
    let log = Region { offset: older.len() as u32, ..facts.log };
    older.extend(&newer[facts.log.offset as usize..]);
    let length = older.len() as u64;
    with_facts(&mut older, |facts| {
        (facts.minor, facts.compatible) = (0, facts.compatible & !CAUSES_AND_PROJECT);
        (facts.length, facts.cold.stride, facts.log) = (length, 2_560, log);
    });
    write_private(into, &older);
}

#[test]
fn a_board_of_minor_0_is_read_and_written_without_what_came_later() {
    let form = Form::file();
    let board = form.board("older", 3);
    let path = form.directory().join("minor-0.board");
    of_minor_0(board.path(), &path);
    let mut slots: Vec<Slot> =
        ["a", "b", "c"].map(|key| Slot::join(&path, key, "", Kind::Task).unwrap()).into_iter().collect();
    for slot in &mut slots {
        slot.set_cause("has no place here");
        slot.message("said");
        slot.log_line(b"a line");
    }
    let last = slots.pop().unwrap();
    last.end(Ending::skipped("nothing to do", "nobody")).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let seen = reader.snapshot().unwrap();
    assert_eq!((seen.slots.len(), seen.board.kind, &seen.board.project), (3, None, &None));
    assert!(seen.slots.iter().all(|slot| slot.cause.is_none()), "{seen:?}");
    assert_eq!((seen.slots[0].message.as_str(), seen.slots[2].message.as_str()), ("said", "nothing to do"));
    assert_eq!(reader.log_tail(2, 9), ["a line"]);
    let dumped = form.directory().join("minor-0.vxb");
    dump::write(&mut reader, &dumped).unwrap();
    assert_eq!(Reader::open(&dumped).unwrap().snapshot().unwrap().slots[2], seen.slots[2]);
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
    // All layouts lock the same bytes, so a board of this layout can stand for boards of others.
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

/// The board that the slot is on: the only one of the directory that shows a slot.
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
