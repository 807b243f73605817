//! Processes stopped in the middle of what they do, and continued.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vx_shm::{ClaimError, Kind, Liveness, Reader, ReserveError, Slot};

use super::grouped;
use super::written::{self, publication};
use crate::support::children::{self, Role, Writer, rounds};
use crate::support::{Form, Random};

/// Play a writer that publishes without pause. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "publishes" {
        return false;
    }
    let mut slot = Slot::join(&role.board, "publishes", "", Kind::Task).unwrap();
    children::report("begins");
    for at in 1.. {
        written::publish(&mut slot, at);
    }
    true
}

fn send(writer: &Writer, signal: Signal) {
    kill(Pid::from_raw(writer.pid().cast_signed()), signal).unwrap();
}

/// Stop the process, and wait until it has stopped: a signal takes effect a moment after it was sent.
fn stop(writer: &Writer) {
    send(writer, Signal::SIGSTOP);
    let status = || std::fs::read_to_string(format!("/proc/{}/stat", writer.pid())).unwrap();
    while !status().rsplit_once(") ").unwrap().1.starts_with('T') {
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The publication that the board's one slot shows to this reader.
fn shown(reader: &mut Reader) -> u64 {
    reader.poll();
    let numbers = reader.numbers()[0];
    publication(numbers.done(), numbers.total(), numbers.generation()).expect("one publication")
}

/// A writer is stopped many times for a moment: if it is stopped within a publication, readers see the one before. Then
/// it is stopped for long: it shows as silent, not lost, no process takes its slot, and it continues.
pub(super) fn publishing() -> String {
    let form = Form::in_memory();
    let board = form.board("stops", 1);
    let mut writer = Writer::start("publishes", board.path(), 0);
    assert_eq!(writer.line(), "begins");
    let (mut random, stops, mut last) = (Random(7), rounds(2_000), 0);
    let mut slowest = Duration::ZERO;
    for _ in 0..stops {
        stop(&writer);
        let mut reader = board.reader().unwrap();
        let began = Instant::now();
        let first = shown(&mut reader);
        slowest = slowest.max(began.elapsed());
        assert_eq!((first, reader.poll()), (shown(&mut reader), 0), "nothing moves");
        assert!(first >= last, "went back from {last} to {first}");
        last = first;
        send(&writer, Signal::SIGCONT);
        std::thread::sleep(Duration::from_micros(random.below(100)));
    }
    stop(&writer);
    let mut reader = board.reader().unwrap();
    let still = shown(&mut reader);
    await_liveness(&mut reader, |liveness| matches!(liveness, Liveness::Silent(_)));
    let full = Slot::join(board.path(), "another", "", Kind::Task).unwrap_err();
    assert!(matches!(full, ClaimError::Place(ReserveError::Full { capacity: 1 })), "it keeps its slot: {full}");
    assert_eq!(shown(&mut reader), still);
    send(&writer, Signal::SIGCONT);
    await_liveness(&mut reader, |liveness| liveness == Liveness::Alive);
    // The thread that beats may be the first to run again.
    let goes_on = Instant::now();
    while shown(&mut reader) == still {
        assert!(goes_on.elapsed() < Duration::from_secs(10), "it never went on");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(shown(&mut reader) > still);
    let stops = grouped(stops + 1);
    format!(
        "{stops} stops of a writer without pause: read whole each time, at once ({slowest:?} at most), silent and not lost, and it went on"
    )
}

fn await_liveness(reader: &mut Reader, wanted: impl Fn(Liveness) -> bool) {
    let began = Instant::now();
    loop {
        let liveness = reader.snapshot().unwrap().slots[0].liveness;
        assert_ne!(liveness, Liveness::Lost, "a stopped writer holds its slot");
        if wanted(liveness) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "still {liveness:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process is stopped while it holds the table's lock: others that want to change the table fail in time, with the
/// reason; publishing and reading go on; once the holder continues, so do all others.
#[cfg(target_arch = "x86_64")]
pub(super) fn table_holder() -> String {
    use crate::support::stepper::Stepped;
    use vx_shm::{EndError, Ending, SlotState};

    let form = Form::in_memory();
    let board = form.board("stops", 4);
    let reserved = board.reserve("reserved", "", Kind::Install).unwrap();
    let mut own = Slot::join(board.path(), "own", "", Kind::Task).unwrap();
    let mut holder = Stepped::start("lives-once", board.path(), 0);
    holder.reach_lock();
    let holder = holder.let_stop();

    // All attempts start at once, because each waits for the same time.
    let busy = |error: &ReserveError| match error {
        ReserveError::Busy { waited_ms } => (2_000..10_000).contains(waited_ms),
        _ => false,
    };
    std::thread::scope(|scope| {
        let joins = scope.spawn(|| Slot::join(board.path(), "another", "", Kind::Task).map(drop).unwrap_err());
        let claims =
            scope.spawn(|| Slot::claim(board.path(), reserved.slot, reserved.generation).map(drop).unwrap_err());
        let ends = scope.spawn(|| board.end(reserved, &Ending::new(SlotState::Cancelled)).unwrap_err());
        let mut reader = board.reader().unwrap();
        for at in 1..=1_000 {
            own.publish(at);
            assert_eq!(reader.snapshot().unwrap().slots[1].done, at, "publishing and reading need no table's lock");
        }
        for refused in [joins.join().unwrap(), claims.join().unwrap()] {
            assert!(matches!(&refused, ClaimError::Place(error) if busy(error)), "{refused:?}");
            assert!(refused.to_string().contains("locked by another process") && refused.hint().is_some());
        }
        let refused = ends.join().unwrap();
        assert!(matches!(&refused, EndError::Table(error) if busy(error)), "{refused:?}");
    });

    send(&holder, Signal::SIGCONT);
    let next = Slot::join(board.path(), "another", "", Kind::Task).unwrap();
    assert_eq!(next.index(), 3, "the stopped process has the slot it was about to take");
    board.end(reserved, &Ending::new(SlotState::Cancelled)).unwrap();
    "1 holder stopped: 3 attempts gave up with the reason after 2 s each, 1,000 publications and readings went on, then all succeeded".into()
}
