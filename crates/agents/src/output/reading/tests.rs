//! Streams of each agent, written by hand from the published formats, read in pieces of any size.

use proptest::prelude::*;

use super::*;
use crate::agent::builtin_agents;
use crate::output::lines::{LINE_CAP_BYTES, LineReader};

/// Read a stream in pieces of this size: its events, the meaning of its lines, and the use of the model at its end.
fn read(agent: &str, stream: &[u8], piece_bytes: usize) -> (Vec<TurnEvent>, Vec<Heard>, AgentUsage) {
    let mut reading = AgentOutputReader::for_agent(builtin_agents()[agent].clone());
    let mut lines = LineReader::of_at_most(LINE_CAP_BYTES);
    let (mut events, mut heard) = (Vec::new(), Vec::new());
    for piece in stream.chunks(piece_bytes) {
        lines.feed(piece, |line| heard.push(reading.line(&line, &mut |event| events.push(event))));
    }
    lines.finish(|line| heard.push(reading.line(&line, &mut |event| events.push(event))));
    (events, heard, reading.usage)
}

const STREAMS: [(&str, &[u8]); 8] = [
    ("claude", include_bytes!("claude.jsonl")),
    ("codex", include_bytes!("codex.jsonl")),
    ("codex", include_bytes!("codex_failing.jsonl")),
    ("gemini", include_bytes!("gemini.jsonl")),
    ("opencode", include_bytes!("opencode.jsonl")),
    // Printed by codex 0.169 without any network, with some lines left out: it retries for ever.
    ("codex", include_bytes!("codex_offline.jsonl")),
    // Printed by gemini 0.61 without any network.
    ("gemini", include_bytes!("gemini_offline.jsonl")),
    // Printed by opencode 1.18 without any network; the address that it could not reach is removed.
    ("opencode", include_bytes!("opencode_offline.jsonl")),
];

/// A stream's events in a few words: role, id, and blocks.
fn in_words(events: &[TurnEvent]) -> Vec<String> {
    let block = |block: &Block| match block {
        Block::Text { text } => format!("“{text}”"),
        Block::Thinking { text } => format!("({text})"),
        Block::ToolUse { name, id, .. } => format!("{name}#{id}"),
        Block::ToolResult { id, output, failed } => format!("{id}={output}{}", if *failed { "!" } else { "" }),
        Block::Other { .. } => "?".to_owned(),
    };
    let words = |event: &TurnEvent| match event {
        TurnEvent::SessionBound { session_id } => format!("session {session_id}"),
        TurnEvent::Message(message) => {
            let blocks: Vec<String> = message.blocks.iter().map(block).collect();
            let delta = if message.delta { "+" } else { "" };
            format!("{:?}{delta} {} {}", message.role, message.id, blocks.join(" ")).trim_end().to_owned()
        }
        TurnEvent::TurnEnded { failed, answer, error, .. } => format!("ended {failed} {answer:?} {error:?}"),
        other => format!("{other:?}"),
    };
    events.iter().map(words).collect()
}

fn words(number: usize) -> Vec<String> {
    let (agent, stream) = STREAMS[number];
    in_words(&read(agent, stream, usize::MAX).0)
}

#[test]
fn a_stream_of_claude() {
    let expected = [
        "session 5d2c",
        "System u-1",
        "Assistant+ msg_1",
        "Assistant+ msg_1",
        "Assistant+ msg_1 (Let me look.)",
        "Assistant msg_1 (Let me look.)",
        "Assistant msg_1 Bash#toolu_1",
        "Assistant+ msg_1",
        "Tool u-8 toolu_1=\"a.txt\"",
        "Assistant msg_2 TodoWrite#toolu_2",
        "Assistant+ msg_3",
        "Assistant+ msg_3 “One file: ”",
        "Assistant+ msg_3 “„a.txt“.”",
        "Assistant msg_3 “One file: „a.txt“.”",
        "System u-15",
        "Other 1",
        "System u-16",
        "ended false Some(\"One file: „a.txt“.\") None",
    ];
    assert_eq!(words(0), expected);
    let (_, heard, usage) = read("claude", STREAMS[0].1, usize::MAX);
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.output_tokens), (51, 12, 18));
    assert_eq!((usage.cost_usd, usage.messages, usage.tools), (Some(0.0125), 8, 2));
    assert!(heard.iter().any(|heard| heard.todo == Some((1, 2))));
}

