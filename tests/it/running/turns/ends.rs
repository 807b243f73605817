//! The ends of agents, and of the processes that they leave behind.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use vx_agents::{TurnEvent, TurnHandle, TurnLimits, TurnRequest, active_turns, spawn_turn};

use super::{COMPLETED, INIT, Play, RESULT, UNANSWERED, events, messages};
use crate::support::sandbox::eventually;

/// Start a turn without a runner.
pub(super) fn without_runner(request: TurnRequest) -> TurnHandle {
    let handle = spawn_turn(TurnRequest { runner: Some(PathBuf::new()), ..request }).expect("it starts");
    assert!(!handle.ends_whole_tree);
    handle
}

/// The limits of a test that waits for the end clock.
fn impatient() -> TurnLimits {
    TurnLimits { after_result: Duration::from_millis(200), grace: Duration::from_millis(200), ..TurnLimits::default() }
}

/// The end of an agent that has not answered.
fn ended(exit_code: i32, signal: Option<i32>) -> TurnEvent {
    TurnEvent::Completed {
        exit_code,
        signal,
        truncated: false,
        ended_after_result: false,
        without_result: true,
        unread_lines: 0,
        last_lines: Vec::new(),
    }
}

#[test]
fn an_exit_code_is_passed_on_and_a_signal_is_beside_minus_one() {
    for (script, end) in [("exit 3", ended(3, None)), ("kill -9 $$", ended(-1, Some(9))), ("", UNANSWERED)] {
        let play = Play::new(script);
        assert_eq!(play.events(), std::slice::from_ref(&end));
        assert_eq!(events(&without_runner(play.request())), [end]);
    }
}

#[test]
fn an_agent_that_does_not_exit_after_its_result_is_ended() {
    for ignores in ["", "trap '' TERM;"] {
        let play = Play::new(&format!("{ignores} say '{RESULT}'; while :; do sleep 0.05; done"));
        for runner in [true, false] {
            let request = TurnRequest { limits: impatient(), ..play.request() };
            let handle = if runner { spawn_turn(request).expect("it starts") } else { without_runner(request) };
            let events = events(&handle);
            let Some(TurnEvent::Completed { exit_code: -1, ended_after_result: true, .. }) = events.last() else {
                panic!("{events:?}");
            };
            play.is_gone();
        }
    }
}

#[test]
fn an_error_that_an_agent_prints_at_each_retry_is_no_end() {
    let retry = r#"{"type":"error","message":"stream disconnected; retrying 1/5"}"#;
    let failed = r#"{"type":"turn.failed","error":{"message":"no connection"}}"#;
    let play = Play::of("codex", &format!("say '{retry}'; sleep 1; say '{retry}'; say '{failed}'; exit 1"));
    let request = TurnRequest { limits: impatient(), agent: "codex".into(), ..play.request() };
    let events = events(&spawn_turn(request).expect("it starts"));
    assert_eq!(messages(&events).len(), 3, "{events:?}");
    assert!(matches!(events.last(), Some(TurnEvent::Completed { .. })), "{events:?}");
    let said = |event: &&TurnEvent| matches!(event, TurnEvent::TurnEnded { .. });
    let Some(TurnEvent::TurnEnded { failed: true, error, .. }) = events.iter().find(said) else { panic!("{events:?}") };
    assert_eq!(error.as_deref(), Some("no connection"));
}

#[test]
fn a_process_that_is_left_behind_with_the_pipes_does_not_hold_the_end_up() {
    for left in ["sleep 1000 &", "setsid sleep 1000 &", "(trap '' TERM; while :; do sleep 0.1; done) &"] {
        let play = Play::new(&format!("{left} say '{RESULT}'; : > leaving"));
        let handle = play.start();
        play.has_made("leaving");
        let left_at = Instant::now();
        let events = events(&handle);
        // The promise is two seconds; the rest is margin for a busy machine.
        assert!(left_at.elapsed() < Duration::from_secs(12), "{:?}", left_at.elapsed());
        let Some(TurnEvent::Completed { exit_code: 0, truncated: true, .. }) = events.last() else {
            panic!("{events:?}");
        };
        assert_eq!(play.alive(), [0; 0], "{left}");
    }
}

#[test]
fn a_process_that_is_left_behind_without_the_pipes_is_ended_and_nothing_is_truncated() {
    let play = Play::new(&format!("sleep 1000 >/dev/null 2>&1 & say '{RESULT}'"));
    assert_eq!(play.events().last(), Some(&COMPLETED));
    assert_eq!(play.alive(), [0; 0]);
}

#[test]
fn a_process_of_the_group_does_not_hold_the_end_up_without_a_runner_either() {
    let play = Play::new(&format!("sleep 1000 & say '{RESULT}'"));
    let events = events(&without_runner(play.request()));
    let Some(TurnEvent::Completed { exit_code: 0, truncated: true, .. }) = events.last() else { panic!("{events:?}") };
    play.is_gone();
}

#[test]
fn a_process_that_ends_soon_after_its_agent_is_waited_for() {
    let late = r#"{"type":"user","n":2}"#;
    let play = Play::new(&format!("(sleep 0.05; say '{late}') & say '{INIT}'"));
    let limits = TurnLimits { linger: Duration::from_secs(20), ..TurnLimits::default() };
    let events = events(&spawn_turn(TurnRequest { limits, ..play.request() }).expect("it starts"));
    assert_eq!(
        (messages(&events).last().map(|message| message.raw.as_str()), events.last()),
        (Some(late), Some(&UNANSWERED))
    );
}

#[test]
fn a_turn_whose_consumer_has_gone_is_read_to_its_end_and_nothing_of_it_is_left() {
    let play = Play::new("i=0; while [ $i -lt 3000 ]; do say '{\"type\":\"user\"}'; i=$((i+1)); done; : > over");
    let request = TurnRequest { turn_id: "nobody listens".into(), ..play.request() };
    let handle = spawn_turn(request).expect("it starts");
    let kill_tx = handle.kill_tx.clone();
    drop(handle);
    play.has_made("over");
    let listed = || active_turns().iter().any(|turn| turn.turn_id == "nobody listens");
    eventually("it is over", || (!listed()).then_some(()));
    play.is_gone();
    drop(kill_tx);
}

#[test]
fn a_turn_that_takes_too_long_is_timed_out() {
    let play = Play::new(&format!("say '{INIT}'; sleep 1000"));
    let limits = TurnLimits { timeout: Some(Duration::from_millis(300)), ..impatient() };
    let request = TurnRequest { limits, ..play.request() };
    let events = events(&spawn_turn(request).expect("it starts"));
    assert_eq!(events.last(), Some(&TurnEvent::Cancelled { truncated: true, timed_out: true }));
    assert_eq!(play.alive(), [0; 0]);
}

#[test]
fn a_runner_that_is_killed_is_a_failure_and_leaves_nothing_of_its_turn() {
    let escapes = "(setsid sleep 60 &); (setsid sh -c 'sleep 60 & sleep 60' <&- >&- 2>&- &)";
    let play = Play::new(&format!("{escapes}; : > begun; exec sleep 60"));
    let handle = play.start();
    play.has_made("begun");
    let runner = play.alive().into_iter().find(|pid| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("--run-tree")
    });
    crate::support::sandbox::send(runner.expect("a runner"), rustix::process::Signal::KILL);
    let events = events(&handle);
    assert!(matches!(events.last(), Some(TurnEvent::Failed { .. })), "{events:?}");
    assert_eq!(play.alive(), [0; 0], "the agent, and what has left it, end with the turn");
}
