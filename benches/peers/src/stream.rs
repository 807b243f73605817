//! The cost of a report as a message, with a busy reader and with a sleeping one, and the report's age when it is seen.
//!
//! Every message is the whole record, since a reader that starts late has nothing else. The reader decodes it. If
//! messages are sent without pause, the reader does not sleep; if they are sent one at a time, it is woken for each.

mod bridge;
mod ends;

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::child::{self, Child, REST};
use crate::cost::pause;
use crate::record::median;
use crate::shared::Shared;
use crate::state;
use crate::table::{Report, Row};
pub(crate) use ends::{Owned, StreamKind};

const TURNS: usize = 15;
/// Messages sent without pause, a turn.
const BATCH: u64 = 2_000;
/// Messages to a sleeping reader, a turn.
const SINGLE: u64 = 40;
const PAUSE: Duration = Duration::from_micros(300);

/// What the reader does with a message besides decoding it: nothing but count it.
pub(crate) const COUNT: u32 = 0;
/// Record the processor time used so far.
pub(crate) const NOTE_CPU: u32 = 1;
/// Record its age.
pub(crate) const NOTE_AGE: u32 = 2;

struct Pair {
    kind: StreamKind,
    sender: Box<dyn ends::Sender>,
    child: Child,
    sent: u64,
    /// Nanoseconds a message: processor time of writer and reader without pause, and of the writer when the reader
    /// sleeps.
    flat: Vec<f64>,
    reading: Vec<f64>,
    single: Vec<f64>,
    ages: Vec<f64>,
    _place: tempfile::TempDir,
}

/// Measure and print; returns the ages in microseconds, for the table of latencies.
pub(crate) fn run(report: &mut Report) -> Vec<(&'static str, f64)> {
    child::stay_on(0);
    // The cost of reading the processor-time clock, which is part of each message to a sleeping reader.
    let clock = median((0..1001).map(|_| -(child::used_ns() as f64 - child::used_ns() as f64)).collect());
    let place = tempfile::tempdir_in(child::memory()).expect("a directory");
    let mut board = state::Mechanism::BoardNumbers.writer(place.path(), 1);
    let mut pairs: Vec<Pair> = StreamKind::ALL.iter().map(|kind| Pair::start(*kind)).collect();
    let mut bridge = bridge::Bridge::start();
    let (mut publish, mut bridged) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let used = child::used_ns();
        board.time(200_000);
        publish.push((child::used_ns() - used) as f64 / 200_000.0);
        pairs.iter_mut().for_each(|pair| pair.turn(clock));
        bridged.push(bridge.time(20).as_nanos() as f64 / 20.0);
    }
    let base = median(publish);
    let mut rows =
        vec![Row { name: "board, numbers of a slot".into(), figures: vec![Some(base), None, Some(base)], base: true }];
    rows.extend(pairs.iter().map(|pair| {
        let figures = [&pair.flat, &pair.reading, &pair.single].map(|figures| median(figures.clone()));
        Row::new(pair.kind.title(), &figures)
    }));
    let bridged = median(bridged);
    rows.push(Row {
        name: "ipckit, CLI bridge (waits for the answer)".into(),
        figures: vec![Some(bridged), None, Some(bridged)],
        base: false,
    });
    let columns = ["writer, without pause, ns", "reader, ns", "writer, reader asleep, ns"];
    report.table("What does a report cost as a message?", &columns, &rows);
    pairs.iter().map(|pair| (pair.kind.title(), median(pair.ages.clone()) / 1_000.0)).collect()
}

impl Pair {
    fn start(kind: StreamKind) -> Self {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let (sender, child) = ends::connect(kind, place.path());
        let [flat, reading, single, ages] = [const { Vec::new() }; 4];
        Self { kind, sender, child, sent: 0, flat, reading, single, ages, _place: place }
    }

    fn turn(&mut self, clock: f64) {
        self.send(0, NOTE_CPU);
        self.await_seen();
        let before = self.child.shared.figures(1)[0];
        let used = child::used_ns();
        (1..BATCH).for_each(|done| self.send(done, COUNT));
        self.send(BATCH, NOTE_CPU);
        self.flat.push((child::used_ns() - used) as f64 / BATCH as f64);
        self.await_seen();
        self.reading.push((self.child.shared.figures(1)[0] - before) / BATCH as f64);
        for _ in 0..SINGLE {
            pause(PAUSE);
            let used = child::used_ns();
            self.send(child::now_ns(), NOTE_AGE);
            self.single.push((child::used_ns() - used) as f64 - clock);
            self.await_seen();
            self.ages.push(self.child.shared.figures(1)[0]);
        }
    }

    fn send(&mut self, done: u64, mark: u32) {
        self.sent += 1;
        self.sender.send(done, mark);
    }

    fn await_seen(&self) {
        self.child.shared.await_seen(self.sent);
    }
}

/// Run the reader's process, which decodes messages until the writer is gone.
pub(crate) fn read(kind: StreamKind, address: &str, shared: &Shared) {
    let mut receiver = ends::receive(kind, address, || shared.doing.store(REST, Ordering::Release));
    let mut seen = 0;
    while let Some((done, mark)) = receiver() {
        seen += 1;
        let figure = match mark {
            NOTE_CPU => child::used_ns(),
            NOTE_AGE => child::now_ns().saturating_sub(done),
            _ => continue,
        };
        shared.figures[0].store(figure, Ordering::Relaxed);
        shared.seen.store(seen, Ordering::Release);
    }
}

/// Run the process that answers ipckit's bridge.
pub(crate) fn serve(path: &str, shared: &Shared) {
    bridge::serve(path, || shared.doing.store(REST, Ordering::Release));
}
