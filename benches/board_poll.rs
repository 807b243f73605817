//! The cost of reading 64 slots: attaching, the hot poll, updating a whole snapshot, and the first snapshot.
//!
//! Budget: a poll at most 0.25 µs when nothing changed and 0.8 µs when all 64 slots did; attaching at most 10 µs.
//!
//! `cargo bench --bench board_poll`

mod record;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use record::{MESSAGE, TOTAL, median};
use vx_shm::{Board, Kind, Reader, Slot, Snapshot};
use vx_status::document::to_json;
use vx_status::vocabulary::Phase;

const SLOTS: usize = 64;

fn main() {
    let memory = std::path::Path::new("/dev/shm");
    let directory = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
    .expect("a directory");
    let board = Board::create(&directory.path().join("bench.board"), "bench", SLOTS as u32).expect("a board");
    let mut slots: Vec<Slot> = (0..SLOTS).map(|number| slot(&board, number)).collect();
    let mut reader = board.reader().expect("a reader");

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("poll of 64 slots");
    for changed in [0, 1, 8, 64] {
        group.bench_with_input(BenchmarkId::from_parameter(changed), &changed, |bencher, changed| {
            bencher.iter_custom(|count| poll(&mut reader, &mut slots[..*changed], count));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("snapshot of 64 slots");
    let mut snapshot = Snapshot::default();
    for changed in [0, 64] {
        group.bench_with_input(BenchmarkId::from_parameter(changed), &changed, |bencher, changed| {
            bencher.iter_custom(|count| refresh(&mut reader, &mut snapshot, &mut slots[..*changed], count));
        });
    }
    group.bench_function("first", |bencher| bencher.iter(|| black_box(reader.snapshot().expect("a snapshot"))));
    group.bench_function("as JSON", |bencher| bencher.iter(|| black_box(to_json(&snapshot).to_string())));
    group.finish();
    let mut group = criterion.benchmark_group("attach");
    group.bench_function("open", |bencher| {
        bencher.iter_with_large_drop(|| Reader::open(board.path()).expect("a reader"));
    });
    group.bench_function("open and first snapshot", |bencher| {
        bencher.iter(|| black_box(Reader::open(board.path()).map(|mut reader| reader.snapshot().expect("one"))));
    });
    group.finish();
    criterion.final_summary();
    print_figures(&mut reader, &mut slots);
}

fn slot(board: &Board, number: usize) -> Slot {
    let mut slot = Slot::join(board.path(), &format!("tool-{number}"), "1.2.3", Kind::Install).expect("a slot");
    slot.enter(Phase::DOWNLOADING, Some(TOTAL));
    slot.message(MESSAGE);
    slot
}

/// The time that `count` polls take; the `changing` slots publish before each, outside of the measured time.
fn poll(reader: &mut Reader, changing: &mut [Slot], count: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for done in 0..count {
        changing.iter_mut().for_each(|slot| slot.publish(done));
        let began = Instant::now();
        black_box(reader.poll());
        spent += began.elapsed();
    }
    spent
}

fn refresh(reader: &mut Reader, snapshot: &mut Snapshot, changing: &mut [Slot], count: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for done in 0..count {
        changing.iter_mut().for_each(|slot| slot.publish(done));
        let began = Instant::now();
        black_box(reader.refresh(snapshot).expect("a board that reads"));
        spent += began.elapsed();
    }
    spent
}

/// The cost of reading the clock twice. Criterion's figures include it; from the figures printed below it is
/// subtracted.
fn clock_ns() -> f64 {
    let each = (0..1001).map(|_| Instant::now().elapsed().as_nanos() as f64);
    median(each.collect())
}

fn print_figures(reader: &mut Reader, slots: &mut [Slot]) {
    let clock = clock_ns();
    let per_poll = |reader: &mut Reader, slots: &mut [Slot]| {
        let each = (0..501).map(|_| poll(reader, slots, 20).as_nanos() as f64 / 20.0 - clock);
        median(each.collect())
    };
    let [quiet, one, eight, all] = [0, 1, 8, 64].map(|changed| per_poll(reader, &mut slots[..changed]));
    let (elsewhere, moved) = while_another_thread_publishes(slots, || poll_meanwhile(reader));
    println!("\npoll of 64 slots, medians of 501, ns, without the clock's {clock:.0} ns:");
    println!("  0 / 1 / 8 / 64 changed      {quiet:.0} / {one:.0} / {eight:.0} / {all:.0}");
    println!("  written to meanwhile by another core: {elsewhere:.0}, of which {moved:.1} slots had changed");
    let attach = attach_ns(reader.path()) / 1_000.0;
    println!("attaching, median of 501: {attach:.1} µs");
    let kept = quiet <= 250.0 && all <= 800.0 && attach <= 10.0;
    println!(
        "budget (a poll at most 250 ns quiet, 800 all changed; attaching 10 µs): {}",
        if kept { "kept" } else { "BROKEN" }
    );
}

/// The time that one more reader takes to attach; its drop is outside of the measured time.
fn attach_ns(board: &std::path::Path) -> f64 {
    let once = |_| {
        let began = Instant::now();
        let reader = Reader::open(board).expect("a reader");
        let spent = began.elapsed();
        drop(reader);
        spent.as_nanos() as f64
    };
    median((0..501).map(once).collect())
}

/// The medians of many polls: nanoseconds, and the number of slots that had changed.
fn poll_meanwhile(reader: &mut Reader) -> (f64, f64) {
    let turn = |_| {
        let (began, mut moved) = (Instant::now(), 0);
        for _ in 0..1_000 {
            moved += reader.poll();
        }
        (began.elapsed().as_nanos() as f64 / 1_000.0, moved as f64 / 1_000.0)
    };
    let (times, moved): (Vec<f64>, Vec<f64>) = (0..501).map(turn).unzip();
    (median(times), median(moved))
}

fn while_another_thread_publishes<T>(slots: &mut [Slot], measure: impl FnOnce() -> T) -> T {
    let (started, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for done in 0.. {
                slots.iter_mut().for_each(|slot| slot.publish(done));
                started.store(true, Ordering::Relaxed);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        while !started.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let figure = measure();
        stop.store(true, Ordering::Relaxed);
        figure
    })
}
