//! What does it cost a parent to follow 64 child processes that each report a thousand times a second?
//!
//! Budget: at most 0.25 % of a core for the numbers on the board, and a report over pipes at least 80 times dearer. The
//! board is looked at 60 times a second, the numbers alone and the whole snapshot; pipes are read as they fill, and each
//! record is decoded. Pipes read 60 times a second only show how much of the difference is waking up.
//!
//! `cargo bench --bench board_children` (three runs of each, 3 seconds a run)

mod children;
mod record;

use std::time::Duration;

use children::{Look, Pace, Run, Way, middle};
use record::Wire;

const PACE: Pace = Pace { gap: Duration::from_millis(1), run: Duration::from_secs(3) };

fn main() {
    if let Ok(role) = std::env::var(children::ROLE) {
        return children::child(&role);
    }
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Run as a test, there is nothing to measure.
    }
    let ways = [
        ("board, numbers at 60 Hz", Way::Board(Look::Numbers)),
        ("board, whole snapshot at 60 Hz", Way::Board(Look::Snapshot)),
        ("one pipe per child, postcard", Way::Pipes(Wire::Postcard, false)),
        ("one pipe per child, JSON lines", Way::Pipes(Wire::JsonLine, false)),
        ("one pipe per child, postcard, read at 60 Hz", Way::Pipes(Wire::Postcard, true)),
    ];
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); ways.len()];
    for _ in 0..3 {
        for ((_, way), runs) in ways.iter().zip(&mut runs) {
            runs.push(way.run(PACE)); // In turns: whatever disturbs the machine disturbs all of them.
        }
    }
    let figures: Vec<(f64, f64, f64)> = runs.iter().map(|runs| middle(runs)).collect();
    println!("64 children, medians of 3 runs of {:?}:", PACE.run);
    for ((name, _), (percent, each_ns, rate)) in ways.iter().zip(&figures) {
        println!(
            "  {name:45} {percent:7.3} % of a core  {each_ns:7.1} ns a report  {rate:7.0} reports/s  {:6.1} times the board",
            percent / figures[0].0
        );
    }
    let kept = figures[0].0 <= 0.25 && figures[2].1 / figures[0].1 >= 80.0;
    println!(
        "budget (numbers at most 0.25 %, a report over pipes at least 80 times dearer): {} ({:.0} times)",
        if kept { "kept" } else { "BROKEN" },
        figures[2].1 / figures[0].1
    );
}
