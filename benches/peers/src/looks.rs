//! The cost to a reader of looking at 64 slots, when nothing changed and when another process changed all of them.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::child::{self, Child, REST, STOP};
use crate::record::median;
use crate::shared::Shared;
use crate::state::{Mechanism, Reader};
use crate::table::{Limit, Report, Row};

const MECHANISMS: [Mechanism; 6] = [
    Mechanism::BoardNumbers,
    Mechanism::BoardSnapshot,
    Mechanism::BlackboardNumbers,
    Mechanism::BlackboardRecord,
    Mechanism::BlackboardIfChanged,
    Mechanism::IpckitMemory,
];
const SLOTS: usize = 64;
const TURNS: usize = 101;
/// Looks a turn, of each kind.
const LOOKS: usize = 10;
/// An order of this number or a higher one requests one publication of every slot.
const PUBLISH: u64 = 1_000;

struct Pair {
    mechanism: Mechanism,
    reader: Box<dyn Reader>,
    child: Child,
    rounds: u64,
    quiet: Vec<f64>,
    changed: Vec<f64>,
    _place: tempfile::TempDir,
}

pub(crate) fn run(report: &mut Report) {
    child::stay_on(0);
    let clock = median((0..1001).map(|_| Instant::now().elapsed().as_nanos() as f64).collect());
    let mut pairs: Vec<Pair> = MECHANISMS.iter().map(|mechanism| Pair::start(*mechanism)).collect();
    for _ in 0..TURNS {
        pairs.iter_mut().for_each(|pair| pair.turn(clock));
    }
    let figures = |mechanism| {
        let pair = pairs.iter().find(|pair| pair.mechanism == mechanism).expect("a way that was measured");
        (median(pair.quiet.clone()), median(pair.changed.clone()))
    };
    let rows: Vec<Row> = MECHANISMS
        .iter()
        .map(|mechanism| {
            let (quiet, changed) = figures(*mechanism);
            Row::of(&mechanism.title().replace("numbers of a slot", "numbers polled"), &[quiet, changed])
        })
        .collect();
    report.table("What does a look at 64 slots cost?", &["nothing changed, ns", "all changed, ns"], &rows);
    let (quiet, changed) = figures(Mechanism::BoardNumbers);
    report.budget("poll of 64 slots, nothing changed", quiet, Limit::AtMost(250.0, "ns"));
    report.budget("poll of 64 slots, all changed", changed, Limit::AtMost(800.0, "ns"));
    let (peer_quiet, peer_changed) = figures(Mechanism::BlackboardRecord);
    report.budget("iceoryx2's blackboard beside it, quiet", peer_quiet / quiet, Limit::AtLeast(4.0, "times"));
    report.budget("iceoryx2's blackboard beside it, changed", peer_changed / changed, Limit::AtLeast(4.0, "times"));
}

impl Pair {
    fn start(mechanism: Mechanism) -> Self {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let child = Child::start(&format!("write {mechanism:?} {}", place.path().display()));
        let reader = mechanism.reader(place.path(), SLOTS).expect("a way that can be read");
        Self { mechanism, reader, child, rounds: 0, quiet: Vec::new(), changed: Vec::new(), _place: place }
    }

    fn turn(&mut self, clock: f64) {
        for _ in 0..LOOKS {
            self.child.shared.order(PUBLISH + self.rounds);
            self.rounds += 1;
            for figures in [&mut self.changed, &mut self.quiet] {
                let began = Instant::now();
                self.reader.look_at_all();
                figures.push(began.elapsed().as_nanos() as f64 - clock);
            }
        }
        self.child.shared.order(REST);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.child.stop();
    }
}

/// The writer's process: publishes every slot once for each order to.
pub(crate) fn write(mechanism: Mechanism, place: &Path, shared: &Shared) {
    child::end_with_parent();
    let mut writer = mechanism.writer(place, SLOTS);
    (0..SLOTS).for_each(|slot| writer.publish(slot, 1));
    shared.doing.store(REST, Ordering::Release);
    let mut doing = REST;
    loop {
        let order = shared.order.load(Ordering::Acquire);
        match order {
            STOP => return,
            _ if order == doing => {}
            _ if order >= PUBLISH => (0..SLOTS).for_each(|slot| writer.publish(slot, order)),
            _ => {}
        }
        if order != doing && order != 0 {
            doing = order;
            shared.doing.store(order, Ordering::Release);
        }
        if doing == REST {
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}
