//! Prompts: as an argument, through standard input, and one after the other.

use vx::turn::{Prompt, TurnEvent, TurnRequest, spawn_turn};

use super::{COMPLETED, Play, RESULT, events};
use crate::sandbox::PATIENCE;

#[test]
fn a_prompt_that_cannot_be_an_argument_goes_through_standard_input_which_is_then_closed() {
    for prompt in ["--help".to_owned(), "x".repeat(300_000)] {
        let play = Play::new(&format!("cat > input; printf '%s\\n' \"$@\" > words; : > read; say '{RESULT}'"));
        let request = TurnRequest { prompt: Prompt::Once(prompt.clone()), ..play.request() };
        assert_eq!(events(&spawn_turn(request).expect("it starts")).last(), Some(&COMPLETED));
        assert_eq!(play.read("input"), prompt);
        assert!(play.read("words").starts_with("-p\n--output-format\n"), "{}", play.read("words"));
    }
}

#[test]
fn an_agent_that_does_not_read_its_input_ends_all_the_same() {
    let play = Play::new(&format!("say '{RESULT}'"));
    let request = TurnRequest { prompt: Prompt::Once("x".repeat(1_000_000)), ..play.request() };
    assert_eq!(events(&spawn_turn(request).expect("it starts")).last(), Some(&COMPLETED));
}

#[test]
fn the_standard_input_of_an_agent_without_a_runner_is_its_own_too() {
    let play = Play::new(&format!("cat > input; say '{RESULT}'"));
    let prompt = "-".repeat(200_000);
    let request = TurnRequest { prompt: Prompt::Once(prompt.clone()), ..play.request() };
    let handle = super::ends::without_runner(request);
    assert!(!handle.ends_whole_tree);
    assert_eq!(events(&handle).last(), Some(&COMPLETED));
    assert_eq!(play.read("input"), prompt);
}

#[test]
fn a_conversation_takes_prompts_until_it_is_closed_and_each_has_its_end() {
    let answer = format!("while read -r line; do printf '%s\\n' \"$line\" >> input; say '{RESULT}'; done");
    let play = Play::new(&format!("printf '%s\\n' \"$@\" > words; {answer}"));
    let limits = vx::turn::Limits { after_result: std::time::Duration::from_millis(200), ..Default::default() };
    let request = TurnRequest { prompt: Prompt::Conversation, limits, ..play.request() };
    let mut handle = spawn_turn(request).expect("it starts");
    let prompts = handle.prompt_tx.take().expect("it takes prompts");
    for prompt in ["one", "two", "three"] {
        // An agent that waits for the next prompt for longer than it has to end is not ended for that.
        std::thread::sleep(2 * limits.after_result);
        prompts.send(prompt.into()).expect("it is taken");
        loop {
            let event = handle.receiver.recv_timeout(PATIENCE).expect("an event");
            assert!(!event.is_terminal(), "{event:?}");
            if let TurnEvent::TurnEnded { failed, answer, .. } = event {
                assert_eq!((failed, answer.as_deref()), (false, Some("done")));
                break;
            }
        }
    }
    drop(prompts);
    // On a busy machine it may be ended, as it has little time here.
    assert!(matches!(events(&handle).last(), Some(TurnEvent::Completed { .. })));
    let line = |text: &str| format!("{{\"message\":{{\"content\":\"{text}\",\"role\":\"user\"}},\"type\":\"user\"}}\n");
    assert_eq!(play.read("input"), line("one") + &line("two") + &line("three"));
    assert!(play.read("words").starts_with("-p\n--input-format\nstream-json\n"));
}
