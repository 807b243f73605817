//! Dumps of a board: they read like the board, and have the same content in every form.

use super::*;
use crate::support::sandbox::text;

#[test]
fn a_headless_run_leaves_dumps_that_read_like_a_live_board() {
    let sandbox = slow(1);
    sandbox.vx("sync --headless --dump dumps --dump-every 50ms").succeeds();
    let mut names: Vec<String> = std::fs::read_dir(sandbox.project().join("dumps"))
        .expect("dumps")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    let numbered = names.iter().filter(|name| name.starts_with("board-0")).count();
    assert!(numbered >= 5 && numbered == names.len() - 2, "{names:?}");

    let kept = json(&sandbox.read("dumps/final.json"));
    let read = json(&sandbox.vx("board dump dumps/final.vxb --json").succeeds().stdout());
    assert_eq!(kept["slots"], read["slots"]);
    assert_eq!(kept["board"]["id"], read["board"]["id"]);
    assert_eq!(kept["board"]["state"], "done");

    let mut done = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("board-0")) {
        let board = json(&sandbox.vx(&format!("board dump dumps/{name} --json")).succeeds().stdout());
        assert_eq!(board["board"]["id"], kept["board"]["id"]);
        done.extend(board["slots"][0]["done"].as_u64().filter(|_| board["slots"][0]["step"] == "downloading"));
    }
    assert!(done.is_sorted() && done.first() < done.last(), "a download that moves: {done:?}");
}

#[test]
fn a_dump_outlives_its_board() {
    let sandbox = one_of_each();
    sandbox.vx("sync --headless --dump dumps").exits_with(1);
    std::fs::remove_dir_all(sandbox.runtime()).expect("boards");
    sandbox.vx("board dump dumps/final.vxb").succeeds().prints("biome").prints("404");
    assert!(!sandbox.project().join("dumps/board-000001.vxb").exists(), "only the end was asked for");
}

#[test]
fn a_board_saved_by_hand_reads_like_the_board() {
    let sandbox = one_of_each();
    sandbox.vx("sync").exits_with(1);
    sandbox.vx("board dump --raw kept.vxb").succeeds().says("wrote `kept.vxb`");
    let live = sandbox.board().expect("a board");
    let kept = json(&sandbox.vx("board dump ./kept.vxb --json").succeeds().stdout());
    assert_eq!(live["slots"], kept["slots"]);
}

/// The fields of a slot, sorted.
const SLOT_FIELDS: [&str; 38] = [
    "address",
    "alive",
    "attempt",
    "can",
    "cause",
    "details",
    "done",
    "ended",
    "ended_at",
    "error",
    "error_kind",
    "exit_code",
    "generation",
    "health",
    "hint",
    "key",
    "kind",
    "liveness",
    "log_writer",
    "message",
    "parent",
    "percent",
    "pid",
    "port",
    "process_group",
    "result",
    "runner",
    "signal",
    "slot",
    "standing",
    "state",
    "step",
    "total",
    "transitions",
    "turn",
    "unit",
    "version",
    "waits_for",
];

#[test]
fn the_json_of_a_board_has_exactly_the_fields_others_rely_on() {
    let sandbox = one_of_each();
    sandbox.vx("sync").exits_with(1);
    let dumped = sandbox.board().expect("a board");
    assert_eq!(fields(&dumped), ["board", "slots"]);
    let board = &dumped["board"];
    let expected =
        ["capacity", "created_at", "creator", "epoch", "id", "kind", "project", "state", "taken_at", "title"];
    assert_eq!(fields(board), expected);
    assert_eq!(fields(&board["creator"]), ["alive", "pid"]);
    assert_eq!((text(&board["state"]), text(&board["title"])), ("failed", "project"));
    assert_eq!(board["creator"]["alive"], false);
    for slot in dumped["slots"].as_array().expect("a list") {
        assert_eq!(fields(slot), SLOT_FIELDS);
        for entry in slot["transitions"].as_array().expect("a list") {
            assert_eq!(fields(entry), ["done", "entered_at", "step"]);
            let at: Result<jiff::Timestamp, _> = text(&entry["entered_at"]).parse();
            assert!(at.is_ok(), "{entry}");
        }
    }
    let slot = |tool| crate::support::sandbox::slot_of(&dumped, tool).expect("a slot");
    let (buf, biome, esbuild) = (slot("buf"), slot("biome"), slot("esbuild"));
    let path = sandbox.home().join("store/buf/1.5.0").display().to_string();
    assert_eq!((&buf["state"], &buf["result"], &buf["error"]), (&"done".into(), &path.into(), &Value::Null));
    assert_eq!((&buf["exit_code"], &buf["signal"], &buf["attempt"]), (&0.into(), &Value::Null, &1.into()));
    let phases = buf["transitions"].as_array().expect("a list");
    let names: Vec<&str> = phases.iter().map(|entry| text(&entry["step"])).collect();
    assert_eq!(names, ["queued", "downloading", "linking"]);
    assert!(buf["pid"].as_u64() > Some(1) && phases[1]["done"].as_u64() > Some(0), "{buf}");
    assert_eq!((&biome["state"], &biome["exit_code"], &biome["result"]), (&"failed".into(), &1.into(), &Value::Null));
    assert_eq!(
        (&esbuild["state"], &esbuild["pid"], &esbuild["exit_code"]),
        (&"skipped".into(), &Value::Null, &Value::Null)
    );
}

#[test]
fn one_board_is_the_same_as_json_text_and_csv() {
    let sandbox = one_of_each();
    sandbox.vx("sync").exits_with(1);
    let board = sandbox.board().expect("a board");
    let text_form = sandbox.vx("board dump --text").succeeds().stdout();
    assert_eq!(text_form, sandbox.vx("board dump").succeeds().stdout(), "text is what nobody has to ask for");
    let csv = sandbox.vx("board dump --csv").succeeds().stdout();
    assert!(csv.ends_with("\r\n"), "the last record ends like the others: {csv:?}");
    let mut rows = records(&csv);
    let columns = rows.remove(0);
    let slots = board["slots"].as_array().expect("a list");
    assert_eq!(rows.len(), slots.len());
    for (slot, row) in slots.iter().zip(&rows) {
        assert_eq!(row.len(), columns.len(), "{row:?}");
        for (column, cell) in columns.iter().zip(row) {
            let same = match &slot[column.as_str()] {
                Value::Null => cell.is_empty(),
                Value::String(text) => text == cell,
                number => number.as_f64() == cell.parse().ok(),
            };
            assert!(same, "{column} is `{cell}` in the table of {slot}");
        }
        let line = text_form.lines().find(|line| line.contains(text(&slot["key"]))).expect("a line of text");
        assert!(line.contains(text(&slot["version"])) && line.contains(text(&slot["state"])), "{line} of {slot}");
    }
    assert!(text_form.contains("404"), "{text_form}");
}

/// The records of a CSV text, by RFC 4180.
fn records(csv: &str) -> Vec<Vec<String>> {
    let (mut records, mut cells, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut cells));
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && cells.is_empty(), "it ends with a whole record");
    records
}
