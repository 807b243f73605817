//! An independent reader and writer, made from the document of the format alone, agree with the crate in both
//! directions, even while slots are written.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use vx_shm::{
    Board, ClaimError, Ending, Health, Kind, Liveness, Reader, Slot, SlotState, SlotView, Step, Unit, WaitsFor,
};
use vx_status::document::numbers;

/// A timeout far longer than any test takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn independent(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shm/tests/format/independent").join(name)
}

/// One of the independent programs; `None`, with a message, if there is no Python.
fn python(name: &str) -> Option<Command> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `python3`");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg("-B").arg(independent(name));
    Some(command)
}

/// The reader's document of this board.
fn read(board: &Path) -> Option<Value> {
    let output = python("reader.py")?.arg(board).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The writer at work on a slot of this board; killed when dropped.
struct Writer(Child);

impl Writer {
    fn start(board: &Path, slot: &str, key: &str, options: &[&str]) -> Option<Self> {
        let mut command = python("writer.py")?;
        command.arg(board).args([slot, key]).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(Self(command.spawn().expect("python3 starts")))
    }

    /// Wait for it to end. Returns its exit code and what it printed.
    fn finish(&mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut printed = String::new();
        self.0.stdout.take().map(|mut stream| stream.read_to_string(&mut printed));
        self.0.stderr.take().map(|mut stream| stream.read_to_string(&mut printed));
        (status.code(), printed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The slot with this key, once it is as wanted.
fn awaited(reader: &mut Reader, key: &str, wanted: impl Fn(&SlotView) -> bool) -> SlotView {
    let began = Instant::now();
    loop {
        let found = reader.snapshot().unwrap().slots.into_iter().find(|slot| slot.key == key);
        if let Some(slot) = found.filter(|slot| wanted(slot)) {
            return slot;
        }
        assert!(began.elapsed() < PATIENCE, "in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every field that the crate exports has the reader's value.
fn agree(exported: &Value, read: &Value) {
    for (name, value) in exported["board"].as_object().expect("a board") {
        if name != "taken_at" || value.is_null() {
            assert_eq!(normal(&read["board"][name]), normal(value), "{name} of the board");
        }
    }
    let slots = |document: &Value| document["slots"].as_array().expect("slots").clone();
    assert_eq!(slots(exported).len(), slots(read).len());
    for (exported, read) in slots(exported).iter().zip(slots(read)) {
        assert_eq!((&read["hash_fits"], &read["record_generation"]), (&Value::Bool(true), &exported["generation"]));
        for (name, value) in exported.as_object().expect("a slot") {
            let value = if name == "liveness" { &value["state"] } else { value };
            let seen = match name.as_str() {
                // The crate marks a cut text in the text itself.
                "key" | "version" | "message" | "details" | "error" | "result" => with_mark(&read, name),
                _ => read[name].clone(),
            };
            assert_eq!(normal(&seen), normal(value), "{name} of {}", exported["key"]);
        }
    }
}

/// The value with times in one form: both sides are right about the digits of a second.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => text.parse::<jiff::Timestamp>().map_or(value.clone(), |time| time.to_string().into()),
        Value::Array(values) => values.iter().map(normal).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), normal(value))).collect(),
        other => other.clone(),
    }
}

/// A text, with the mark that the crate appends to cut ones.
fn with_mark(slot: &Value, name: &str) -> Value {
    let cut = slot["cut"].as_array().expect("names").iter().any(|cut| cut == name);
    slot[name].as_str().map_or(Value::Null, |text| if cut { format!("{text}…").into() } else { text.into() })
}

#[test]
fn its_reader_reads_the_golden_dumps_as_the_crate_does() {
    for golden in ["../../golden/layout-2.vxb", "../../golden/layout-2.1.vxb"].map(independent) {
        let Some(read) = read(&golden) else { return };
        agree(&numbers(&Reader::open(&golden).unwrap().snapshot().unwrap()), &read);
    }
}

#[test]
fn its_reader_reads_a_live_board_as_the_crate_does() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("b.board"), "a title", 8).unwrap();
    let mut slot = Slot::join(board.path(), &"a long key ".repeat(20), "1.2.3", Kind::Build).unwrap();
    for step in 1..12 {
        slot.enter(Step::new(step % 5), Some(70));
        slot.publish(step.into());
    }
    slot.attempt(3);
    slot.set_unit(Unit::Files);
    slot.set_health(Health::Ready);
    slot.name_step("of its own");
    slot.set_address("localhost", Some(3_000));
    slot.wait_for(Some(&WaitsFor { board_id: "0123456789abcdef".repeat(2), slot: 3, generation: 9 }));
    slot.message(&"ü".repeat(60));
    slot.details("two\nlines");
    slot.log_line(b"first");
    slot.log_line(b"second");
    let crashed = board.reserve("crashed", "", Kind::Install).unwrap();
    let error = Some("it crashed".into());
    let ending = Ending { signal: Some(11), exit_code: Some(-7), error, ..Ending::new(SlotState::Died) };
    board.end(crashed, &ending).unwrap();
    Slot::join(board.path(), "done", "", Kind::Task).unwrap().end(Ending::done_at("/store/done")).unwrap();
    let skipped = Ending { error: Some("up to date".into()), ..Ending::new(SlotState::Skipped) };
    Slot::join(board.path(), "skipped", "", Kind::Turn).unwrap().end(skipped).unwrap();
    drop(Slot::join(board.path(), "lost", "", Kind::Task).unwrap());
    board.reserve("reserved", "7", Kind::Service).unwrap();
    let Some(read) = read(board.path()) else { return };
    agree(&numbers(&board.reader().unwrap().snapshot().unwrap()), &read);
    assert_eq!(read["slots"][0]["log"]["lines"], serde_json::json!(["first", "second"]));
}

