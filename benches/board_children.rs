//! The cost to a parent of following 64 child processes that each report a thousand times a second.
//!
//! Budget: at most 0.25 % of a core for the numbers on the board, and a report over pipes at least 80 times as
//! expensive. The board is read 60 times a second, once as numbers alone and once as a whole snapshot; pipes are read
//! as they fill, and each record is decoded. Pipes that are read only 60 times a second show how much of the difference
//! is the cost of waking up.
//!
//! `cargo bench --bench board_children` (three runs of each, 3 seconds a run)

mod children;
mod record;

use std::time::Duration;

use children::{Look, Pace, Run, Transport, middle};
use record::Wire;

const PACE: Pace = Pace { gap: Duration::from_millis(1), run: Duration::from_secs(3) };

fn main() {
    if let Ok(role) = std::env::var(children::ROLE) {
        return children::child(&role);
    }
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    let transports = [
        ("board, numbers at 60 Hz", Transport::Board(Look::Numbers)),
        ("board, whole snapshot at 60 Hz", Transport::Board(Look::Snapshot)),
        ("one pipe per child, postcard", Transport::Pipes(Wire::Postcard, false)),
        ("one pipe per child, JSON lines", Transport::Pipes(Wire::JsonLine, false)),
        ("one pipe per child, postcard, read at 60 Hz", Transport::Pipes(Wire::Postcard, true)),
    ];
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); transports.len()];
    for _ in 0..3 {
        for ((_, transport), runs) in transports.iter().zip(&mut runs) {
            // Transports take turns, so that a disturbance of the machine affects all of them.
            runs.push(transport.run(PACE));
        }
    }
    let figures: Vec<(f64, f64, f64)> = runs.iter().map(|runs| middle(runs)).collect();
    println!("64 children, medians of 3 runs of {:?}:", PACE.run);
    for ((name, _), (percent, each_ns, rate)) in transports.iter().zip(&figures) {
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
