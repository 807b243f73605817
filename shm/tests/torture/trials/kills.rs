//! Writers killed at random instants of all their work, while a reader keeps looking.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx_shm::{Board, ClaimError, Ending, Kind, ReserveError, Slot, Snapshot, Step};

use super::grouped;
use super::ledger::{Doing, Ledger, check_whole};
use super::written::{self, error_for, line_for, message_for, newest_line, whole_publication};
use crate::support::children::{Role, Writer, rounds};
use crate::support::{Form, Random};

/// The number of slots of each board. A board has one writer at a time: with one slot, the next writer must take over
/// the very slot that a kill left behind.
const BOARDS: [u32; 2] = [1, 8];
/// The longest time that a writer may take to reach the work at which it is to be killed.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// A pause that lets other processes run: some kernels make a thread that yields again and again wait long.
const A_MOMENT: Duration = Duration::from_micros(20);

/// Play a writer that lives again and again until it is killed. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "lives" {
        return false;
    }
    let ledger = Ledger::open(&role.board);
    let mut random = Random(role.seed | 1);
    loop {
        ledger.begin();
        let key = format!("life-{}-{}", role.seed, random.number());
        match Slot::join(&role.board, &key, "", Kind::Task) {
            // A process that was just killed, or is just ending a slot, still holds the byte.
            Err(ClaimError::Place(ReserveError::Full { .. })) => std::thread::sleep(A_MOMENT),
            claimed => live(claimed.unwrap(), &ledger, &mut random),
        }
    }
}

fn live(mut slot: Slot, ledger: &Ledger, random: &mut Random) {
    ledger.claimed(slot.index(), slot.generation());
    ledger.doing(Doing::Numbers);
    for at in 1..random.below(20_000) {
        ledger.number(at, || written::publish(&mut slot, at));
    }
    ledger.doing(Doing::Texts);
    for at in 1..random.below(300) {
        let text = message_for(at);
        ledger.text(at, || slot.message(&text));
    }
    ledger.doing(Doing::Lines);
    for at in 1..random.below(200) {
        let line = line_for(at);
        ledger.line(at, || slot.log_line(line.as_bytes()));
    }
    // Most lives are left without an end.
    if random.below(4) == 0 {
        let ending = Ending::failed(error_for(slot.generation()));
        ledger.doing(Doing::Ending);
        ledger.end(|| slot.end(ending).unwrap());
    }
}

/// A board with its ledger, and its present writer.
struct WriterOnBoard {
    board: Board,
    ledger: Ledger,
    writer: Option<Writer>,
    kills: u64,
}

impl WriterOnBoard {
    fn new(form: &Form, capacity: u32) -> Self {
        let board = form.board("kills", capacity);
        let ledger = Ledger::create(board.path());
        Self { board, ledger, writer: None, kills: 0 }
    }

    fn start(&mut self, seed: u64) {
        self.ledger.is_handed_on();
        self.writer = Some(Writer::start("lives", self.board.path(), seed));
    }

    /// Kill the writer at a random instant of the wanted work, and check the state that it left. Returns the work that
    /// it was doing when it died.
    fn kill(&mut self, wanted: Doing, random: &mut Random) -> Doing {
        let until = Instant::now() + LONGEST_WAIT;
        while self.ledger.what() != wanted {
            assert!(Instant::now() < until, "the writer is stuck at {:?}", self.ledger.what());
            std::thread::sleep(A_MOMENT);
        }
        let longest_ns = match wanted {
            Doing::Nothing | Doing::Claiming => 100_000,
            Doing::Numbers => 50_000,
            Doing::Texts | Doing::Lines => 20_000,
            Doing::Ending => 3_000,
        };
        let (began, delay) = (Instant::now(), Duration::from_nanos(random.below(longest_ns)));
        while began.elapsed() < delay {
            std::hint::spin_loop();
        }
        self.writer.take().unwrap().kill();
        self.kills += 1;
        self.ledger.check(self.board.path());
        self.take_over();
        self.ledger.what()
    }

