//! Prompts: as an argument, through standard input, and one after the other.

use vx_agents::{Prompt, TurnEvent, TurnRequest, spawn_turn};

use super::{COMPLETED, Play, RESULT, UNANSWERED, events};
use crate::support::sandbox::PATIENCE;

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
    let limits = vx_agents::TurnLimits { after_result: std::time::Duration::from_millis(200), ..Default::default() };
    let request = TurnRequest { prompt: Prompt::Conversation, limits, ..play.request() };
    let mut handle = spawn_turn(request).expect("it starts");
    let prompts = handle.prompt_tx.take().expect("it takes prompts");
    for prompt in ["one", "two", "three"] {
        // While an agent waits for the next prompt, the time that it has to end doesn't run.
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
    // It has little time here, so on a busy machine it may have been ended.
    assert!(matches!(events(&handle).last(), Some(TurnEvent::Completed { .. })));
    let line = |text: &str| format!("{{\"message\":{{\"content\":\"{text}\",\"role\":\"user\"}},\"type\":\"user\"}}\n");
    assert_eq!(play.read("input"), line("one") + &line("two") + &line("three"));
    assert!(play.read("words").starts_with("-p\n--input-format\nstream-json\n"));
}

#[test]
fn a_prompt_of_a_conversation_that_is_never_answered_is_no_good_end() {
    let said =
        r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"hm"}]}}"#;
    let silent = "read -r line; cat > rest";
    let begun = format!("cat > rest; say '{said}'");
    let once = format!("read -r line; say '{RESULT}'; cat > rest");
    let cases: [(&str, &[&str], _); 4] = [
        (silent, &[], COMPLETED),
        (silent, &["one"], UNANSWERED),
        (&begun, &["one"], UNANSWERED),
        (&once, &["one"], COMPLETED),
    ];
    for (script, asked, end) in cases {
        let play = Play::new(script);
        let mut handle = spawn_turn(TurnRequest { prompt: Prompt::Conversation, ..play.request() }).expect("it starts");
        let prompts = handle.prompt_tx.take().expect("it takes prompts");
        asked.iter().for_each(|prompt| prompts.send((*prompt).into()).unwrap_or_default());
        drop(prompts);
        assert_eq!(events(&handle).last(), Some(&end), "{script}, asked {asked:?}");
    }
}

#[test]
fn a_prompt_after_an_answer_is_owed_one_too() {
    let play = Play::new(&format!("read -r line; say '{RESULT}'; read -r line; cat > rest"));
    let mut handle = spawn_turn(TurnRequest { prompt: Prompt::Conversation, ..play.request() }).expect("it starts");
    let prompts = handle.prompt_tx.take().expect("it takes prompts");
    prompts.send("one".into()).expect("it is taken");
    while !matches!(handle.receiver.recv_timeout(PATIENCE).expect("an event"), TurnEvent::TurnEnded { .. }) {}
    prompts.send("two".into()).expect("it is taken");
    drop(prompts);
    assert_eq!(events(&handle).last(), Some(&UNANSWERED));
}

#[test]
fn the_last_prompt_of_a_conversation_has_its_time_though_earlier_ones_were_answered() {
    let said =
        r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"hm"}]}}"#;
    let answer = format!("read -r line; say '{said}'; sleep 1; say '{RESULT}'");
    let limits = vx_agents::TurnLimits { after_result: std::time::Duration::from_millis(200), ..Default::default() };
    for asks_at_once in [true, false] {
        let play = Play::new(&format!("{answer}; {answer}"));
        let request = TurnRequest { prompt: Prompt::Conversation, limits, ..play.request() };
        let mut handle = spawn_turn(request).expect("it starts");
        let prompts = handle.prompt_tx.take().expect("it takes prompts");
        prompts.send("one".into()).expect("it is taken");
        if asks_at_once {
            prompts.send("two".into()).expect("it is taken");
            drop(prompts);
        } else {
            while !matches!(handle.receiver.recv_timeout(PATIENCE).expect("an event"), TurnEvent::TurnEnded { .. }) {}
            prompts.send("two".into()).expect("it is taken");
            drop(prompts);
        }
        let answers = events(&handle).iter().filter(|event| matches!(event, TurnEvent::TurnEnded { .. })).count();
        assert_eq!(answers, if asks_at_once { 2 } else { 1 }, "asked at once: {asks_at_once}");
    }
}
