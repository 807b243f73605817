//! The cost of `vx board run` to the command that it runs.
//!
//! Budget: at most 1 ms over the unavoidable: a start of vx (`vx --version`) and one of the command.
//!
//! `cargo bench --bench wrap` starts the three in turns and prints medians; the figure over both is the median of the
//! differences within a turn. `VX_BENCH_TURNS` sets the turns, by default 201.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Most milliseconds over a start of vx and one of the command.
const BUDGET_MS: f64 = 1.0;
/// No directory holds more boards than this: vx removes old ones.
const MOST_BOARDS: usize = 70;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    let turns = std::env::var("VX_BENCH_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(201);
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let directory = directory.expect("a directory");
    let vx = env!("CARGO_BIN_EXE_vx");
    let commands: [&[&str]; 3] = [&[vx, "--version"], &["true"], &[vx, "board", "run", "bench", "--", "true"]];
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..=turns {
        let spent = commands.map(|words| once(words, directory.path()));
        // The first turn fills the caches.
        if turn > 0 {
            times.iter_mut().zip(spent).for_each(|(times, spent)| times.push(spent));
        }
    }
    let over = (0..turns).map(|turn| times[2][turn] - times[0][turn] - times[1][turn]).collect();
    let [version, plain, wrapped, over] = [times[0].clone(), times[1].clone(), times[2].clone(), over].map(median);
    let kept = if over <= BUDGET_MS { "kept" } else { "BROKEN" };
    println!("{:<28} {:>8}", "in turns of three", "ms");
    println!("{:<28} {version:>8.3}", "vx --version");
    println!("{:<28} {plain:>8.3}", "true");
    println!("{:<28} {wrapped:>8.3}  {:.2} times vx --version", "vx board run bench -- true", wrapped / version);
    println!("{:<28} {over:>8.3}  at most {BUDGET_MS}: {kept}", "over both");
    let boards = std::fs::read_dir(directory.path()).expect("it is there").flatten();
    let boards = boards.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "board")).count();
    assert!(boards <= MOST_BOARDS, "{boards} boards are left");
}

/// Milliseconds from before the process is made until it has ended.
fn once(words: &[&str], directory: &Path) -> f64 {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("VX_RUNTIME_DIR", directory).env("VX_HOME", directory.join("home"));
    command.env_remove("VX_BOARD").env_remove("VX_SLOT").current_dir(directory);
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    let spent = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    spent.as_secs_f64() * 1_000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
