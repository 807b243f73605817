//! A turn on a board.

use vx_agents::{TurnError, TurnRequest, spawn_turn};
use vx_shm::{Board, Health, Reader, SlotState, SlotView};
use vx_status::standing::{Standing, state_remark};
use vx_status::vocabulary::word_of;

use super::{COMPLETED, INIT, Play, RESULT, events};
use crate::support::sandbox::eventually;

/// The slot with this key, once it meets the condition.
fn slot(board: &Board, key: &str, is_so: impl Fn(&SlotView) -> bool) -> SlotView {
    let mut reader = Reader::open(board.path()).expect("a board");
    eventually(key, || {
        let snapshot = reader.snapshot().expect("it reads");
        snapshot.slots.into_iter().find(|slot| slot.key == key && is_so(slot))
    })
}

fn tool(name: &str) -> String {
    let block = format!(r#"{{"type":"tool_use","id":"t","name":"{name}","input":{{"question":"Go on?"}}}}"#);
    format!(r#"{{"type":"assistant","message":{{"id":"{name}","content":[{block}]}}}}"#)
}

const USED: &str = r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}}"#;

#[test]
fn a_slot_shows_the_tool_at_work_a_question_and_the_end_with_its_figures() {
    let directory = tempfile::tempdir().expect("a directory");
    let board = Board::create(&directory.path().join("x.board"), "turns", 8).expect("a board");
    let done = RESULT.replace(
        "\"result\":",
        "\"usage\":{\"input_tokens\":30,\"output_tokens\":4},\"total_cost_usd\":0.5,\"result\":",
    );
    let wait = |name: &str| format!("while [ ! -e {name} ]; do sleep 0.01; done");
    let play = Play::new(&format!(
        "printf '%s\\n' \"$VX_BOARD $VX_SLOT\" > mark; say '{INIT}'; say '{}'; {}; say '{}'; {}; say '{USED}'; {}; say '{done}'",
        tool("Bash"),
        wait("one"),
        tool("AskUserQuestion"),
        wait("two"),
        wait("three"),
    ));
    let go = |name: &str| std::fs::write(play.path(name), "").expect("a file");
    let request = || TurnRequest { turn_id: "t".into(), board: Some(board.path().into()), ..play.request() };
    let handle = spawn_turn(request()).expect("it starts");
    let seen = slot(&board, "t", |slot| word_of(slot) == "Bash" && slot.details.contains("tools"));
    assert_eq!((seen.state, seen.health, seen.version.as_str()), (SlotState::Live, Health::Unknown, "claude"));
    assert_eq!(seen.details, "messages 2\ntools 1\nsession s-1");
    assert!(play.read("mark").starts_with(&format!("{} ", board.path().display())), "{}", play.read("mark"));
    let second = spawn_turn(request()).expect("it starts");
    slot(&board, "t-2", |slot| word_of(slot) == "Bash");
    go("one");
    let asking = slot(&board, "t", |slot| slot.health == Health::WaitingForPerson && !slot.message.contains("message"));
    assert_eq!(
        (asking.message.as_str(), state_remark(&asking, Standing::Running).as_str()),
        ("Go on?", "waits for you: Go on?")
    );
    go("two");
    slot(&board, "t", |slot| slot.health == Health::Unknown && word_of(slot) == "thinking");
    go("three");
    for handle in [handle, second] {
        assert_eq!(events(&handle).last(), Some(&COMPLETED));
    }
    let seen = slot(&board, "t", |slot| slot.state.ended());
    assert_eq!((seen.state, seen.message.as_str()), (SlotState::Done, "5 messages, 34 tokens, $0.5000"));
    assert_eq!(seen.details, "messages 5\ntools 2\ntokens 34\ncost $0.5000\nsession s-1");
}

#[test]
fn a_slot_fails_by_the_agents_own_result_and_with_a_board_that_is_not_there_nothing_starts() {
    let directory = tempfile::tempdir().expect("a directory");
    let board = Board::create(&directory.path().join("x.board"), "turns", 8).expect("a board");
    let failed = r#"{"type":"result","subtype":"error_max_turns","is_error":true,"result":"too many"}"#;
    let play = Play::new(&format!("say '{failed}'"));
    let on = |path: std::path::PathBuf| TurnRequest { turn_id: "f".into(), board: Some(path), ..play.request() };
    let handle = spawn_turn(on(board.path().into())).expect("it starts");
    assert_eq!(events(&handle).last(), Some(&COMPLETED), "a bad end is still an end");
    let seen = slot(&board, "f", |slot| slot.state.ended());
    let error = seen.error.unwrap_or_default();
    assert!(seen.state == SlotState::Failed && error.starts_with("too many"), "{error}");
    let missing = spawn_turn(on(directory.path().join("none.board")));
    assert!(matches!(missing, Err(TurnError::Board { .. })), "{missing:?}");
}
