//! The age of a report when the reader sees it. The table has the ages measured for the other questions, and two more,
//! taken in turns: of a change of state on the board, whose reader sleeps until the doorbell wakes it, and of eight
//! bytes in a pipe.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use vx_shm::{Board, Reader};

use crate::child::{self, Child, REST};
use crate::cost::pause;
use crate::record::median;
use crate::shared::{FIGURES, Shared};
use crate::table::{Limit, Report, Row};

const CHANGES: u64 = 600;
const PAUSE: Duration = Duration::from_micros(300);

/// Print all ages, in microseconds: for readers that poll without pause, and for readers that are woken.
pub(crate) fn run(report: &mut Report, ages: &[(&str, f64)]) {
    let mut rows: Vec<Row> = ages
        .iter()
        .map(|(name, age)| {
            // States are polled without pause; messages are waited for.
            let state = name.starts_with("board") || name.starts_with("iceoryx2") || name.contains("memory");
            Row::new(&format!("{name}: reader {}", if state { "looks without pause" } else { "is woken" }), &[*age])
        })
        .collect();
    let (bell, pipe) = awaited();
    rows.push(Row::new("board, change of state: reader is woken by the doorbell", &[bell]));
    rows.push(Row::new("pipe, 8 bytes, in turns with it: reader is woken", &[pipe]));
    report.table("How old is a report when it is seen?", &["µs"], &rows);
    report.budget("woken by the doorbell, beside a pipe", bell / pipe, Limit::AtMost(1.1, "times"));
}

/// Microseconds until a sleeper is woken by the doorbell, and by a pipe.
fn awaited() -> (f64, f64) {
    child::stay_on(0);
    let place = tempfile::tempdir_in(child::memory()).expect("a directory");
    let board = Board::create(&place.path().join("peers.board"), "peers", 1).expect("a board");
    let sleeper = Child::start(&format!("await {}", place.path().display()));
    let mut reader = Child::start("await-pipe");
    let mut pipe = reader.process.stdin.take().expect("a pipe");
    for change in 1..=CHANGES {
        pause(PAUSE);
        board.set_title(&child::now_ns().to_string()); // A new title rings the doorbell, like every change of state.
        sleeper.shared.await_seen(change);
        pause(PAUSE);
        pipe.write_all(&child::now_ns().to_le_bytes()).expect("a reader");
        reader.shared.await_seen(change);
    }
    let age = |child: &Child| median(child.shared.figures(CHANGES as usize)) / 1_000.0;
    (age(&sleeper), age(&reader))
}

/// Run the process that reads the pipe on its standard input; it ends with its parent, since the pipe does.
pub(crate) fn read_pipe(shared: &Shared) {
    shared.doing.store(REST, Ordering::Release);
    let (mut pipe, mut sent, mut seen) = (std::io::stdin(), [0; 8], 0_u64);
    while pipe.read_exact(&mut sent).is_ok() {
        note(shared, &mut seen, child::now_ns().saturating_sub(u64::from_le_bytes(sent)));
    }
}

fn note(shared: &Shared, seen: &mut u64, age: u64) {
    shared.figures[*seen as usize % FIGURES].store(age, Ordering::Relaxed);
    *seen += 1;
    shared.seen.store(*seen, Ordering::Release);
}

/// Run the reader's process.
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
            note(shared, &mut seen, now.saturating_sub(snapshot.board.title.parse().unwrap_or(now)));
        }
    }
}
