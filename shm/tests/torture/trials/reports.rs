//! Reports on behalf of a script, killed in the middle: the next report continues where they left the slot.

use std::time::{Duration, Instant};

use vx_shm::{Kind, Reader, Slot, Snapshot};

use super::grouped;
use super::written::{line_for, message_for, number_in, whole_message};
use crate::support::children::{Role, Writer, rounds};
use crate::support::{Form, Random};

/// The slot's key.
const KEY: &str = "script";
/// The longest time that a report runs on before it is killed, in nanoseconds.
const LONGEST_NS: u64 = 300_000;

/// Play a report that goes on until it is killed. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "reports" {
        return false;
    }
    let script = std::os::unix::process::parent_id();
    for number in 1.. {
        let mut slot = report(&role.board, script);
        slot.message(&message_for(number));
        slot.log_line(line_for(number).as_bytes());
    }
    true
}

fn report(board: &std::path::Path, script: u32) -> Slot {
    Slot::on_behalf(board, KEY, "", Kind::Task, &[script], true).unwrap()
}

/// After each kill, report only numbers, and check that every reader finds the text that is there, and whole lines.
pub(super) fn killed() -> String {
    let form = Form::in_memory();
    let board = form.board("reports", 1);
    let (script, kills) = (std::process::id(), rounds(400));
    drop(report(board.path(), script));
    let (mut steady, mut kept) = (board.reader().unwrap(), Snapshot::default());
    let mut random = Random(0x5eed);
    let mut unannounced = 0;
    for kill in 1..=kills {
        let writer = Writer::start("reports", board.path(), kill);
        let (began, delay) = (Instant::now(), Duration::from_nanos(random.below(LONGEST_NS)));
        let before = reported(&steady);
        while reported(&steady) == before && began.elapsed() < Duration::from_secs(20) {
            std::thread::yield_now();
        }
        let at_work = Instant::now();
        while at_work.elapsed() < delay {
            std::hint::spin_loop();
        }
        writer.kill();
        steady.refresh(&mut kept).unwrap();
        let seen = kept.slots[0].message.clone();
        report(board.path(), script).publish(kill);
        steady.refresh(&mut kept).unwrap();
        let fresh = board.reader().unwrap().snapshot().unwrap();
        whole_message(&fresh.slots[0]);
        assert_eq!(kept.slots[0].message, fresh.slots[0].message, "the text was written, but never announced");
        assert_eq!((kept.slots[0].done, kept.slots[0].generation), (kill, 1));
        unannounced += u64::from(kept.slots[0].message != seen);
        let lines = steady.log_tail(0, usize::MAX);
        let torn = lines.iter().find(|line| number_in(line, line_for).is_none());
        assert_eq!(torn, None, "a line is a mixture");
    }
    let (kills, unannounced) = (grouped(kills), grouped(unannounced));
    format!(
        "{kills} kills of reports, {unannounced} behind a text before its announcement: each text found, no line torn"
    )
}

/// The newest line of the log, which moves with each report.
fn reported(reader: &Reader) -> Option<String> {
    reader.log_tail(0, 1).pop()
}
