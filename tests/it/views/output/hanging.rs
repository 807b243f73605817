//! A child that is stopped or killed is soon shown as such, in every line-based output.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::{send, within};

/// The longest until a stop is shown. For the first 1.5 s a stopped process counts as busy.
const STOPPED_SHOWN: Duration = Duration::from_secs(2);
const KILLED_SHOWN: Duration = Duration::from_secs(1);

/// The time from `signal` to the child of a run until the run's output has `words`.
fn said_after(command: &str, signal: Signal, words: &str) -> Duration {
    let sandbox = slow(60);
    let running = sandbox.start(command);
    let slot = sandbox.await_slot("biome", "moves", |slot| slot["done"].as_u64() > Some(100_000));
    let child = slot["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a child");
    assert!(!running.said().contains(words));
    let began = Instant::now();
    send(child, signal);
    within(Duration::from_secs(15), words, || running.said().contains(words).then_some(()));
    let shown = began.elapsed();
    if signal == Signal::STOP {
        send(child, Signal::CONT);
        running.signal(Signal::INT);
    }
    running.finish();
    shown
}

/// Assert that one of three runs says it in time: other work of the machine may delay a run, but not all three.
fn assert_said_within(limit: Duration, command: &str, signal: Signal, words: &str) {
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(said_after(command, signal, words));
        if seen.last() <= Some(&limit) {
            return;
        }
    }
    panic!("`vx {command}` said `{words}` after {seen:?}, never within {limit:?}");
}

#[test]
fn a_stopped_child_is_shown_as_silent_within_two_seconds() {
    assert_said_within(STOPPED_SHOWN, "sync --json", Signal::STOP, "\"how\":\"silent\"");
    assert_said_within(STOPPED_SHOWN, "sync --plain", Signal::STOP, "silent: no sign of life for");
}

#[test]
fn a_killed_child_is_shown_as_died_within_a_second() {
    assert_said_within(KILLED_SHOWN, "sync --json", Signal::KILL, "\"result\":\"died\"");
    assert_said_within(KILLED_SHOWN, "sync --plain", Signal::KILL, "died: killed by signal 9");
}
