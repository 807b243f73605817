//! Boards that are cut short while they are used: every process that reads gets an error, and none is killed by a
//! signal.
//!
//! The processes at risk are children, which report their results; a child that is killed reports nothing and fails its
//! test. `VX_TORTURE=10` cuts ten times as many boards.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vx_shm::{AttachErrorKind, Board, DumpError, Ending, Kind, ReadError, Reader, Slot, SlotState, Snapshot, Step};

use crate::support::children::{Writer, rounds};
use crate::support::{Form, Random};

/// What a child does again and again while its board is cut.
const WAYS: [&str; 6] = ["refresh", "first reading", "poll", "log", "dump", "wait"];

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn board_of(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("cut-{number}.board"))
}

/// Whether this board is cut between two pages. If it is cut within a page, the system leaves zeros without a fault, so
/// the view of the one slot or text there may be zeros, beside an error.
fn at_a_page(number: u64) -> bool {
    (number / WAYS.len() as u64).is_multiple_of(2)
}

/// The child: reads one board after another, each until it is cut, and reports the number of readings.
pub(crate) fn play_reader(directory: &Path, count: u64) {
    for number in 0..count {
        let path = board_of(directory, number);
        let mut reader = Reader::open(&path).unwrap();
        let mut snapshot = reader.snapshot().unwrap();
        println!("child: reading");
        let mut readings = 0_u64;
        let error = loop {
            if let Err(error) = read_one_way(&mut reader, &mut snapshot, number, &path) {
                break error;
            }
            readings += 1;
        };
        assert!(matches!(error, ReadError::Truncated { .. }), "{error}");
        if at_a_page(number) {
            assert_eq!((&*snapshot.board.title, snapshot.slots.len()), ("cut me", 3), "the last good reading stays");
            assert!(snapshot.slots.iter().all(|slot| slot.key.starts_with("tool") && slot.done >= 1), "{snapshot:?}");
            assert!(reader.numbers().iter().all(|polled| polled.generation() == 0 || polled.done() >= 1));
        }
        println!("child: {readings}");
        let next = crate::support::children::until_let_go_line;
        next();
    }
}

fn read_one_way(reader: &mut Reader, snapshot: &mut Snapshot, number: u64, path: &Path) -> Result<(), ReadError> {
    match WAYS[number as usize % WAYS.len()] {
        "first reading" => drop(reader.snapshot()?),
        "poll" => {
            for _ in 0..200 {
                reader.poll();
            }
        }
        "log" => {
            let lines = (0..3).flat_map(|slot| reader.log_tail(slot, 50));
            assert!(lines.into_iter().all(|line| !at_a_page(number) || line == "a line of the log"));
        }
        "dump" => match vx_shm::dump::write(reader, &path.with_extension("vxb")) {
            Err(DumpError::Read(error)) => return Err(error),
            other => other.unwrap(),
        },
        "wait" => _ = reader.wait_change(Duration::from_micros(200)),
        _ => {}
    }
    reader.refresh(snapshot).map(drop)
}

#[test]
fn a_board_that_is_cut_is_an_error_that_names_the_length_left() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let mut reader = Reader::open(&path).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    let before = snapshot.clone();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let error = reader.refresh(&mut snapshot).unwrap_err();
    assert!(matches!(error, ReadError::Truncated { found: 4096, expected, .. } if expected == good.len() as u64));
    assert_eq!(snapshot, before, "the last good reading is kept");
}

#[test]
fn nobody_waits_for_a_change_on_a_board_that_is_cut_or_written_over() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let mut reader = Reader::open(&path).unwrap();
    reader.snapshot().unwrap();
    for length in [4096, 0, good.len() as u64] {
        cut(&path, length);
        for _ in 0..2 {
            let began = std::time::Instant::now();
            assert!(reader.wait_change(std::time::Duration::from_secs(600)), "the wait does not report the error");
            assert!(began.elapsed().as_secs() < 300);
        }
        assert!(reader.snapshot().is_err());
    }
}

#[test]
fn readers_of_boards_that_are_cut_at_any_instant_get_an_error_and_no_signal() {
    let form = Form::file();
    let (count, mut random) = (rounds(240), Random(0xc07));
    let make = |number| {
        let board = Board::create(&board_of(form.directory(), number), "cut me", 4).unwrap();
        let mut slots =
            ["tool-1", "tool-2", "tool-3"].map(|key| Slot::join(board.path(), key, "1", Kind::Task).unwrap());
        for slot in &mut slots {
            slot.enter(Step::new(3), Some(u64::MAX));
            slot.publish(1);
            (0..50).for_each(|_| slot.log_line(b"a line of the log"));
        }
        (board, slots)
    };
    let mut made = make(0);
    let mut child = Writer::start("cut-reader", form.directory(), count);
    let mut readings = 0;
    for number in 0..count {
        assert_eq!(child.line(), "reading");
        let until = Instant::now() + Duration::from_micros(random.below(600));
        let mut done = 1;
        while Instant::now() < until {
            done += 1;
            made.1.iter_mut().for_each(|slot| slot.publish(done));
        }
        let path = board_of(form.directory(), number);
        let length = random.below(std::fs::metadata(&path).unwrap().len());
        cut(&path, if at_a_page(number) { length / 4096 * 4096 } else { length });
        made.1.iter_mut().for_each(|slot| slot.publish(done + 1)); // This process has its own map of the board.
        readings += child.line().parse::<u64>().expect("the child was killed, or read something wrong");
        std::fs::remove_file(path).unwrap();
        if number + 1 < count {
            made = make(number + 1);
        }
        child.let_go_line();
    }
    println!("{count} boards cut under a reader after {readings} readings: 0 signals");
}

