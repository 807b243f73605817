//! What does it cost to make the place for 64 writers' states, and to attach to one for reading?

use std::path::Path;
use std::time::{Duration, Instant};

use crate::child;
use crate::record::median;
use crate::state::Way;
use crate::table::{Limit, Report, Row};

const WAYS: [Way; 5] =
    [Way::BoardNumbers, Way::BlackboardRecord, Way::PublishSubscribe, Way::IpckitMemory, Way::Hornet];
const SLOTS: usize = 64;
const TURNS: usize = 31;

pub(crate) fn run(report: &mut Report) {
    child::stay_on(0);
    let places: Vec<tempfile::TempDir> =
        WAYS.iter().map(|_| tempfile::tempdir_in(child::memory()).expect("a directory")).collect();
    let mut made: Vec<Vec<f64>> = vec![Vec::new(); WAYS.len()];
    let mut attached: Vec<Vec<f64>> = vec![Vec::new(); WAYS.len()];
    for turn in 0..TURNS {
        for (at, way) in WAYS.iter().enumerate() {
            let place = places[at].path().join(format!("{turn}-{at}"));
            std::fs::create_dir(&place).expect("a directory");
            made[at].push(microseconds(make(*way, &place)));
            let writer = way.writer(&place, SLOTS); // With its slots, which are not what is measured here.
            for _ in 0..3 {
                attached[at].extend(attach(*way, &place).map(microseconds));
            }
            drop(writer);
            std::fs::remove_dir_all(&place).expect("a directory that was there");
        }
    }
    let rows: Vec<Row> = (0..WAYS.len())
        .map(|at| {
            let attached = (!attached[at].is_empty()).then(|| median(attached[at].clone()));
            Row { way: name(WAYS[at]), figures: vec![attached, Some(median(made[at].clone()))], base: at == 0 }
        })
        .collect();
    report.table("What does it cost to attach, and to make what is attached to?", &["attach, µs", "make, µs"], &rows);
    report.budget("attaching to 64 slots", rows[0].figures[0].unwrap_or(f64::NAN), Limit::AtMost(10.0, "µs"));
}

fn name(way: Way) -> String {
    match way {
        Way::BoardNumbers => "board of 64 slots (`Reader::open`, `Board::create`)",
        Way::BlackboardRecord => "iceoryx2 blackboard of 64 entries (node, service, port, entries)",
        Way::PublishSubscribe => "iceoryx2 publish/subscribe (node, service, port)",
        Way::IpckitMemory => "ipckit shared memory of 16 KiB",
        _ => "hornet, two values",
    }
    .to_owned()
}

fn make(way: Way, place: &Path) -> Duration {
    if way == Way::BoardNumbers {
        let path = place.join("made.board");
        let began = Instant::now();
        let board = vx_shm::Board::create(&path, "peers", SLOTS as u32).expect("a board");
        let spent = began.elapsed();
        drop(board);
        return spent;
    }
    let place = place.join("made");
    let began = Instant::now();
    let writer = way.writer(&place, SLOTS);
    let spent = began.elapsed();
    drop(writer);
    spent
}

fn attach(way: Way, place: &Path) -> Option<Duration> {
    let began = Instant::now();
    let reader = way.reader(place, SLOTS)?;
    let spent = began.elapsed();
    drop(reader);
    Some(spent)
}

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}
