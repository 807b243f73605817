//! The number of torn readings: another process writes the same checksummed record without pause, and it is read
//! equally often from ipckit's shared memory and from the board's latch.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::Ordering;

use ipckit::SharedMemory;

use crate::child::{self, Child, REST, STOP};
use crate::shared::{RECORD_WORDS, Shared};
use crate::state::unique;
use crate::table::{Limit, Report, thousands};

const READS: u64 = 10_000_000;
/// Readings in one turn of either.
const TURN: u64 = 100_000;

pub(crate) fn run(report: &mut Report) {
    child::stay_on(0);
    let place = tempfile::tempdir_in(child::memory()).expect("a directory");
    let mut child = Child::start(&format!("scribble {}", place.path().display()));
    let memory = SharedMemory::open(&unique(place.path())).expect("shared memory");
    let (mut ours, mut theirs, mut busy, mut newest) = (0, 0, 0, [0; 2]);
    let mut moved = [0_u64; 2];
    let mut bytes = [0; 8 * RECORD_WORDS];
    for _ in 0..READS / TURN {
        for _ in 0..TURN {
            match child.shared.record.read_soon() {
                Some((_, words)) => {
                    ours += u64::from(!whole(&words));
                    moved[0] += u64::from(std::mem::replace(&mut newest[0], words[0]) != words[0]);
                }
                None => busy += 1,
            }
        }
        for _ in 0..TURN {
            // Without this the compiler would read only once, since it sees no other writer.
            black_box(&memory).read_into(0, &mut bytes).expect("a record");
            let words = words(&bytes);
            theirs += u64::from(!whole(&words));
            moved[1] += u64::from(std::mem::replace(&mut newest[1], words[0]) != words[0]);
        }
    }
    child.stop();
    println!(
        "\n### How many readings are torn?\n\n| way | readings | torn | met the writer at work and kept the last |"
    );
    println!("|---|---|---|---|");
    let readings = |moved| format!("{} ({} of them new)", thousands(READS), thousands(moved));
    println!("| board, record of 192 bytes | {} | {} | {} |", readings(moved[0]), thousands(ours), thousands(busy));
    println!("| ipckit shared memory, the same record | {} | {} | – |", readings(moved[1]), thousands(theirs));
    report.budget("readings of the board that were torn", ours as f64, Limit::AtMost(0.0, ""));
}

/// The last word is a sum of all others, which no mixture of two records matches.
fn whole(words: &[u64; RECORD_WORDS]) -> bool {
    sum(words) == words[RECORD_WORDS - 1]
}

fn sum(words: &[u64; RECORD_WORDS]) -> u64 {
    words[..RECORD_WORDS - 1].iter().fold(0x9E37_79B9_7F4A_7C15, |sum, word| (sum ^ word).wrapping_mul(0x100_0000_01B3))
}

fn words(bytes: &[u8; 8 * RECORD_WORDS]) -> [u64; RECORD_WORDS] {
    std::array::from_fn(|at| u64::from_le_bytes(std::array::from_fn(|byte| bytes[8 * at + byte])))
}

/// Run the writer's process, which writes both records alternately until it is asked to stop.
pub(crate) fn write(place: &Path, shared: &Shared) {
    child::end_with_parent();
    let mut memory = SharedMemory::create(&unique(place), 4_096).expect("shared memory");
    for number in 0_u64.. {
        let mut words = [number.wrapping_mul(0x9E37_79B9); RECORD_WORDS];
        words[RECORD_WORDS - 1] = sum(&words);
        shared.record.write(&words);
        let bytes: [u8; 8 * RECORD_WORDS] = std::array::from_fn(|at| words[at / 8].to_le_bytes()[at % 8]);
        memory.write(0, &bytes).expect("room");
        shared.doing.store(REST, Ordering::Release);
        if shared.order.load(Ordering::Relaxed) == STOP {
            return;
        }
    }
}
