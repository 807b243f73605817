//! What a publication costs its writer: without a reader, with one that reads 60 times a second, and with one that
//! reads without pause; and the age of a state when the last kind of reader sees it.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::child::{self, Child, FRAME, FRAMES, HAMMER, REST, STOP, WATCH};
use crate::record::median;
use crate::shared::{FIGURES, Shared};
use crate::state::{Mechanism, Writer};
use crate::table::{Limit, Report, Row};

const NUMBERS: [Mechanism; 3] = [Mechanism::BoardNumbers, Mechanism::BlackboardNumbers, Mechanism::Hornet];
const RECORDS: [Mechanism; 4] =
    [Mechanism::BoardRecord, Mechanism::BlackboardRecord, Mechanism::PublishSubscribe, Mechanism::IpckitMemory];
const TURNS: usize = 15;
/// States published for their age, a turn.
const WATCHED: usize = 60;
/// Pause between two such publications.
const PAUSE: Duration = Duration::from_micros(100);

/// One mechanism at work: its writer here, its reader in a child.
struct Pair {
    mechanism: Mechanism,
    writer: Box<dyn Writer>,
    child: Option<Child>,
    /// Nanoseconds a publication, for each turn: alone, at 60 Hz, hammered.
    costs: [Vec<f64>; 3],
    /// Nanoseconds from publication to sight.
    ages: Vec<f64>,
    _place: tempfile::TempDir,
}

/// Measure and print; returns the ages in microseconds, for the table of latencies.
pub(crate) fn run(report: &mut Report) -> Vec<(Mechanism, f64)> {
    child::stay_on(0);
    let mut pairs: Vec<Pair> = NUMBERS.iter().chain(&RECORDS).map(|mechanism| Pair::start(*mechanism)).collect();
    for _ in 0..TURNS {
        // Pairs take turns, so that a disturbance of the machine affects all of them.
        pairs.iter_mut().for_each(Pair::turn);
    }
    let cost = |mechanism: Mechanism, mode: usize| {
        let pair = pairs.iter().find(|pair| pair.mechanism == mechanism).expect("a way that was measured");
        (!pair.costs[mode].is_empty()).then(|| median(pair.costs[mode].clone()))
    };
    let row = |mechanism: &Mechanism| Row {
        name: mechanism.title().to_owned(),
        figures: (0..3).map(|mode| cost(*mechanism, mode)).collect(),
        base: false,
    };
    let columns = ["alone, ns", "reader at 60 Hz, ns", "reader without pause, ns"];
    let mut rows: Vec<Row> = NUMBERS.iter().map(row).collect();
    rows.extend(RECORDS.iter().enumerate().map(|(at, mechanism)| Row { base: at == 0, ..row(mechanism) }));
    report.table("What does a publication cost its writer?", &columns, &rows);
    let alone = |mechanism| cost(mechanism, 0).unwrap_or(f64::NAN);
    let hammered = |mechanism| cost(mechanism, 2).unwrap_or(f64::NAN);
    report.budget("numbers of a slot, published", alone(Mechanism::BoardNumbers), Limit::AtMost(3.0, "ns"));
    report.budget("record of 192 bytes, published", alone(Mechanism::BoardRecord), Limit::AtMost(12.0, "ns"));
    let ahead = alone(Mechanism::BlackboardRecord) / alone(Mechanism::BoardRecord);
    report.budget("iceoryx2's blackboard beside it", ahead, Limit::AtLeast(1.8, "times"));
    let copies = alone(Mechanism::BoardRecord) / alone(Mechanism::IpckitMemory);
    report.budget("the record beside a bare copy", copies, Limit::AtMost(1.25, "times"));
    report.budget("numbers under a reader without pause", hammered(Mechanism::BoardNumbers), Limit::AtMost(12.0, "ns"));
    let ages = pairs.iter().filter(|pair| !pair.ages.is_empty());
    ages.map(|pair| (pair.mechanism, median(pair.ages.clone()) / 1_000.0)).collect()
}

impl Pair {
    fn start(mechanism: Mechanism) -> Self {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let writer = mechanism.writer(place.path(), 1);
        let child = (mechanism != Mechanism::Hornet)
            .then(|| Child::start(&format!("read {mechanism:?} {}", place.path().display())));
        Self { mechanism, writer, child, costs: Default::default(), ages: Vec::new(), _place: place }
    }

    fn turn(&mut self) {
        let Some(child) = &self.child else {
            return self.costs[0].push(each_ns(&mut *self.writer, FRAME));
        };
        for (order, run, costs) in [(REST, FRAME, 0), (FRAMES, 3 * FRAME, 1), (HAMMER, FRAME, 2)] {
            child.shared.order(order);
            self.costs[costs].push(each_ns(&mut *self.writer, run));
        }
        child.shared.seen.store(0, Ordering::Relaxed);
        child.shared.order(WATCH);
        for seen in 1..=WATCHED as u64 {
            pause(PAUSE);
            self.writer.publish(0, child::now_ns());
            child.shared.await_seen(seen);
        }
        child.shared.order(REST);
        self.ages.extend(child.shared.figures(WATCHED));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.stop();
        }
    }
}

/// Nanoseconds of processor time per publication, over this time; other processes don't count.
fn each_ns(writer: &mut dyn Writer, run: Duration) -> f64 {
    const BATCH: u64 = 2_000;
    let (began, before, mut count) = (Instant::now(), child::used_ns(), 0);
    while began.elapsed() < run {
        writer.time(BATCH);
        count += BATCH;
    }
    (child::used_ns() - before) as f64 / count as f64
}

/// Wait without sleeping: the processor stays awake, like a busy writer's.
pub(crate) fn pause(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Run the reader's process, which follows its orders until it is asked to stop.
pub(crate) fn read(mechanism: Mechanism, place: &std::path::Path, shared: &Shared) {
    child::end_with_parent();
    let mut reader = mechanism.reader(place, 1).expect("a way that can be read");
    shared.doing.store(REST, Ordering::Release);
    let (mut doing, mut last) = (REST, 0);
    loop {
        let order = shared.order.load(Ordering::Acquire);
        if order != doing && order != 0 {
            (doing, last) = (order, reader.look());
            shared.doing.store(order, Ordering::Release);
        }
        match doing {
            STOP => return,
            FRAMES => {
                reader.look_at_all();
                std::thread::sleep(FRAME);
            }
            HAMMER => (0..64).for_each(|_| _ = std::hint::black_box(reader.look())),
            WATCH => {
                for _ in 0..64 {
                    let done = reader.look();
                    if done != last {
                        let seen = shared.seen.load(Ordering::Relaxed);
                        let age = child::now_ns().saturating_sub(done);
                        shared.figures[seen as usize % FIGURES].store(age, Ordering::Relaxed);
                        last = done;
                        shared.seen.store(seen + 1, Ordering::Release);
                    }
                }
            }
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}
