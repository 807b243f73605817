//! What reading 64 slots costs when nothing changed, and when another process changed all of them; with the reader on
//! the first processor and the writer on the second, and the other way round.

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
    reader: Box<dyn Reader>,
    child: Child,
    rounds: u64,
    quiet: Vec<f64>,
    changed: Vec<f64>,
    _place: tempfile::TempDir,
}

pub(crate) fn run(report: &mut Report) {
    let placements = [0, 1].map(look_from);
    let figures = |mechanism: Mechanism| {
        let at = MECHANISMS.iter().position(|known| *known == mechanism).expect("a way that was measured");
        placements.each_ref().map(|placement| placement[at])
    };
    let row = |mechanism: &Mechanism| {
        let name = mechanism.title().replace("numbers of a slot", "numbers polled");
        Row::new(&name, figures(*mechanism).as_flattened())
    };
    let columns = ["nothing changed, ns", "all changed, ns", "processors swapped: nothing, ns", "all, ns"];
    report.table("What does a look at 64 slots cost?", &columns, &MECHANISMS.iter().map(row).collect::<Vec<_>>());
    let (own, peer, small) =
        (figures(Mechanism::BoardNumbers), figures(Mechanism::BlackboardRecord), figures(Mechanism::BlackboardNumbers));
    report.budget("poll of 64 slots, nothing changed", own[0][0], Limit::AtMost(250.0, "ns"));
    report.budget("iceoryx2's blackboard beside it, quiet", peer[0][0] / own[0][0], Limit::AtLeast(4.0, "times"));
    for (at, placement) in ["", ", swapped"].iter().enumerate() {
        for (bytes, peer) in [(192, peer), (24, small)] {
            let what = format!("iceoryx2's blackboard of {bytes} bytes beside it, all changed{placement}");
            report.budget(&what, peer[at][1] / own[at][1], Limit::AtLeast(1.5, "times"));
        }
    }
}

/// For each mechanism, the cost of a look when nothing changed and when all slots did, for a reader on this processor.
fn look_from(processor: usize) -> Vec<[f64; 2]> {
    let mut pairs: Vec<Pair> = MECHANISMS.iter().map(|mechanism| Pair::start(*mechanism, 1 - processor)).collect();
    child::stay_on(processor);
    let clock = median((0..1001).map(|_| Instant::now().elapsed().as_nanos() as f64).collect());
    for _ in 0..TURNS {
        pairs.iter_mut().for_each(|pair| pair.turn(clock));
    }
    pairs.iter().map(|pair| [median(pair.quiet.clone()), median(pair.changed.clone())]).collect()
}

impl Pair {
    fn start(mechanism: Mechanism, writers_processor: usize) -> Self {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let child = Child::start(&format!("write {mechanism:?} {} {writers_processor}", place.path().display()));
        let reader = mechanism.reader(place.path(), SLOTS).expect("a way that can be read");
        Self { reader, child, rounds: 0, quiet: Vec::new(), changed: Vec::new(), _place: place }
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

/// Run the writer's process, which publishes every slot once whenever ordered to.
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
