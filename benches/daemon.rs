//! The cost of a request to the daemon, compared with a bare echo of the same lengths over the same kind of socket; and
//! of running a tool with and without a daemon.
//!
//! Budgets: a round trip takes at most 1.3 times as long as the echo, `vx/resolve` with a cached answer at most 2
//! times; a tool takes as long with a daemon as without.
//!
//! `cargo bench --bench daemon` runs all in turns and prints medians; `VX_BENCH_ROUNDS` sets the number of round trips
//! (default 4,001).

#[expect(dead_code, reason = "the bench of launches needs more of it")]
#[path = "launch/fixture.rs"]
mod fixture;

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use vx_rpc::framed;

use fixture::Fixture;
use serde_json::{Value, json};

/// The most a round trip and a cached answer may take, as multiples of an echo.
const BUDGETS: [f64; 2] = [1.3, 2.0];
/// Turns with a daemon, and as many without.
const TURNS: usize = 24;
/// Runs of the tool in a turn.
const RUNS: usize = 25;
/// Pause before a turn: right after a long-running program has started or ended, programs are slower.
const SETTLING: Duration = Duration::from_millis(700);

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    let rounds = std::env::var("VX_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(4001);
    let fixture = Fixture::make(&std::env::temp_dir().join("vx-bench-daemon"));
    let vx = Path::new(env!("CARGO_BIN_EXE_vx"));
    let daemon = |words: &[&str]| {
        let output = fixture.command(vx, &[&["daemon"], words].concat()).current_dir(fixture.project()).output();
        assert!(output.expect("vx starts").status.success(), "vx daemon {words:?}");
    };
    daemon(&["start", "--idle", "0"]);
    let socket = record(&fixture)["socket"].as_str().expect("a path").to_owned();
    let mut client = UnixStream::connect(socket).expect("a connection");
    exchange(&mut client, &request("initialize", &json!({ "protocol": { "min": 1, "max": 1 } })));
    let path = json!({ "PATH": "/usr/bin:/bin" });
    let resolve = json!({ "runtime": "tiny", "directory": fixture.project(), "variables": path });
    println!("{:<34} {:>9} {:>9} {:>7}", "in turns of two", "echo µs", "µs", "times");
    for (name, request, budget) in [
        ("vx/unsubscribe of none", request("vx/unsubscribe", &json!({ "subscription_id": 7 })), BUDGETS[0]),
        ("vx/resolve, kept", request("vx/resolve", &resolve), BUDGETS[1]),
    ] {
        // Ask twice, so that the answer is cached once its files are old enough.
        exchange(&mut client, &request);
        thread::sleep(Duration::from_millis(50));
        let answer = exchange(&mut client, &request);
        let mut echo = echoing(&fixture.root.join("echo.sock"), request.len(), answer.len());
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        let mut room = vec![0; answer.len()];
        for _ in 0..rounds {
            bare.push(timed(&mut echo, &request, &mut room));
            whole.push(timed(&mut client, &request, &mut room));
        }
        let (bare, whole) = (median(bare), median(whole));
        let (times, kept) = (whole / bare, if whole / bare <= budget { "" } else { "  over its budget" });
        println!("{name:<34} {bare:>9.1} {whole:>9.1} {times:>7.2}{kept}");
    }
    drop(client);
    daemon(&["stop"]);
    tools(&fixture, &daemon);
}

/// Run a tool of the project in turns with and without a daemon, and count how often the daemon wakes meanwhile.
///
/// A machine's pace changes from second to second, so turns are short and many, and each pair of them gives one figure.
fn tools(fixture: &Fixture, daemon: &dyn Fn(&[&str])) {
    let run = || {
        let shim = fixture.home().join("shims/tiny");
        let mut command: Command = fixture.command(&shim, &[]);
        let begun = Instant::now();
        assert!(command.current_dir(fixture.project()).status().expect("it starts").success());
        begun.elapsed().as_secs_f64() * 1e6
    };
    let turn = || {
        thread::sleep(SETTLING);
        median((0..RUNS).map(|_| run()).collect())
    };
    let (mut with, mut without, mut woken) = (Vec::new(), Vec::new(), 0);
    for number in 0..TURNS {
        if number % 2 == 0 {
            without.push(turn());
        }
        daemon(&["start", "--idle", "0"]);
        let process = record(fixture)["pid"].as_u64().expect("a process");
        let before = switches(process);
        with.push(turn());
        woken += switches(process) - before;
        daemon(&["stop"]);
        if number % 2 == 1 {
            without.push(turn());
        }
    }
    let times = median(with.iter().zip(&without).map(|(with, without)| with / without).collect());
    let (with, without) = (median(with), median(without));
    println!("\na tool: {with:.0} µs with a daemon, {without:.0} µs without, {times:.3} times");
    println!("the daemon's threads woke {woken} times in {} runs of it", RUNS * TURNS);
}

/// The daemon's record of itself.
fn record(fixture: &Fixture) -> Value {
    let record = std::fs::read(fixture.home().join("run/daemon.json")).expect("a record");
    serde_json::from_slice(&record).expect("JSON")
}

/// How often the threads of a process have run.
fn switches(process: u64) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("threads");
    let statuses = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("status")).ok());
    let lines: Vec<String> =
        statuses.flat_map(|status| status.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let counts = lines.iter().filter(|line| line.contains("ctxt_switches"));
    counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

fn request(method: &str, params: &Value) -> Vec<u8> {
    framed(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string())
}

/// Send a request and read its whole answer.
fn exchange(stream: &mut UnixStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).expect("it is taken");
    let mut answer = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        answer.push(byte[0]);
        if answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(answer.clone()).expect("a header");
    let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).expect("the rest");
    answer.extend(body);
    answer
}

/// Start a thread that answers each `asked` bytes with `answered` bytes.
fn echoing(path: &Path, asked: usize, answered: usize) -> UnixStream {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).expect("a socket");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut request, answer) = (vec![0; asked], vec![b'x'; answered]);
        while stream.read_exact(&mut request).is_ok() && stream.write_all(&answer).is_ok() {}
    });
    UnixStream::connect(path).expect("a connection")
}

/// The microseconds of a round trip.
fn timed(stream: &mut UnixStream, request: &[u8], room: &mut [u8]) -> f64 {
    let begun = Instant::now();
    stream.write_all(request).expect("it is taken");
    stream.read_exact(room).expect("an answer");
    begun.elapsed().as_secs_f64() * 1e6
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
