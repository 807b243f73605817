//! The cost of the board, compared in one run with every other mechanism that we found for its work.
//!
//! For each question the mechanisms take turns, so that a disturbance of the machine affects all of them; figures are
//! medians, and each table shows how many times as expensive as the board a mechanism is. It prints Markdown, ready for
//! `docs/measurements.md`, and at the end the budgets with their verdicts; it fails if one is not kept.
//!
//! `cargo bench --manifest-path benches/peers/Cargo.toml` (about five minutes; a word after `--` picks the questions
//! whose name begins with it: `cost`, `stream`, `looks`, `attach`, `fan`, `torn`, `takeover`, `instructions`)

mod attach;
mod child;
#[path = "../../children/mod.rs"]
mod children;
mod cost;
mod fan_in;
#[path = "../../instructions/mod.rs"]
mod instructions;
mod latency;
mod looks;
#[path = "../../record/mod.rs"]
mod record;
mod shared;
mod state;
mod stream;
mod table;
mod takeover;
mod torn;

use std::path::Path;
use std::process::ExitCode;

use table::{Limit, Report, rounded};

fn main() -> ExitCode {
    if ran_as_child() {
        return ExitCode::SUCCESS;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.iter().any(|word| word == "--test" || word == "--list") {
        return ExitCode::SUCCESS; // Under `cargo test` there is nothing to measure.
    }
    let asked = |name: &str| words.is_empty() || words.iter().any(|word| name.starts_with(word.as_str()));
    // A directory as fast as the place for boards.
    let home = tempfile::tempdir_in(child::memory()).expect("a directory");
    // SAFETY: this is the only thread so far. hornet takes the directory of its values only from there.
    unsafe { std::env::set_var(child::HOME, home.path()) };
    let mut report = Report::default();
    let mut ages = Vec::new();
    if asked("cost") {
        ages.extend(cost::run(&mut report).into_iter().map(|(mechanism, age)| (mechanism.title(), age)));
    }
    if asked("stream") {
        ages.extend(stream::run(&mut report));
    }
    if !ages.is_empty() {
        latency::run(&mut report, &ages);
    }
    type Question = fn(&mut Report);
    let questions: [(&str, Question); 5] = [
        ("looks", looks::run),
        ("attach", attach::run),
        ("fan", fan_in::run),
        ("torn", torn::run),
        ("instructions", count_instructions),
    ];
    for (name, question) in questions {
        if asked(name) {
            question(&mut report);
        }
    }
    if asked("takeover") {
        takeover::run();
    }
    clear_away(&state::unique(home.path()));
    if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns whether this process was a child of the run, and has done its part.
fn ran_as_child() -> bool {
    if instructions::ran_as_measured() {
        return true;
    }
    if let Ok(role) = std::env::var(children::ROLE) {
        children::child(&role);
        fan_in::child(&role);
        return true;
    }
    let Some((words, shared)) = child::role() else { return false };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let state = |name| state::Mechanism::named(name).expect("a way");
    match words[..] {
        ["read", mechanism, place] => cost::read(state(mechanism), Path::new(place), &shared),
        ["write", mechanism, place, processor] => {
            child::stay_on(processor.parse().expect("a processor"));
            looks::write(state(mechanism), Path::new(place), &shared);
        }
        ["stream", kind, address] => stream::read(stream::StreamKind::named(kind).expect("a way"), address, &shared),
        ["bridge", path] => stream::serve(path, &shared),
        ["await-pipe"] => latency::read_pipe(&shared),
        ["await", place] => latency::read(Path::new(place), &shared),
        ["scribble", place] => torn::write(Path::new(place), &shared),
        ["crash", mechanism, place] => takeover::write(mechanism, Path::new(place), &shared),
        _ => panic!("no such part: {words:?}"),
    }
    true
}

/// Remove the shared memory that this run's iceoryx2 nodes left behind.
fn clear_away(prefix: &str) {
    for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn count_instructions(report: &mut Report) {
    let Some(counts) = instructions::counts() else {
        println!("\nThere is no valgrind on this machine: instructions were not counted.");
        return;
    };
    println!("\n### How many instructions is a call?\n\n| call | instructions |\n|---|---|");
    counts.iter().for_each(|(what, each, _)| println!("| {what} | {} |", rounded(*each)));
    for (what, each, most) in &counts {
        if let Some(most) = most {
            report.budget(&format!("instructions: {what}"), *each, Limit::AtMost(*most, ""));
        }
    }
}
