//! The memory of a turn does not depend on what its agent prints.

use std::fs;
use std::time::Duration;

use vx_agents::{TurnEvent, WAITING_CAP_BYTES};

use super::command::{lines, playing};
use super::{Play, RESULT, events, stderr};
use crate::support::sandbox::{PATIENCE, eventually};

const MEGABYTE: u64 = 1024 * 1024;

/// The most memory that a process has had so far, in bytes.
fn peak(pid: u32) -> u64 {
    let kilobytes = number(pid, "VmHWM:");
    assert!(kilobytes > 0, "process {pid} has no memory");
    kilobytes * 1024
}

fn number(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[test]
fn floods_on_both_streams_fit_into_a_bounded_memory_of_the_turn_and_of_its_runner() {
    let flood = |bytes: u32| format!("head -c {bytes} /dev/zero | tr '\\0' x");
    let sandbox = playing(&format!(
        "{} >&2; {}; echo; echo $PPID > runner; mv runner flooded; while [ ! -e go ]; do sleep 0.02; done; say '{RESULT}'",
        flood(50_000_000),
        flood(100_000_000),
    ));
    let running = sandbox.start("turn --json -p hi");
    let runner = eventually("the flood is over", || {
        fs::read_to_string(sandbox.project().join("flooded")).ok()?.trim().parse::<u32>().ok()
    });
    let turn = u32::try_from(number(runner, "PPid:")).expect("a process");
    assert_eq!(turn, running.pid());
    // A line of 16 MiB is kept, in a buffer that grows by doubling; the floods are nine times as long.
    assert!(peak(turn) < 112 * MEGABYTE, "the turn: {} MB", peak(turn) / MEGABYTE);
    assert!(peak(runner) < 48 * MEGABYTE, "the runner: {} MB", peak(runner) / MEGABYTE);
    sandbox.write("go", "");
    let printed = lines(&running.finish().succeeds().stdout());
    assert_eq!(printed.last().expect("an end")["event"], "completed");
}

#[test]
fn a_reader_that_is_slower_than_the_agent_holds_it_up_and_loses_nothing() {
    let text = "x".repeat(100_000);
    let line =
        format!(r#"{{"type":"assistant","message":{{"id":"m","content":[{{"type":"text","text":"{text}"}}]}}}}"#);
    let play = Play::new(&format!(
        "line='{line}'; i=0; while [ $i -lt 1000 ]; do say \"$line\"; i=$((i+1)); done; touch over; say '{RESULT}'"
    ));
    let handle = play.start();
    let mut events = 0;
    // There are twice 100 MB, as the text is in the line and in its block, and 64 MB may wait. An agent that doesn't
    // have to wait prints them in less than a second.
    loop {
        let event = handle.receiver.recv_timeout(PATIENCE).expect("an event");
        events += 1;
        if event.is_terminal() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!((handle.counts.dropped_events(), events), (0, 1_000 + 4));
}

#[test]
fn a_reader_that_does_not_read_stops_no_agent_and_still_gets_the_end() {
    let text = "x".repeat(100_000);
    let line =
        format!(r#"{{"type":"assistant","message":{{"id":"m","content":[{{"type":"text","text":"{text}"}}]}}}}"#);
    let play = Play::new(&format!(
        "line='{line}'; i=0; while [ $i -lt 1000 ]; do say \"$line\"; i=$((i+1)); done; say '{RESULT}'; touch over"
    ));
    let handle = play.start();
    // There are twice 100 MB, as the text is in the line and in its block.
    play.has_made("over");
    let events = events(&handle);
    let kept: usize = super::messages(&events).iter().map(|message| 2 * message.raw.len()).sum();
    assert!(kept < WAITING_CAP_BYTES + 10 * text.len(), "{kept}");
    let dropped = handle.counts.dropped_events();
    assert_eq!(super::messages(&events).len() as u64 + dropped, 1_001);
    assert!(events.iter().any(|event| matches!(event, TurnEvent::TurnEnded { failed: false, .. })));
    assert_eq!((events.last(), stderr(&events).len()), (Some(&super::COMPLETED), 0));
}
