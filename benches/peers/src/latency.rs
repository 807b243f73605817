//! The age of a report when the reader sees it. The table has the ages that the other questions have measured, and one
//! more: that of a change of state on the board, whose reader sleeps until the bell wakes it.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use vx_shm::{Board, Reader};

use crate::child::{self, Child, REST};
use crate::cost::pause;
use crate::record::median;
use crate::shared::{FIGURES, Shared};
use crate::table::{Report, Row};

const CHANGES: u64 = 600;
const PAUSE: Duration = Duration::from_micros(300);

/// Print all ages, in microseconds: of readers that look without pause, and of readers that are woken.
pub(crate) fn run(report: &Report, ages: &[(&str, f64)]) {
    let mut rows: Vec<Row> = ages
        .iter()
        .map(|(name, age)| {
            // States are looked at without pause, messages are waited for.
            let state = name.starts_with("board") || name.starts_with("iceoryx2") || name.contains("memory");
            Row::of(&format!("{name}: reader {}", if state { "looks without pause" } else { "is woken" }), &[*age])
        })
        .collect();
    rows.push(Row::of("board, change of state: reader is woken by the doorbell", &[awaited()]));
    report.table("How old is a report when it is seen?", &["µs"], &rows);
}

fn awaited() -> f64 {
    child::stay_on(0);
    let place = tempfile::tempdir_in(child::memory()).expect("a directory");
    let board = Board::create(&place.path().join("peers.board"), "peers", 1).expect("a board");
    let child = Child::start(&format!("await {}", place.path().display()));
    for change in 1..=CHANGES {
        pause(PAUSE);
        board.set_title(&child::now_ns().to_string()); // A new title rings the bell, as every change of state does.
        child.shared.await_seen(change);
    }
    median(child.shared.figures(CHANGES as usize)) / 1_000.0
}

/// The reader's process.
pub(crate) fn read(place: &Path, shared: &Shared) {
    child::end_with_parent();
    let mut reader = Reader::open(&place.join("peers.board")).expect("a reader");
    let mut snapshot = reader.snapshot().expect("a snapshot");
    shared.doing.store(REST, Ordering::Release);
    let mut seen = 0_u64;
    loop {
        if reader.wait_change(Duration::from_secs(1)) {
            let now = child::now_ns();
            reader.refresh(&mut snapshot).expect("a board that reads");
            let age = now.saturating_sub(snapshot.board.title.parse().unwrap_or(now));
            shared.figures[seen as usize % FIGURES].store(age, Ordering::Relaxed);
            seen += 1;
            shared.seen.store(seen, Ordering::Release);
        }
    }
}