#[test]
fn a_stream_of_codex() {
    let expected = [
        "session th-7",
        "System 1",
        "System 2",
        "System 3 “stream disconnected before completion; retrying 1/5”",
        "Assistant item_0 ()",
        "Assistant item_0 (List the files.)",
        "Assistant item_1 command_execution#item_1",
        "Tool item_1 item_1=\"a.txt\\n\"",
        "System item_2",
        "System item_2",
        "Tool item_3 item_3=[{\"kind\":\"add\",\"path\":\"b.txt\"}]",
        "Assistant item_4 find#item_4",
        "Tool item_4 item_4=null!",
        "Assistant item_5 “One file: a.txt.”",
        "System 4",
        "ended false None None",
    ];
    assert_eq!(words(1), expected);
    let (_, heard, usage) = read("codex", STREAMS[1].1, usize::MAX);
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.output_tokens), (100, 40, 20));
    assert_eq!(heard.iter().filter_map(|heard| heard.todo).collect::<Vec<_>>(), [(0, 2), (1, 2)]);
    assert_eq!(heard.iter().filter(|heard| heard.ended).count(), 1, "an `error` is no end");
}

#[test]
fn a_failing_stream_of_codex() {
    assert_eq!(words(2).last().map(String::as_str), Some("ended true None Some(\"no connection\")"));
}

#[test]
fn a_claude_that_fails_without_an_answer_has_its_reason_all_the_same() {
    let error = |fields: &str| {
        let line = format!("{{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"is_error\":true{fields}}}\n");
        let (events, ..) = read("claude", line.as_bytes(), usize::MAX);
        let Some(TurnEvent::TurnEnded { failed: true, error, .. }) = events.last().cloned() else {
            panic!("{events:?}")
        };
        error.expect("a reason")
    };
    assert_eq!(error(""), "error_max_turns");
    assert_eq!(error(",\"errors\":[\"ten turns are over\"]"), "ten turns are over");
    assert_eq!(error(",\"result\":\"gave up\",\"errors\":[]"), "gave up");
}

#[test]
fn a_codex_that_waits_for_the_network_has_not_ended() {
    let (events, heard, _) = read("codex", STREAMS[5].1, usize::MAX);
    assert_eq!((events.len(), heard.iter().any(|heard| heard.ended)), (7, false));
}

#[test]
fn a_gemini_without_a_network_has_failed() {
    let failed = "ended true None Some(\"[API Error: exception TypeError: fetch failed sending request]\")";
    assert_eq!(words(6).last().map(String::as_str), Some(failed));
}

#[test]
fn an_opencode_without_a_network_has_failed() {
    let words = words(7);
    assert!(words[0].starts_with("session ses_") && words.len() == 3, "{words:?}");
    let failed = "Cannot connect to API: Unable to connect. Is the computer able to access the url?";
    assert_eq!(words[2], format!("ended true None Some({failed:?})"));
}

#[test]
fn a_stream_of_gemini() {
    let expected = [
        "session g-3",
        "System 1",
        "User 2 “list the files”",
        "Assistant 3 list_directory#t-1",
        "Tool 4 t-1=\"a.txt\"",
        "System 5 “loop detected”",
        "Assistant+ 6 “One file: ”",
        "Assistant+ 7 “a.txt.”",
        "System 8",
        "ended false None None",
    ];
    assert_eq!(words(3), expected);
    assert_eq!(read("gemini", STREAMS[3].1, usize::MAX).2.cached_tokens, 5);
}

#[test]
fn a_stream_of_opencode() {
    let expected = [
        "session ses_1",
        "System m1",
        "Tool m1 bash#c1 c1=\"a.txt\"",
        "System m1",
        "Assistant m2 “One file: a.txt.”",
        "System m2",
        "ended false None None",
    ];
    assert_eq!(words(4), expected);
    let usage = read("opencode", STREAMS[4].1, usize::MAX).2;
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.output_tokens), (30, 5, 11));
    assert!(usage.cost_usd.is_some_and(|cost| (cost - 0.003).abs() < 1e-9));
}

#[test]
fn a_field_that_is_not_there_is_no_error() {
    for agent in builtin_agents().keys() {
        let stream = STREAMS.iter().find(|(name, _)| name == agent).map_or(&b"a line\n"[..], |(_, stream)| stream);
        let text = String::from_utf8_lossy(stream);
        for line in text.lines().filter(|_| agent != "text") {
            let Ok(Value::Object(fields)) = serde_json::from_str(line) else { panic!("{line}") };
            for name in fields.keys() {
                let mut less = fields.clone();
                less.remove(name);
                read(agent, serde_json::to_string(&less).expect("JSON").as_bytes(), usize::MAX);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_a_stream_says_does_not_depend_on_its_pieces(number in 0..STREAMS.len(), piece_bytes in 1_usize..5000) {
        let (agent, stream) = STREAMS[number];
        for piece_bytes in [1, piece_bytes, 64 * 1024] {
            prop_assert_eq!(read(agent, stream, piece_bytes), read(agent, stream, usize::MAX));
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), agent in 0_usize..5) {
        let name = builtin_agents().keys().nth(agent).expect("an agent");
        read(name, &bytes, 7);
    }
}
