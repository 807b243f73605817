//! The cost of a dashboard that is left open, and the cost to an install of being watched.
//!
//! Budgets of one core: a board on which nothing moves at most 0.2 %, over or still running, 20 moving rows on 120 × 40
//! at most 1 %, 64 on 200 × 60 at most 2.5 %, 500 of which 64 move at most 5 %. The first frame of `vx top` is complete
//! 10 ms after its start. Three viewers, one of them stopped, change the time of an install by no more than two
//! installs without viewers differ.
//!
//! The viewer is the program itself, on a pseudo-terminal that is read as fast as the viewer writes. The writers are
//! other processes, which move each row a hundred times a second. The viewer's cost is the processor time that the
//! kernel has counted for its threads.
//!
//! `cargo bench --bench dashboard` (about four minutes; `VX_BENCH_TURNS` sets the installs of each kind, by default 9).
//! It fails if a budget is broken.
#![cfg_attr(not(target_os = "linux"), allow(unused))]

#[cfg(target_os = "linux")]
mod installs;
#[cfg(target_os = "linux")]
mod viewer;
#[cfg(target_os = "linux")]
mod writer;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("the processor time of single threads is read from /proc: nothing was measured");
}

#[cfg(target_os = "linux")]
use {
    std::process::ExitCode,
    std::time::Duration,
    viewer::Viewer,
    writer::{Workload, Writer},
};

/// Time for which each viewer is measured.
#[cfg(target_os = "linux")]
const WINDOW: Duration = Duration::from_secs(5);
/// The first seconds are not typical of a dashboard left open: rows that do not move turn stalled after five seconds.
#[cfg(target_os = "linux")]
const SETTLING: Duration = Duration::from_millis(7500);

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    if let Ok(role) = std::env::var(writer::ROLE) {
        writer::play(&role);
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return ExitCode::SUCCESS; // Under `cargo test` there is nothing to measure.
    }
    let mut kept = true;
    for (name, workload, size, budget) in workloads() {
        let mut costs: Vec<f64> = (0..3).map(|_| cost(workload, size)).collect();
        costs.sort_by(f64::total_cmp);
        kept &= within_budget(name, costs[1], "% of a core", budget);
    }
    kept &= within_budget("the first frame of vx top", first_frame_ms(), "ms", 10.0);
    let turns = std::env::var("VX_BENCH_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(9);
    let watched = installs::measure(turns);
    println!("{watched}");
    kept &= watched.indistinguishable();
    println!("budgets: {}", if kept { "kept" } else { "BROKEN" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The board of each workload, the size of the terminal, and the most that it may take of a core in percent.
#[cfg(target_os = "linux")]
fn workloads() -> [(&'static str, Workload, (u16, u16), f64); 6] {
    let over = Workload { rows: 20, moving: 0, over: true, total: true };
    let quiet = Workload { over: false, ..over };
    let endless = Workload { total: false, ..quiet };
    let moving = Workload { moving: 20, ..quiet };
    let many = Workload { rows: 64, moving: 64, ..quiet };
    let folded = Workload { rows: 500, moving: 64, ..quiet };
    [
        ("all is over, 20 rows on 120 x 40", over, (120, 40), 0.2),
        ("it runs and nothing moves, 20 rows", quiet, (120, 40), 0.2),
        ("the same without a total", endless, (120, 40), 0.2),
        ("20 rows move on 120 x 40", moving, (120, 40), 1.0),
        ("64 rows move on 200 x 60", many, (200, 60), 2.5),
        ("64 of 500 rows move on 200 x 60", folded, (200, 60), 5.0),
    ]
}

#[cfg(target_os = "linux")]
fn within_budget(name: &str, figure: f64, unit: &str, budget: f64) -> bool {
    let kept = figure <= budget;
    println!("  {name:40} {figure:7.3} {unit}, budget {budget} {}", if kept { "" } else { "BROKEN" });
    kept
}

/// The cost of watching this workload, in percent of a core.
#[cfg(target_os = "linux")]
fn cost(workload: Workload, size: (u16, u16)) -> f64 {
    let writer = Writer::start(workload);
    let viewer = Viewer::start(writer.board(), size);
    viewer.first_frame();
    std::thread::sleep(SETTLING);
    let (before, began) = (viewer.processor_time(), std::time::Instant::now());
    std::thread::sleep(WINDOW);
    100.0 * (viewer.processor_time() - before).as_secs_f64() / began.elapsed().as_secs_f64()
}

/// The median time from the start of `vx top` until its first whole frame has arrived.
#[cfg(target_os = "linux")]
fn first_frame_ms() -> f64 {
    let writer = Writer::start(Workload { rows: 20, moving: 20, over: false, total: true });
    let once = |_| {
        let viewer = Viewer::start(writer.board(), (120, 40));
        viewer.first_frame().as_secs_f64() * 1000.0
    };
    let mut times: Vec<f64> = (0..21).map(once).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
