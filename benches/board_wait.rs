//! What a change of state costs its writer, when readers may wait for it, and the time until a waiting reader is awake.
//!
//! Budget: without a waiting reader, a change rings the board's doorbell in at most 16 instructions and without a
//! system call; a sleeping reader is awake within 200 µs at the median, most of which the system needs to wake an idle
//! core. Publishing numbers is not measured here, because it doesn't ring the doorbell.
//!
//! `cargo bench --bench board_wait`; instructions are counted if valgrind is installed.

mod record;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use record::median;
use vx_shm::atomics::AtomicU32;
use vx_shm::layout::Doorbell;
use vx_shm::{Board, stamp};

const CALLS: u64 = 1_000;
const ROLE: &str = "VX_BENCH_MEASURED";
const MOST_INSTRUCTIONS: f64 = 16.0;
const MOST_LATENCY_NS: f64 = 200_000.0;

fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        return call(&role);
    }
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let directory = directory.expect("a directory");
    let board = Board::create(&directory.path().join("bench.board"), "bench", 64).expect("a board");

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("a change of state");
    let (epoch, bell) = (Default::default(), Doorbell::default());
    group.bench_function("the ring alone, nobody waits", |bencher| bencher.iter(|| ring_once(&epoch, &bell)));
    group.bench_function("a new title, nobody waits", |bencher| bencher.iter(|| board.set_title("bench")));
    group.bench_function("a new title, somebody sleeps", |bencher| {
        bencher.iter_custom(|count| (0..count).map(|_| wake(&board).ring).sum());
    });
    group.bench_function("until the sleeper is awake", |bencher| {
        bencher.iter_custom(|count| (0..count).map(|_| wake(&board).latency).sum());
    });
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    print_figures(&board);
}

/// One change of state that wakes a sleeping reader.
struct Woken {
    /// The writer's time for the change.
    ring: Duration,
    /// Time from before the change to the sleeper's first instruction.
    latency: Duration,
}

fn wake(board: &Board) -> Woken {
    let mut reader = board.reader().expect("a reader");
    reader.snapshot().expect("a board that reads");
    let (asleep, is_asleep) = mpsc::channel();
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(move || {
            asleep.send(()).expect("the writer listens");
            // Less than a second, so that no thread is started to wait for the creator's end.
            let woken = reader.wait_change(Duration::from_millis(900));
            (woken, Instant::now())
        });
        is_asleep.recv().expect("the sleeper speaks");
        std::thread::sleep(Duration::from_micros(300));
        let began = Instant::now();
        board.set_title("bench");
        let ring = began.elapsed();
        let (woken, awake) = sleeper.join().expect("it wakes");
        assert!(woken, "it slept through a change");
        Woken { ring, latency: awake.duration_since(began) }
    })
}

fn print_figures(board: &Board) {
    let woken: Vec<Woken> = (0..501).map(|_| wake(board)).collect();
    let nanoseconds = |of: fn(&Woken) -> Duration| median(woken.iter().map(|one| of(one).as_nanos() as f64).collect());
    let (ring, latency) = (nanoseconds(|one| one.ring), nanoseconds(|one| one.latency));
    println!("\na change of state, medians of 501, ns:");
    println!("  for its writer, when somebody sleeps   {ring:.0}");
    println!("  until the sleeper is awake             {latency:.0}");
    let mut kept = latency <= MOST_LATENCY_NS;
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok();
    let counted = valgrind.then(|| ["nobody", "somebody"].map(|role| count(role) / CALLS as f64));
    match counted {
        Some([nobody, somebody]) => {
            println!("  instructions, nobody waits             {nobody:.1}");
            println!("  instructions, the kernel's not counted {somebody:.1}");
            kept &= nobody <= MOST_INSTRUCTIONS;
        }
        None => println!("  there is no valgrind on this machine: instructions were not counted"),
    }
    let verdict = if kept { "kept" } else { "BROKEN" };
    println!("budget (at most {MOST_INSTRUCTIONS} instructions, awake in {MOST_LATENCY_NS} ns): {verdict}");
}

/// Count the instructions of all rings of one run under callgrind.
fn count(role: &str) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("callgrind.out");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*ring_once*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this bench"))
        .env(ROLE, role)
        .stderr(Stdio::null())
        .status();
    assert!(ran.is_ok_and(|status| status.success()), "callgrind did not run");
    let text = std::fs::read_to_string(&out).expect("callgrind's answer");
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    let total: f64 = totals.and_then(|totals| totals.trim().parse().ok()).expect("a total");
    assert!(total > 0.0, "callgrind knows no function `ring_once`: nothing was counted");
    total
}

/// Run the code to count under callgrind.
fn call(role: &str) {
    let (epoch, bell) = (Default::default(), Doorbell::default());
    if role == "somebody" {
        stamp::announce(&bell);
    }
    for _ in 0..CALLS {
        ring_once(&epoch, &bell);
    }
}

#[inline(never)]
fn ring_once(epoch: &AtomicU32, bell: &Doorbell) -> bool {
    stamp::ring(epoch, bell)
}
