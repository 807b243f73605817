//! The cost of a turn, compared with a bare pipe: the same program, read line by line, each line parsed.
//!
//! Budget: a turn takes at most 10 ms more than a bare pipe, and 5 % more if it takes any time by itself.
//!
//! `cargo bench --bench turns` runs both in turns and prints medians; `VX_BENCH_TURNS` sets their number (default 31).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use vx_agents::{TurnEvent, TurnRequest, agents_of, spawn_turn};

/// Most milliseconds over a bare pipe.
const BUDGET_MS: f64 = 10.0;
/// Most percent over a bare pipe, for a turn of some length.
const BUDGET_PERCENT: f64 = 5.0;

/// A line as agents print them.
const LINE: &str = r#"{"type":"assistant","message":{"id":"msg_1","content":[{"type":"text","text":"a few words of an answer that an agent gives"}]},"session_id":"s"}"#;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    let turns = std::env::var("VX_BENCH_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(31);
    let directory = tempfile::tempdir().expect("a directory");
    println!("{:<34} {:>9} {:>9} {:>9} {:>7}", "in turns of two", "pipe ms", "turn ms", "over ms", "over %");
    for (name, script) in [
        ("an immediate exit", "exit 0".to_owned()),
        (
            "100 lines within a second",
            format!("i=0; while [ $i -lt 100 ]; do echo '{LINE}'; sleep 0.01; i=$((i+1)); done"),
        ),
        ("20,000 lines at once", format!("yes '{LINE}' | head -n 20000")),
    ] {
        let file = directory.path().join("play");
        std::fs::write(&file, script).expect("a script");
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        for turn in 0..=turns {
            let times = (by_pipe(&file), by_turn(&file));
            // The first turn fills the caches.
            if turn > 0 {
                bare.push(times.0);
                whole.push(times.1);
            }
        }
        let over = median(bare.iter().zip(&whole).map(|(bare, whole)| whole - bare).collect());
        let (bare, whole) = (median(bare), median(whole));
        let percent = over / bare * 100.0;
        let kept = if over <= BUDGET_MS && (bare < 500.0 || percent <= BUDGET_PERCENT) { "kept" } else { "BROKEN" };
        println!("{name:<34} {bare:>9.2} {whole:>9.2} {over:>9.2} {percent:>7.1}  {kept}");
    }
}

/// Milliseconds for the program with a pipe, its lines parsed and its end awaited.
fn by_pipe(script: &Path) -> f64 {
    let began = Instant::now();
    let mut command = Command::new("/bin/sh");
    command.arg(script).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        let line: serde_json::Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        assert!(line.is_object());
    }
    child.wait().expect("it ends");
    began.elapsed().as_secs_f64() * 1_000.0
}

/// Milliseconds for the same as a turn, with its events received.
fn by_turn(script: &Path) -> f64 {
    let table = format!(
        "[play]\nprogram = \"sh\"\nargs = [{:?}, \"{{prompt}}\"]\nprompt_via = \"argument\"\nsession = [\"session_id\"]\n\
         message = [{{ when = {{ type = \"assistant\" }}, role = \"assistant\", id = \"message.id\", blocks = \"message.content\" }}]\n\
         end = [{{ when = {{ type = \"result\" }} }}]\n",
        script.display().to_string()
    );
    let agent_table = agents_of(&table).expect("a table").remove("play");
    let directory = script.parent().expect("a directory");
    let began = Instant::now();
    let runner = Some(env!("CARGO_BIN_EXE_vx").into());
    let request = TurnRequest { agent_table, runner, ..TurnRequest::new("/bin/sh", directory, "hi") };
    let handle = spawn_turn(request).expect("it starts");
    let last = handle.receiver.iter().last();
    assert!(matches!(last, Some(TurnEvent::Completed { exit_code: 0, .. })), "{last:?}");
    began.elapsed().as_secs_f64() * 1_000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
