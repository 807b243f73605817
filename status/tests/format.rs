//! A Python reader, made from the document of the format alone, agrees with the crate's exports.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use vx_shm::{Board, BoardSubject, Ending, Health, Kind, Reader, Slot, SlotState, Step, WaitsFor};
use vx_status::document::numbers;

/// A file of the board's crate.
fn shm(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shm").join(name)
}

/// One dump of each minor version, written by that version.
fn golden() -> [PathBuf; 2] {
    ["tests/golden/layout-2.vxb", "tests/golden/layout-2.1.vxb"].map(shm)
}

/// Start the Python reader of this board; `None`, with a message, if there is no Python.
fn start(board: &Path, times: Option<u32>) -> Option<Child> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `python3`");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(shm("tests/format/read_board.py")).arg(shm("../docs/boards/board-format.md")).arg(board);
    command.args(times.map(|times| times.to_string()));
    Some(command.stdout(Stdio::piped()).spawn().expect("python3 starts"))
}

fn read(board: &Path) -> Option<Value> {
    let output = start(board, None)?.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the reader in Python failed");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// A moment of the monotonic clock in the form of the JSON export.
fn moment(board: &Value, at_ns: &Value) -> Value {
    let [unix, created] =
        ["created_unix_ns", "created_at_ns"].map(|name| i128::from(board[name].as_i64().expect("time")));
    let Some(at_ns) = at_ns.as_i64() else { return Value::Null };
    let moment = jiff::Timestamp::from_nanosecond(unix + i128::from(at_ns) - created).expect("a moment");
    json!(moment.to_string())
}

/// Python's reading, with times as the export writes them.
fn as_exported(mut read: Value) -> Value {
    let board = read["board"].clone();
    for slot in read["slots"].as_array_mut().expect("slots") {
        slot["ended_at"] = moment(&board, &slot["ended_at"]);
        for entry in slot["transitions"].as_array_mut().expect("transitions") {
            entry["entered_at"] = moment(&board, &entry["entered_at"]);
        }
    }
    read
}

/// Every field that Python read has the export's value.
fn agrees(read: &Value, exported: &Value) {
    let read = as_exported(read.clone());
    for name in ["id", "state", "title", "kind", "project", "capacity", "epoch"] {
        assert_eq!(read["board"][name], exported["board"][name], "{name}");
    }
    assert_eq!(read["slots"].as_array().map(Vec::len), exported["slots"].as_array().map(Vec::len));
    for (read, exported) in
        read["slots"].as_array().expect("slots").iter().zip(exported["slots"].as_array().expect("slots"))
    {
        let read = read.as_object().expect("a slot");
        // All but `percent`, which is made of two others, and the liveness, which no file can show.
        assert_eq!(read.len() + 3, exported.as_object().expect("a slot").len());
        for (name, value) in read {
            assert_eq!(*value, exported[name], "{name} of {}", exported["key"]);
        }
    }
}

#[test]
fn the_golden_dumps_and_the_json_beside_each_agree() {
    golden().iter().for_each(|golden| agrees_with_its_json(golden));
}

fn agrees_with_its_json(golden: &Path) {
    let snapshot = Reader::open(golden).expect("it opens").snapshot().expect("it reads");
    let json = format!("{:#}\n", numbers(&snapshot));
    let kept = golden.with_extension("json");
    if std::env::var_os("VX_UPDATE_DOCS").is_some() {
        std::fs::write(&kept, &json).expect("it is written");
    }
    let command = "VX_UPDATE_DOCS=1 cargo test -p vx-status --test format";
    assert!(
        std::fs::read_to_string(&kept).is_ok_and(|kept| kept == json),
        "{} is out of date: {command}",
        kept.display()
    );
}

#[test]
fn python_reads_the_golden_dumps_from_the_document_alone() {
    for golden in golden() {
        let Some(read) = read(&golden) else { return };
        let kept = std::fs::read_to_string(golden.with_extension("json")).expect("what it says");
        agrees(&read, &serde_json::from_str(&kept).expect("JSON"));
    }
}

#[test]
fn python_reads_a_live_board_from_the_document_alone() {
    let directory = tempfile::tempdir().unwrap();
    let title = "a long title ".repeat(20);
    let subject = BoardSubject { title: &title, kind: Some(Kind::Build), project: Some("/a/project") };
    let board = Board::create(&directory.path().join("b.board"), subject, 8).unwrap();
    let mut slot = Slot::join(board.path(), "at-work", "1.2.3", Kind::Build).unwrap();
    slot.enter(Step::new(3), Some(9_000));
    slot.publish(8_999);
    slot.enter(Step::new(7), None);
    slot.attempt(3);
    for step in 1..9 {
        slot.enter(Step::new(step % 3), Some(7));
        slot.publish(step.into());
    }
    slot.set_health(Health::Ready);
    slot.name_step("of its own");
    slot.set_address("localhost", Some(3_000));
    slot.wait_for(Some(&WaitsFor { board_id: "0123456789abcdef".repeat(2), slot: 3, generation: 9 }));
    slot.set_cause("vx 4711 holds the lock");
    slot.message(&"ü".repeat(60));
    slot.details("two\nlines");
    let ended = board.reserve("ended", "", Kind::Install).unwrap();
    let ending = Ending {
        signal: Some(11),
        exit_code: Some(-7),
        error: Some("it crashed".into()),
        ..Ending::new(SlotState::Died)
    };
    board.end(ended, &ending).unwrap();
    Slot::join(board.path(), "done", "", Kind::Task).unwrap().end(Ending::done_at("/store/done")).unwrap();
    board.reserve("reserved", "7", Kind::Service).unwrap();
    let Some(read) = read(board.path()) else { return };
    agrees(&read, &numbers(&board.reader().unwrap().snapshot().unwrap()));
}

#[test]
fn python_reads_slots_whole_while_they_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("b.board"), "p", 1).unwrap();
    let mut slot = Slot::join(board.path(), "flat-out", "", Kind::Task).unwrap();
    let Some(reader) = start(board.path(), Some(300)) else { return };
    let reader = std::thread::spawn(|| reader.wait_with_output());
    let mut done = 0;
    while !reader.is_finished() {
        done += 1;
        slot.publish_of(done, Some(done * 3));
        slot.message(&format!("{done:06}").repeat(12));
        // Publish with pauses, as a build does: a reader in Python takes a millisecond.
        std::thread::sleep(std::time::Duration::from_micros(50));
    }
    let output = reader.join().unwrap().unwrap();
    assert!(output.status.success());
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(read["moved"].as_u64() > Some(20), "{}", read["moved"]);
    for slot in read["slots"].as_array().unwrap() {
        let done = slot["done"].as_u64().unwrap();
        assert!(slot["total"].is_null() && done == 0 || slot["total"] == done * 3, "{slot}");
        let message = slot["message"].as_str().unwrap_or_default();
        assert_eq!(message, message.get(..6).unwrap_or_default().repeat(12));
    }
}
