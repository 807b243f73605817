//! Cancelling at any moment: one terminal event, and nothing left.

use std::time::Duration;

use vx_agents::{TurnEvent, TurnLimits, TurnRequest, spawn_turn};

use super::{INIT, Play, RESULT, events};

/// A turn that was cancelled before its agent had answered.
const CANCELLED: TurnEvent = TurnEvent::Cancelled { truncated: true, timed_out: false };

fn request(play: &Play) -> TurnRequest {
    let limits = TurnLimits { grace: Duration::from_millis(300), ..TurnLimits::default() };
    TurnRequest { limits, ..play.request() }
}

#[test]
fn an_agent_that_heeds_the_request_ends_by_it() {
    let play = Play::new("trap 'echo asked > asked; exit 0' TERM; : > begun; while :; do sleep 0.05; done");
    // It ends long before the end of its grace.
    let limits = TurnLimits { grace: Duration::from_secs(20), ..TurnLimits::default() };
    let handle = spawn_turn(TurnRequest { limits, ..play.request() }).expect("it starts");
    play.has_made("begun");
    handle.kill_tx.send(()).expect("it is at work");
    assert_eq!(events(&handle).last(), Some(&CANCELLED));
    assert_eq!((play.alive().len(), play.read("asked").as_str()), (0, "asked\n"));
}

#[test]
fn an_agent_that_does_not_heed_it_is_killed_with_all_below_it() {
    let ignoring = "setsid sh -c 'trap \"\" TERM; : > below; sleep 1000' &";
    let play = Play::new(&format!("trap '' TERM; {ignoring} : > begun; while :; do sleep 0.05; done"));
    let handle = spawn_turn(request(&play)).expect("it starts");
    play.has_made("begun");
    play.has_made("below");
    handle.kill_tx.send(()).expect("it is at work");
    assert_eq!(events(&handle).last(), Some(&CANCELLED));
    assert_eq!(play.alive(), [0; 0]);
}

#[test]
fn a_second_request_and_one_after_the_end_change_nothing() {
    let play = Play::new(": > begun; sleep 1000");
    let handle = spawn_turn(request(&play)).expect("it starts");
    play.has_made("begun");
    handle.kill_tx.send(()).expect("it is at work");
    let _ = handle.kill_tx.send(());
    assert_eq!(events(&handle).last(), Some(&CANCELLED));
    let _ = handle.kill_tx.send(());
    assert!(handle.receiver.try_recv().is_err());
}

#[test]
fn dropping_the_handle_cancels() {
    let play = Play::new(": > begun; sleep 1000");
    let handle = spawn_turn(request(&play)).expect("it starts");
    play.has_made("begun");
    let receiver = handle.receiver.clone();
    drop(handle);
    assert_eq!(receiver.iter().last(), Some(CANCELLED));
    assert_eq!(play.alive(), [0; 0]);
}

#[test]
fn a_cancel_without_a_runner_ends_the_group() {
    let play = Play::new("trap '' TERM; sleep 1000 & : > begun; while :; do sleep 0.05; done");
    let handle = super::ends::without_runner(request(&play));
    play.has_made("begun");
    handle.kill_tx.send(()).expect("it is at work");
    assert_eq!(events(&handle).last(), Some(&CANCELLED));
    play.is_gone();
}

/// Cancel this many turns, each at a later instant of its life, the last at its end.
fn cancel_at_random(rounds: u64) {
    let play = Play::new(&format!("sleep 0.0$1; say '{INIT}'; sleep 0.00$2 & say '{RESULT}'"));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let handle = spawn_turn(request(&play)).expect("it starts");
        std::thread::sleep(Duration::from_micros(random % 40_000));
        match round % 3 {
            0 => drop(handle.kill_tx.send(())),
            1 => {
                let _ = handle.kill_tx.send(());
                let _ = handle.kill_tx.send(());
            }
            _ => {
                let receiver = handle.receiver.clone();
                drop(handle);
                let terminal = receiver.iter().filter(TurnEvent::is_terminal).count();
                assert_eq!(terminal, 1, "round {round}");
                continue;
            }
        }
        let terminal = events(&handle);
        assert_eq!(terminal.iter().filter(|event| event.is_terminal()).count(), 1, "round {round}");
    }
    assert_eq!(play.alive(), [0; 0]);
}

#[test]
fn a_cancel_at_any_instant_is_one_terminal_event() {
    cancel_at_random(40);
}

#[test]
#[ignore = "ten thousand turns take a quarter of an hour"]
fn ten_thousand_cancels_are_ten_thousand_terminal_events() {
    cancel_at_random(10_000);
}
