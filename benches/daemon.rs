//! A round trip to the daemon on an open connection, beside a bare echo of the same bytes over a socket of the same kind.
//!
//! Budget: a request is answered in at most 1.3 times the time of the echo, and a kept answer of `vx/resolve` in at most
//! twice that of an echo of its own length.
//!
//! `cargo bench --bench daemon` asks both in turns and prints medians; `VX_BENCH_ROUNDS` sets the number of turns, else 200, and
//! `VX_BENCH_PROGRAM` names another vx.

#[path = "launch/served.rs"]
mod served;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vx::rpc::{Frames, framed};

/// Round trips of one turn.
const TRIPS: u32 = 50;
/// Most times the echo.
const BUDGET: f64 = 1.3;
const BUDGET_OF_KEPT: f64 = 2.0;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--test" | "--list") => return, // Under `cargo test` there is nothing to measure.
        Some("echo") => return echo(Path::new(&arguments.next().expect("a path"))),
        _ => {}
    }
    let place = Place::new();
    println!("{:<34} {:>7} {:>9} {:>9} {:>6}", "in turns of two", "bytes", "echo µs", "vx µs", "ratio");
    let variables = json!({ "PATH": "/usr/bin:/bin", "VX_TRUST": "all" });
    let resolve = json!({ "runtime": "tiny", "directory": place.project(), "variables": variables });
    let here = json!({ "directory": place.project(), "variables": variables });
    // Files that have changed a moment ago are no ground for an answer that is kept.
    std::thread::sleep(Duration::from_millis(100));
    for (name, method, params, budget) in [
        ("a method that there is not", "vx/nothing", json!({}), BUDGET),
        ("vx/ping", "vx/ping", json!({}), BUDGET),
        ("vx/resolve, kept", "vx/resolve", resolve, BUDGET_OF_KEPT),
        ("vx/environment, kept", "vx/environment", here, BUDGET_OF_KEPT),
    ] {
        let request = framed(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string());
        let (mut vx, mut bare) = (place.daemon(), place.bare());
        let answer = vx.ask(&request);
        let is_error = String::from_utf8_lossy(&answer).contains("\"error\"");
        assert_eq!(is_error, method == "vx/nothing", "{}", String::from_utf8_lossy(&answer));
        let length = request.len().max(answer.len());
        // The longer of both ways counts, for both ways.
        let bytes = vec![b'x'; length];
        let (mut echoes, mut answers) = (Vec::new(), Vec::new());
        for turn in 0..=rounds() {
            let times = (
                trips(|| bare.exchange(&bytes, |sent| sent.len() == length)),
                trips(|| vx.exchange(&request, is_message)),
            );
            // The first turn fills the caches.
            if turn > 0 {
                echoes.push(times.0);
                answers.push(times.1);
            }
        }
        let (echo, vx) = (median(echoes), median(answers));
        let verdict = if vx / echo <= budget { "" } else { "  over the budget" };
        println!("{name:<34} {length:>7} {echo:>9.1} {vx:>9.1} {:>6.2}{verdict}", vx / echo);
    }
}

fn rounds() -> u32 {
    std::env::var("VX_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(200)
}

/// The time of one of several round trips, in microseconds.
fn trips(mut trip: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..TRIPS).for_each(|_| trip());
    began.elapsed().as_secs_f64() * 1e6 / f64::from(TRIPS)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Send everything back, as it comes, to one client after the other.
fn echo(path: &Path) {
    let listener = UnixListener::bind(path).expect("a socket");
    let mut piece = [0; 8 * 1024];
    for stream in listener.incoming() {
        let mut stream = stream.expect("a client");
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            stream.write_all(&piece[..read]).expect("it is taken");
        }
    }
}

/// A home with a daemon, and an echo beside it.
struct Place {
    directory: tempfile::TempDir,
    children: [Child; 2],
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        for name in ["project", "runtime"] {
            std::fs::create_dir(path(name)).expect("a directory");
            std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o700)).expect("its mode");
        }
        let tool = served::tiny_tool(b"#!/bin/sh\n");
        std::fs::write(path("project/vx.toml"), format!("[tools]\n{tool}\n")).expect("a file");
        let program =
            std::env::var_os("VX_BENCH_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_vx").into(), PathBuf::from);
        let started = |command: &mut Command| command.stdin(Stdio::null()).spawn().expect("it starts");
        let vx = |words: &[&str]| {
            let mut command = Command::new(&program);
            command.args(words).current_dir(path("project")).env("VX_TRUST", "all");
            command.env("VX_HOME", path("home")).env("VX_RUNTIME_DIR", path("runtime"));
            command
        };
        assert!(vx(&["sync", "--headless"]).status().expect("vx starts").success(), "the tool is installed");
        let mut daemon = vx(&["daemon", "run", "--idle", "0"]);
        let mut bare = Command::new(std::env::current_exe().expect("a program"));
        let children = [started(&mut daemon), started(bare.arg("echo").arg(path("echo.sock")))];
        Self { children, directory }
    }

    fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// A connection to the daemon, introduced.
    fn daemon(&self) -> Connection {
        let record = self.directory.path().join("home/run/daemon.json");
        let socket = awaited(|| {
            let record: Value = serde_json::from_slice(&std::fs::read(&record).ok()?).ok()?;
            Some(PathBuf::from(record["socket"].as_str()?))
        });
        let mut connection = Connection(awaited(|| UnixStream::connect(&socket).ok()));
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocol": { "min": 1, "max": 1 } } });
        connection.ask(&framed(&hello.to_string()));
        connection
    }

    fn bare(&self) -> Connection {
        let socket = self.directory.path().join("echo.sock");
        Connection(awaited(|| UnixStream::connect(&socket).ok()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn awaited<T>(attempt: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match attempt() {
            Some(found) => return found,
            None => assert!(Instant::now() < deadline, "in time"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// True of a message that is whole.
fn is_message(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let parts = text.strip_prefix("Content-Length: ").and_then(|rest| rest.split_once("\r\n\r\n"));
    parts.is_some_and(|(length, body)| length.parse() == Ok(body.len()))
}

struct Connection(UnixStream);

impl Connection {
    /// The whole message that answers.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.0.write_all(request).expect("it is taken");
        let (mut frames, mut all, mut piece) = (Frames::accepting(1 << 20), Vec::new(), [0; 8 * 1024]);
        loop {
            let read = self.0.read(&mut piece).expect("an answer");
            assert!(read > 0, "the connection goes on");
            frames.push(&piece[..read]);
            all.extend_from_slice(&piece[..read]);
            if frames.next_message().expect("a message").is_some() {
                return all;
            }
        }
    }

    /// Send these bytes, and take an answer until it is whole.
    fn exchange(&mut self, bytes: &[u8], is_whole: impl Fn(&[u8]) -> bool) {
        let (mut answer, mut length) = ([0; 8 * 1024], 0);
        self.0.write_all(bytes).expect("it is taken");
        while !is_whole(&answer[..length]) {
            let read = self.0.read(&mut answer[length..]).expect("an answer");
            assert!(read > 0, "the connection goes on");
            length += read;
        }
    }
}