#[test]
fn its_reader_reads_slots_whole_while_the_crate_writes_them() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("b.board"), "p", 1).unwrap();
    let mut slot = Slot::join(board.path(), "flat-out", "", Kind::Task).unwrap();
    let path = board.path().to_owned();
    let reading = std::thread::spawn(move || (0..12).map_while(|_| read(&path)).collect::<Vec<Value>>());
    let mut done = 0;
    while !reading.is_finished() {
        done += 1;
        slot.publish_of(done, Some(done * 3));
        slot.message(&format!("{done:06}").repeat(12));
        slot.log_line(format!("{done:06}").repeat(3).as_bytes());
        // With pauses, as a build does: a reader in Python takes a millisecond.
        std::thread::sleep(Duration::from_micros(100));
    }
    let mut last = 0;
    for read in reading.join().unwrap() {
        let slot = &read["slots"][0];
        let done = slot["done"].as_u64().expect("a number");
        assert!(done > last && slot["total"] == done * 3, "{slot}");
        let texts = slot["log"]["lines"].as_array().expect("lines").iter().chain([&slot["message"]]);
        for text in texts.filter_map(Value::as_str) {
            let number = text.get(..6).expect("a number");
            assert!(text == number.repeat(text.len() / 6) && number.parse::<u64>().is_ok(), "{text}");
        }
        last = done;
    }
}

