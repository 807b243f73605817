//! The cost of a task's slot in a pool, and of 20,000 short tasks on 64 threads with a board and without.
//!
//! Budget: claiming a slot in a pool takes at most 2 µs at the median, with 64 lanes as with 4,096; 20,000 tasks on 64
//! threads, each of 1 ms, take at most 1.1 times as long as the same tasks without a board. Runs of both kinds take
//! turns, so that a disturbance of the machine affects both.
//!
//! `cargo bench --bench board_pool`

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion};
use vx_shm::{Board, Ending, Kind, Pool, Slot, SlotState};

/// Slots of the large board, and the lanes of its pool.
const SLOTS: u32 = 4_096;
const TASKS: u64 = 20_000;
const THREADS: usize = 64;
const TASK: Duration = Duration::from_millis(1);
const MOST_CLAIM_NS: f64 = 2_000.0;
const MOST_RATIO: f64 = 1.1;

fn main() {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let directory = directory.expect("a directory");
    let board = |name: &str, slots| Board::create(&directory.path().join(name), "bench", slots).expect("a board");
    let (large, small) = (board("large.board", SLOTS), board("small.board", 64));

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("a task's slot");
    for (name, board) in [("pool of 4,096 lanes, claim", &large), ("pool of 64 lanes, claim", &small)] {
        let pool = Pool::claim(board.path(), board.capacity()).expect("a pool");
        used_once(&pool);
        let mut number = 0;
        group.bench_function(name, |bencher| {
            // Ending the slot is the batch's drop, which is not measured.
            bencher.iter_batched(|| next_key(&mut number), |key| Ended(begin(&pool, &key)), BatchSize::PerIteration);
        });
        group.bench_function(name.replace("claim", "claim and end"), |bencher| {
            bencher.iter_batched(|| next_key(&mut number), |key| end(begin(&pool, &key)), BatchSize::PerIteration);
        });
    }
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    print_figures(&large, &small);
}

fn next_key(number: &mut u64) -> String {
    *number += 1;
    format!("task-{number}")
}

/// A slot that is ended when this is dropped.
struct Ended(Option<Slot>);

impl Drop for Ended {
    fn drop(&mut self) {
        end(self.0.take());
    }
}

fn begin(pool: &Pool, key: &str) -> Option<Slot> {
    Some(pool.begin(key, "", Kind::Task).expect("a free lane"))
}

fn end(slot: Option<Slot>) {
    slot.expect("a slot").end(Ending::new(SlotState::Done)).expect("done is an end");
}

/// Use every lane once, so that the first touch of its pages is not measured with the claims.
fn used_once(pool: &Pool) -> Duration {
    let began = Instant::now();
    let slots: Vec<Option<Slot>> = (0..pool.lanes()).map(|at| begin(pool, &format!("first-{at}"))).collect();
    let each = began.elapsed() / pool.lanes();
    slots.into_iter().for_each(end);
    each
}

fn print_figures(large: &Board, small: &Board) {
    let mut kept = true;
    println!("\na claim of a slot, median and mean, ns:");
    for board in [small, large] {
        let alone = median(claims_alone(board));
        println!("  alone, of {:5} slots      {alone:8.0}", board.capacity());
        let pool = whole_pool(board);
        let first = used_once(&pool);
        let mut claims = Vec::new();
        for number in 0..SLOTS + 1_000 {
            let key = format!("task-{number}");
            let began = Instant::now();
            let slot = begin(&pool, &key);
            claims.push(began.elapsed().as_nanos() as f64);
            end(slot);
        }
        let mean = claims.iter().sum::<f64>() / claims.len() as f64;
        claims.sort_by(f64::total_cmp);
        let median = claims[claims.len() / 2];
        kept &= median <= MOST_CLAIM_NS;
        let (lanes, first_ns) = (pool.lanes(), first.as_nanos());
        println!("  in a pool of {lanes:5} lanes   {median:8.0} {mean:8.0}   {first_ns:6} at the first use of each");
    }
    let tasks = short_tasks(small);
    println!("{TASKS} tasks of {TASK:?} on {THREADS} threads, medians of 5 runs, ms:");
    println!("  without a board   {:8.1}", tasks.bare_ms);
    println!("  each in a slot    {:8.1}   {:.3} times", tasks.board_ms, tasks.ratio);
    kept &= tasks.ratio <= MOST_RATIO;
    let verdict = if kept { "kept" } else { "BROKEN" };
    println!("budget (claim at most {MOST_CLAIM_NS} ns, at most {MOST_RATIO} times without a board): {verdict}");
}

struct Tasks {
    bare_ms: f64,
    board_ms: f64,
    /// The median of the ratios of runs that followed each other.
    ratio: f64,
}

/// Claims of 64 slots of a board, each on its own.
fn claims_alone(board: &Board) -> Vec<f64> {
    std::thread::sleep(Duration::from_millis(1_100));
    let mut slots = Vec::new();
    let claim = |at: usize| {
        let began = Instant::now();
        slots.push(Slot::join(board.path(), &format!("alone-{at}"), "", Kind::Task).ok());
        began.elapsed().as_nanos() as f64
    };
    let taken = (0..THREADS).map(claim).collect();
    slots.into_iter().for_each(end);
    taken
}

/// All slots of a board.
fn whole_pool(board: &Board) -> Pool {
    Pool::claim(board.path(), board.capacity()).expect("a pool")
}

fn short_tasks(board: &Board) -> Tasks {
    let pool = whole_pool(board);
    let bare = || run(|_| std::thread::sleep(TASK));
    let in_slots = || {
        run(|number| {
            let mut slot = pool.begin(&format!("task-{number}"), "", Kind::Task).expect("a lane for each thread");
            std::thread::sleep(TASK);
            slot.publish(number);
            slot.end(Ending::new(SlotState::Done)).expect("done is an end");
        })
    };
    bare();
    let pairs: Vec<(f64, f64)> = (0..5).map(|_| (bare(), in_slots())).collect();
    Tasks {
        bare_ms: median(pairs.iter().map(|pair| pair.0).collect()),
        board_ms: median(pairs.iter().map(|pair| pair.1).collect()),
        ratio: median(pairs.iter().map(|pair| pair.1 / pair.0).collect()),
    }
}

/// The milliseconds that all tasks take on all threads.
fn run(task: impl Fn(u64) + Sync) -> f64 {
    let (next, began) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < TASKS) {
                    task(number);
                }
            });
        }
    });
    began.elapsed().as_secs_f64() * 1_000.0
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
