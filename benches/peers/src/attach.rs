//! The cost of making the memory for 64 writers' states, and of attaching a reader to it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::child;
use crate::record::median;
use crate::state::Mechanism;
use crate::table::{Limit, Report, Row};

const MECHANISMS: [Mechanism; 5] = [
    Mechanism::BoardNumbers,
    Mechanism::BlackboardRecord,
    Mechanism::PublishSubscribe,
    Mechanism::IpckitMemory,
    Mechanism::Hornet,
];
const SLOTS: usize = 64;
const TURNS: usize = 31;

pub(crate) fn run(report: &mut Report) {
    child::stay_on(0);
    let places: Vec<tempfile::TempDir> =
        MECHANISMS.iter().map(|_| tempfile::tempdir_in(child::memory()).expect("a directory")).collect();
    let mut made: Vec<Vec<f64>> = vec![Vec::new(); MECHANISMS.len()];
    let mut attached: Vec<Vec<f64>> = vec![Vec::new(); MECHANISMS.len()];
    for turn in 0..TURNS {
        for (at, mechanism) in MECHANISMS.iter().enumerate() {
            let place = places[at].path().join(format!("{turn}-{at}"));
            std::fs::create_dir(&place).expect("a directory");
            made[at].push(microseconds(make(*mechanism, &place)));
            let writer = mechanism.writer(&place, SLOTS); // The slots are made before the clock starts.
            for _ in 0..3 {
                attached[at].extend(attach(*mechanism, &place).map(microseconds));
            }
            drop(writer);
            std::fs::remove_dir_all(&place).expect("a directory that was there");
        }
    }
    let rows: Vec<Row> = (0..MECHANISMS.len())
        .map(|at| {
            let attached = (!attached[at].is_empty()).then(|| median(attached[at].clone()));
            Row { name: name(MECHANISMS[at]), figures: vec![attached, Some(median(made[at].clone()))], base: at == 0 }
        })
        .collect();
    report.table("What does it cost to attach, and to make what is attached to?", &["attach, µs", "make, µs"], &rows);
    report.budget("attaching to 64 slots", rows[0].figures[0].unwrap_or(f64::NAN), Limit::AtMost(10.0, "µs"));
}

fn name(mechanism: Mechanism) -> String {
    match mechanism {
        Mechanism::BoardNumbers => "board of 64 slots (`Reader::open`, `Board::create`)",
        Mechanism::BlackboardRecord => "iceoryx2 blackboard of 64 entries (node, service, port, entries)",
        Mechanism::PublishSubscribe => "iceoryx2 publish/subscribe (node, service, port)",
        Mechanism::IpckitMemory => "ipckit shared memory of 16 KiB",
        _ => "hornet, two values",
    }
    .to_owned()
}

fn make(mechanism: Mechanism, place: &Path) -> Duration {
    if mechanism == Mechanism::BoardNumbers {
        let path = place.join("made.board");
        let began = Instant::now();
        let board = vx_shm::Board::create(&path, "peers", SLOTS as u32).expect("a board");
        let spent = began.elapsed();
        drop(board);
        return spent;
    }
    let place = place.join("made");
    let began = Instant::now();
    let writer = mechanism.writer(&place, SLOTS);
    let spent = began.elapsed();
    drop(writer);
    spent
}

fn attach(mechanism: Mechanism, place: &Path) -> Option<Duration> {
    let began = Instant::now();
    let reader = mechanism.reader(place, SLOTS)?;
    let spent = began.elapsed();
    drop(reader);
    Some(spent)
}

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}