#[test]
fn the_crate_reads_its_writers_slot_whole_while_it_is_written_and_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("b.board"), "p", 2).unwrap();
    let options = [
        "--version",
        "1.2",
        "--rate",
        "0",
        "--seconds",
        "2",
        "--total",
        "1000000000",
        "--unit",
        "bytes",
        "--step",
        "3",
    ];
    let ends =
        ["--step-name", "its own", "--end", "failed", "--error", "no more", "--result", "/a", "--exit-code", "4"];
    let Some(mut writer) = Writer::start(board.path(), "none", "theirs", &[&options[..], &ends].concat()) else {
        return;
    };
    let mut reader = board.reader().unwrap();
    awaited(&mut reader, "theirs", |slot| slot.state == SlotState::Live && slot.done > 0);
    assert!(matches!(Slot::join(board.path(), "theirs", "", Kind::Task), Err(ClaimError::Place(_))), "it is in use");
    let (mut last, mut text, mut seen) = (0, 0, 0);
    let ended = loop {
        let slot = reader.snapshot().unwrap().slots.remove(0);
        assert!(slot.done >= last, "{} after {last}", slot.done);
        (last, seen) = (slot.done, seen + 1);
        if let Some(number) = slot.message.strip_prefix("at ") {
            assert_eq!(slot.details, format!("details {number}"), "both are of one publication");
            let number = number.parse::<u64>().unwrap();
            assert!(number >= text, "{number} after {text}");
            text = number;
        }
        assert!(slot.state.ended() || slot.liveness != Liveness::Lost);
        if slot.state.ended() {
            break slot;
        }
    };
    let (code, printed) = writer.finish();
    assert_eq!(code, Some(0), "{printed}");
    assert!(seen > 20 && printed.contains(&format!("{} publications", ended.done)), "{seen} {printed}");
    assert_eq!((ended.state, ended.error.as_deref(), ended.exit_code), (SlotState::Failed, Some("no more"), Some(4)));
    assert_eq!((ended.result.as_deref(), ended.unit, ended.step), (Some("/a"), Unit::Bytes, Step::new(3)));
    assert_eq!(
        (ended.step_name.as_deref(), ended.version.as_str(), ended.transitions.len()),
        (Some("its own"), "1.2", 2)
    );
    let lines = reader.log_tail(0, 100);
    let number = |line: &String| line.strip_prefix("line ").and_then(|number| number.parse::<u64>().ok());
    let numbers: Vec<u64> = lines.iter().map(|line| number(line).unwrap_or_else(|| panic!("{line}"))).collect();
    assert!(numbers.len() > 50 && numbers.windows(2).all(|two| two[0] + 10 == two[1]), "{numbers:?}");
    let next = Slot::join(board.path(), "theirs", "", Kind::Task).expect("the key is free");
    assert_eq!((next.index(), reader.snapshot().unwrap().slots[0].attempt), (0, 2), "in its own slot, again");
    next.end(Ending::new(SlotState::Done)).unwrap();
    let mut third = Writer::start(board.path(), "none", "theirs", &["--seconds", "0.1"]).expect("python3");
    assert_eq!(third.finish().0, Some(0));
    let seen = reader.snapshot().unwrap().slots;
    assert_eq!((seen.len(), seen[0].attempt, seen[0].generation), (1, 3, 3), "and once more by the page alone");
}

#[test]
fn its_writer_claims_a_reservation_is_refused_a_key_in_use_and_is_lost_when_it_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("b.board"), "p", 4).unwrap();
    let mut reader = board.reader().unwrap();
    let reserved = board.reserve("reserved", "7", Kind::Install).unwrap();
    let place = format!("{}:{}", reserved.slot, reserved.generation);
    let Some(mut writer) = Writer::start(board.path(), &place, "reserved", &["--seconds", "0.2"]) else { return };
    assert_eq!(writer.finish().0, Some(0));
    let slot = awaited(&mut reader, "reserved", |slot| slot.state == SlotState::Done);
    assert_eq!((slot.generation, slot.version.as_str(), slot.kind), (reserved.generation, "7", Kind::Install));
    let mine = Slot::join(board.path(), "mine", "", Kind::Task).unwrap();
    let (code, printed) = Writer::start(board.path(), "none", "mine", &[]).expect("python3").finish();
    assert!(code == Some(2) && printed.contains("in use"), "{printed}");
    mine.end(Ending::new(SlotState::Done)).unwrap();
    let mut killed = Writer::start(board.path(), "none", "killed", &["--seconds", "600"]).expect("python3");
    awaited(&mut reader, "killed", |slot| slot.done > 2 && slot.liveness == Liveness::Alive);
    killed.0.kill().expect("it is there");
    awaited(&mut reader, "killed", |slot| slot.liveness == Liveness::Lost);
    let again = Slot::join(board.path(), "killed", "", Kind::Task).expect("it is taken over");
    assert_eq!(again.generation(), 2);
}
