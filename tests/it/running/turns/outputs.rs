//! An agent's output as events.

use vx_agents::{AgentMessageRole, Block, TurnEvent};

use super::{COMPLETED, INIT, Play, RESULT, UNANSWERED, messages, stderr};

#[test]
fn a_session_is_bound_once_before_its_message_also_by_a_line_that_is_none() {
    let title = r#"{"type":"custom-title","sessionId":"s-0"}"#;
    let events = Play::new(&format!("say '{title}'; say '{INIT}'; say '{RESULT}'")).events();
    assert_eq!(events[0], TurnEvent::SessionBound { session_id: "s-0".into() });
    let bound = events.iter().filter(|event| matches!(event, TurnEvent::SessionBound { .. })).count();
    assert_eq!((bound, messages(&events).len()), (1, 2), "{events:?}");
    let events = Play::new(&format!("say '{INIT}'")).events();
    assert!(matches!(events[..2], [TurnEvent::SessionBound { .. }, TurnEvent::Message(_)]), "{events:?}");
    assert_eq!(events[2..], [UNANSWERED]);
}

#[test]
fn every_form_of_a_line_counts_and_one_that_is_no_json_does_not_end_the_reading() {
    let script = format!(
        "printf '%s\\r\\n\\n   \\n' '{INIT}'; say 'not json'; say '[1]'; printf '{{\"type\":\"user\",\"x\":\"\\377\\376\"}}\\n'; printf '%s' '{RESULT}'"
    );
    let play = Play::new(&script);
    let handle = play.start();
    let events = super::events(&handle);
    let all = messages(&events);
    assert_eq!(all.len(), 3, "{events:?}");
    assert!(all[0].raw == INIT && all[1].raw.contains("\u{fffd}\u{fffd}") && all[2].raw == RESULT);
    assert_eq!(handle.counts.unread_lines(), 2);
    let Some(TurnEvent::Completed { unread_lines: 2, last_lines, .. }) = events.last() else { panic!("{events:?}") };
    assert!(last_lines.is_empty(), "it ended well: {last_lines:?}");
}

#[test]
fn an_unknown_line_is_a_message_of_another_role_and_ids_that_are_missing_are_unique() {
    let play = Play::new(
        "say '{\"type\":\"news\",\"a\":1}'; say '{\"b\":2}'; say '{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}'",
    );
    let events = play.events();
    let all = messages(&events);
    assert_eq!(
        all.iter().map(|message| message.role).collect::<Vec<_>>(),
        [AgentMessageRole::Other, AgentMessageRole::Other, AgentMessageRole::Assistant]
    );
    assert!(all[0].id != all[1].id && all[2].id == "m", "{all:?}");
    assert_eq!(all[2].blocks, [Block::Text { text: "x".into() }]);
    assert_eq!(all[2].status.as_ref().map(|status| status.0.as_str()), Some("streaming"));
}

#[test]
fn ten_thousand_lines_and_an_immediate_exit_are_all_there_before_the_end() {
    let script = "i=0; while [ $i -lt 10000 ]; do echo '{\"type\":\"user\",\"n\":'$i'}'; i=$((i+1)); done";
    let events = Play::new(script).events();
    let all = messages(&events);
    assert_eq!(all.len(), 10_000);
    assert!(all.iter().enumerate().all(|(number, message)| message.raw.ends_with(&format!(":{number}}}"))));
    assert_eq!(events.last(), Some(&UNANSWERED));
}

#[test]
fn standard_error_is_events_up_to_its_cap_and_fifty_megabytes_of_it_block_nothing() {
    let flood = "head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo late >&2";
    let play = Play::new(&format!("echo first >&2; {flood}; say '{RESULT}'"));
    let events = play.events();
    let lines = stderr(&events);
    assert_eq!((lines.len(), lines[0]), (2, "first"), "the flood is one line that begins below the cap");
    assert!(lines[1].len() < 66_000 && lines[1].ends_with("bytes dropped"), "{}", lines[1].len());
    assert_eq!((messages(&events).len(), events.last()), (1, Some(&COMPLETED)));
}

#[test]
fn the_rest_of_a_line_of_a_hundred_megabytes_is_dropped_and_the_next_line_is_read() {
    let play = Play::new(&format!("head -c 100000000 /dev/zero | tr '\\0' x; echo; say '{RESULT}'"));
    let handle = play.start();
    let events = super::events(&handle);
    let Some(TurnEvent::Completed { exit_code: 0, unread_lines: 1, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(messages(&events).len(), 1);
    assert_eq!(handle.counts.dropped_bytes(), 100_000_000 - 16 * 1024 * 1024);
}

#[test]
fn everything_that_was_printed_is_in_the_log_as_it_was() {
    let play = Play::new(&format!("say 'not json'; echo wrong >&2; say '{RESULT}'"));
    let log = play.path("turn.log");
    let request = vx_agents::TurnRequest { log: Some(log), ..play.request() };
    let handle = vx_agents::spawn_turn(request).expect("it starts");
    let events = super::events(&handle);
    assert!(matches!(events.last(), Some(TurnEvent::Completed { unread_lines: 1, .. })), "{events:?}");
    let log = play.read("turn.log");
    assert!(log.contains("not json\n") && log.contains("wrong\n") && log.contains(RESULT), "{log}");
    assert!(log.contains("(vx: line 1 is no JSON object (9 bytes))\n"), "{log}");
}

#[test]
fn a_plain_program_prints_a_message_a_line() {
    let play = Play::of("text", "cat; echo; echo; echo last");
    let events = play.events();
    let texts: Vec<&str> = messages(&events).iter().map(|message| message.raw.as_str()).collect();
    assert_eq!((texts, events.last()), (vec!["say hi", "last"], Some(&COMPLETED)));
    let text = Block::Text { text: "\nlast".into() };
    assert_eq!(messages(&events)[1].blocks, [text], "the empty line parts two paragraphs");
}
