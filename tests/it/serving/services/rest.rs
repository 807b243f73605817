//! Services at rest cost nothing.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::Services;
use crate::support::sandbox::{Process, eventually};

/// The time over which wake-ups are counted.
const COUNTED: Duration = Duration::from_secs(6);

/// How often the threads of this process have gone to sleep so far.
fn sleeps(process: &Process) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.pid)).expect("its threads");
    let of = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::trim))?;
        line.parse::<u64>().ok()
    };
    tasks.flatten().filter_map(|task| of(fs::read_to_string(task.path().join("status")).ok()?)).sum()
}

#[test]
fn a_guard_and_its_supervisor_wake_up_a_few_times_in_ten_seconds() {
    let services = Services::of("[services.quiet]\ncommand = \"sleep 626\"\n");
    services.0.vx("up --detach").succeeds();
    let all: Vec<Process> = services.supervisors().into_iter().chain(services.guards()).collect();
    assert_eq!(all.len(), 2);
    // The end of the start wakes the threads, too.
    let counts = || all.iter().map(sleeps).collect::<Vec<_>>();
    let settled = |pause| {
        let before = counts();
        thread::sleep(pause);
        counts() == before
    };
    eventually("they have settled", || settled(Duration::from_millis(600)).then_some(()));
    let (begun, before) = (Instant::now(), counts());
    thread::sleep(COUNTED);
    // A guard beats every 5 s, and a supervisor looks as often at its board; each wakes up for that once or twice.
    let most = 6 + 6 * begun.elapsed().as_secs() / 5;
    for (process, (before, after)) in all.iter().zip(before.iter().zip(counts())) {
        // A thread that has ended since no longer counts.
        let slept = after.saturating_sub(*before);
        assert!(slept <= most, "{} slept {slept} times, of {most}", process.command);
    }
    services.0.vx("down").succeeds();
    services.are_gone();
}