/// The child: writes to one slot in every way, until its parent sends a line, some time after the cut.
pub(crate) fn play_writer(board: &Path) {
    let mut slot = Slot::join(board, "writer", "1", Kind::Task).unwrap();
    println!("child: writing");
    let told = std::thread::spawn(crate::support::children::until_let_go_line);
    let mut done = 0;
    while !told.is_finished() {
        done += 1;
        slot.publish(done);
        slot.enter(Step::new(5), Some(done));
        slot.message("a message");
        slot.log_line(b"a line");
    }
    slot.end(Ending::new(SlotState::Done)).unwrap();
    println!("child: went on");
}

#[test]
fn a_writer_whose_board_is_cut_goes_on_with_its_work() {
    for length in [0, 4096, 8192, 12_288, 20_000] {
        let form = Form::file();
        let board = form.board("cut me", 4);
        let mut child = Writer::start("cut-writer", board.path(), 0);
        assert_eq!(child.line(), "writing");
        let reservation = board.reserve("tool", "1", Kind::Task).unwrap();
        cut(board.path(), length);
        std::thread::sleep(Duration::from_millis(300)); // Longer than the interval of the child's heartbeat.
        child.let_go_line();
        assert_eq!(child.line(), "went on", "cut to {length} bytes");

        // The creator goes on, too: its stores reach no reader, and a process that attaches now gets an error.
        board.set_title("nobody reads this");
        let _ = board.end(reservation, &Ending::new(SlotState::Done));
        board.close(vx_shm::BoardState::Done);
        let refused = Slot::join(board.path(), "late", "1", Kind::Task).unwrap_err();
        assert!(refused.to_string().contains("board"), "{refused}");
        assert!(matches!(board.reader().unwrap_err().kind, AttachErrorKind::Layout(_)));
    }
}

#[test]
#[cfg(feature = "named")]
fn a_named_segment_that_is_cut_is_an_error_too() {
    let form = Form::named();
    let board = form.board("cut me", 4);
    let name = board.path().to_str().and_then(|path| path.strip_prefix("shm:")).unwrap().to_owned();
    let file = Path::new("/dev/shm").join(name);
    if !file.exists() {
        println!("skipped: this system does not show its named segments as files");
        return;
    }
    let mut slot = Slot::join(board.path(), "tool", "1", Kind::Task).unwrap();
    let mut reader = board.reader().unwrap();
    reader.snapshot().unwrap();
    let _gone = RemovedOnDrop(&file); // A board that is cut short cannot be removed by name.
    cut(&file, 4096);
    slot.publish(1);
    slot.message("to nobody");
    reader.poll();
    assert!(matches!(reader.snapshot(), Err(ReadError::Truncated { found: 4096, .. })));
}

#[cfg(feature = "named")]
struct RemovedOnDrop<'a>(&'a Path);

#[cfg(feature = "named")]
impl Drop for RemovedOnDrop<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}

#[test]
fn a_board_that_was_emptied_and_made_long_again_is_an_error_and_keeps_its_last_view() {
    let form = Form::file();
    let board = form.board("was here", 4);
    let _slot = Slot::join(board.path(), "tool", "1", Kind::Task).unwrap();
    let mut reader = board.reader().unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    let before = snapshot.clone();
    let length = std::fs::metadata(board.path()).unwrap().len();
    cut(board.path(), 0);
    cut(board.path(), length);
    let error = reader.refresh(&mut snapshot).unwrap_err();
    assert!(matches!(error, ReadError::Overwritten { .. }) && error.hint().is_some(), "{error}");
    assert_eq!(snapshot, before);
}

#[test]
fn a_signal_that_no_board_raised_does_what_it_did_before() {
    use std::os::unix::process::ExitStatusExt;
    let form = Form::file();
    let board = form.board("", 1);
    let mut child = Writer::start("bus-error", board.path(), 0);
    assert_eq!(child.line(), "attached");
    assert_eq!(child.wait().signal(), Some(rustix::process::Signal::BUS.as_raw()));
}

/// The child: attaches, and then sends itself the signal.
pub(crate) fn play_bus_error(board: &Path) {
    let _reader = Reader::open(board).unwrap();
    println!("child: attached");
    // At the first signal, the standard library's own handler restores the default; the next one kills.
    for _ in 0..500 {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::BUS).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
}