    /// Check that the next writer gets a slot, and that readers see the new writer and nothing of the one before.
    fn take_over(&self) {
        let began = Instant::now();
        let slot = loop {
            match Slot::join(self.board.path(), &format!("life-next-{}", self.kills), "", Kind::Task) {
                Ok(slot) => break slot,
                // If some process reads a victim's files under `/proc` during the kill, the victim keeps its memory,
                // its files and its locks until that read ends.
                Err(error) if began.elapsed() > LONGEST_WAIT => panic!("{error}"),
                Err(_) => std::thread::sleep(A_MOMENT),
            }
        };
        let snapshot = self.board.reader().unwrap().snapshot().unwrap();
        let view = snapshot.slots.iter().find(|view| view.index == slot.index()).unwrap();
        assert_eq!((view.generation, view.step, view.done), (slot.generation(), Step::FIRST, 0));
        assert_eq!((view.message.as_str(), view.error.as_ref()), ("", None));
    }

    /// Check that every slot of the board can be taken.
    fn take_all(&mut self) {
        let path = self.board.path();
        let taken: Vec<Slot> = (0..self.board.capacity())
            .map(|at| Slot::join(path, &format!("life-last-{at}"), "", Kind::Task).unwrap())
            .collect();
        let mut places: Vec<u32> = taken.iter().map(Slot::index).collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..self.board.capacity()));
    }
}

/// Check that every view of these boards is whole and none older than the one before, until `stop` is set. Returns the
/// number of views.
pub(super) fn watch(boards: &[PathBuf], stop: &AtomicBool) -> u64 {
    let mut readers: Vec<_> = boards.iter().map(|board| vx_shm::Reader::open(board).unwrap()).collect();
    let mut snapshots = vec![Snapshot::default(); boards.len()];
    let mut newest = vec![[(0, 0); 8]; boards.len()];
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        for (at, reader) in readers.iter_mut().enumerate() {
            reader.refresh(&mut snapshots[at]).unwrap();
            for view in &snapshots[at].slots {
                check_whole(view);
                let (last, now) = (&mut newest[at][view.index as usize], (view.generation, whole_publication(view)));
                assert!(now >= *last, "went back from {last:?} to {now:?}: {view:?}");
                *last = now;
                let log = reader.log_tail(view.index, usize::MAX);
                assert!(newest_line(&log).is_some(), "a line is a mixture, or out of order: {log:#?}");
                seen += 1;
            }
        }
        std::thread::sleep(5 * A_MOMENT); // The writers need the processors, too.
    }
    seen
}

/// After each kill, check the view of the slot, and that the slot can be taken over.
pub(super) fn at_random() -> String {
    let form = Form::in_memory();
    let mut writers: Vec<WriterOnBoard> = BOARDS.iter().map(|capacity| WriterOnBoard::new(&form, *capacity)).collect();
    let boards: Vec<PathBuf> = writers.iter().map(|writer| writer.board.path().to_path_buf()).collect();
    let (stop, mut random, kills) = (AtomicBool::new(false), Random(0x5eed), rounds(2_000));
    let mut counts = [0; Doing::ALL.len()];
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&boards, &stop));
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            writers.iter_mut().enumerate().for_each(|(seed, writer)| writer.start(seed as u64));
            for kill in 0..kills {
                let writer = &mut writers[kill as usize % BOARDS.len()];
                let wanted = Doing::ALL[random.below(Doing::ALL.len() as u64) as usize];
                let found = writer.kill(wanted, &mut random);
                counts[Doing::ALL.iter().position(|doing| *doing == found).unwrap()] += 1;
                writer.start(kill + BOARDS.len() as u64);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        killed.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        seen
    });
    for writer in &mut writers {
        drop(writer.writer.take());
        writer.take_all();
    }
    let at: Vec<String> = Doing::ALL.iter().zip(counts).map(|(doing, count)| format!("{doing:?} {count}")).collect();
    let (kills, seen, at) = (grouped(kills), grouped(seen), at.join(", ").to_lowercase());
    format!(
        "{kills} kills ({at}): each slot whole, with its last complete publication, and taken over; {seen} views meanwhile"
    )
}
