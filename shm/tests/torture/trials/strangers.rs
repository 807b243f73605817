//! Process ids that now belong to another process, and boards of an earlier boot.

use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vx_shm::layout::{ColdImage, HeaderImage};
use vx_shm::{Kind, Liveness, Reader, Slot, SlotState, gc};

use crate::support::children::Writer;
use crate::support::{Form, with_facts, write_private};

/// The number of tries to get a certain process id, since other programs start processes, too.
const TRIES: usize = 500;

/// Wait until the first slot shows this liveness. Readers examine processes only after missed beats.
fn await_verdict(reader: &mut Reader, wanted: impl Fn(Liveness) -> bool) {
    let began = Instant::now();
    loop {
        let slot = &reader.snapshot().unwrap().slots[0];
        if wanted(slot.liveness) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "not as wanted: {slot:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Wait until the first slot is silent: its lock is held, and nothing beats.
pub(super) fn await_silence(reader: &mut Reader) {
    await_verdict(reader, |liveness| matches!(liveness, Liveness::Silent(_)));
}

/// The lock decides: a writer that holds it lives, whatever start time the record has; and a writer that no longer
/// holds it is lost, even if a process with its id runs. The second part needs the right to choose ids.
pub(super) fn process_ids() -> String {
    recorded_start_is_another();
    match id_is_truly_reused() {
        Some(tries) => {
            format!("1 writer with a stranger's start time alive; one whose id was had again, in {tries} tries, lost")
        }
        None => {
            "1 writer with a stranger's start time alive; true reuse: skipped, it needs the right to choose ids".into()
        }
    }
}

fn recorded_start_is_another() {
    let form = Form::in_memory();
    let board = form.board("strangers", 1);
    let mut writer = Writer::start("publishes", board.path(), 0);
    assert_eq!(writer.line(), "begins");
    let mut reader = board.reader().unwrap();
    assert_eq!(reader.snapshot().unwrap().slots[0].liveness, Liveness::Alive);
    let facts = HeaderImage::for_slots(1);
    let start_at = u64::from(facts.cold.offset) + std::mem::offset_of!(ColdImage, identity.start_time) as u64;
    let file = std::fs::File::options().read(true).write(true).open(board.path()).unwrap();
    let mut start = [0; 8];
    file.read_exact_at(&mut start, start_at).unwrap();
    let earlier = u64::from_le_bytes(start) - 1;
    // Stop the writer's heartbeat: while it beats, readers do not look at the process.
    kill(Pid::from_raw(writer.pid().cast_signed()), Signal::SIGSTOP).unwrap();
    file.write_all_at(&earlier.to_le_bytes(), start_at).unwrap();
    await_silence(&mut reader);
    assert!(Slot::join(board.path(), "next", "", Kind::Task).is_err(), "its lock is held");
    writer.kill();
    await_verdict(&mut reader, |liveness| liveness == Liveness::Lost);
}

/// Kill a writer, and start processes until one gets its id. Returns the number of processes that it took; `None` if
/// this user may not choose ids.
fn id_is_truly_reused() -> Option<usize> {
    let form = Form::in_memory();
    let board = form.board("strangers", 1);
    let mut writer = Writer::start("publishes", board.path(), 0);
    assert_eq!(writer.line(), "begins");
    let pid = writer.pid();
    writer.kill();
    // Let the start time differ, which counts hundredths of a second. In practice an id is reused only after thousands
    // of processes, never that soon.
    std::thread::sleep(Duration::from_millis(50));
    let mut stranger = None;
    for tries in 1..=TRIES {
        std::fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).ok()?;
        let next = Writer::start("waits", board.path(), 0);
        if next.pid() == pid {
            stranger = Some((next, tries));
            break;
        }
    }
    let (stranger, tries) = stranger.expect("no process got the free id");
    let mut reader = board.reader().unwrap();
    await_verdict(&mut reader, |liveness| liveness == Liveness::Lost);
    assert_eq!(reader.snapshot().unwrap().slots[0].pid, Some(stranger.pid()));
    Some(tries)
}

/// On a board of another boot, ids are no evidence. While locks are held, as by another machine that shares the
/// directory, its processes live and the board stays; without locks its writers are gone, and the board can be removed.
pub(super) fn boot() -> String {
    let form = Form::in_memory();
    let board = form.board("boot", 2);
    let mut writer = Writer::start("publishes", board.path(), 0);
    assert_eq!(writer.line(), "begins");
    board.reserve("reserved", "", Kind::Install).unwrap();
    let mut bytes = std::fs::read(board.path()).unwrap();
    with_facts(&mut bytes, |facts| facts.boot_id[0] ^= 1);
    // Change the file in place: running processes have locked its bytes.
    let length = size_of::<HeaderImage>();
    let file = std::fs::File::options().write(true).open(board.path()).unwrap();
    file.write_all_at(&bytes[..length], 0).unwrap();
    let snapshot = Reader::open(board.path()).unwrap().snapshot().unwrap();
    assert_eq!((snapshot.board.creator.alive, snapshot.slots[0].liveness), (Some(true), Liveness::Alive));
    assert!(gc(form.directory(), Duration::ZERO, 0).unwrap().is_empty(), "it is in use");
    let left = form.directory().join("left.board");
    write_private(&left, &bytes); // A copy that no process holds.
    let snapshot = Reader::open(&left).unwrap().snapshot().unwrap();
    assert_eq!(snapshot.board.creator.alive, Some(false));
    assert!(snapshot.slots.iter().all(|slot| slot.liveness == Liveness::Lost), "{snapshot:?}");
    assert_eq!([snapshot.slots[0].state, snapshot.slots[1].state], [SlotState::Live, SlotState::Reserved]);
    drop(writer);

    let kept = gc(form.directory(), Duration::from_secs(3600), 32).unwrap();
    assert!(kept.is_empty(), "it may still be looked at: {kept:?}");
    assert!(gc(form.directory(), Duration::ZERO, 0).unwrap().contains(&left));
    "2 boards of another boot: alive while locked; without locks every writer and reservation lost, cleared away when old".into()
}
