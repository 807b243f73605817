//! Whole loops: nothing is lost between the first reading and the last.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::*;
use crate::fixture::{FixedLogs, SnapshotSequence, done, downloading, everything};
use crate::pace::SlotRate;

fn inputs(readings: impl IntoIterator<Item = Snapshot>) -> Inputs {
    let logs = Box::new(FixedLogs(vec!["::error::from a log".to_owned()]));
    Inputs { snapshots: Box::new(SnapshotSequence::new(readings)), logs, control: None, opener: None }
}

/// A receiver that reports the work as over before the output began.
fn over() -> Receiver<()> {
    crossbeam_channel::bounded(0).1
}

fn one(slot: vx_shm::SlotView) -> Snapshot {
    Snapshot { slots: vec![slot], taken_at_ns: 110_000_000_000, ..Snapshot::default() }
}

/// A page in memory.
#[derive(Clone, Debug, Default)]
struct Page(Arc<Mutex<String>>);

impl StepPage for Page {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.0.lock().expect("no test failed").len() as u64)
    }

    fn append(&self, text: &str) -> io::Result<()> {
        self.0.lock().expect("no test failed").push_str(text);
        Ok(())
    }
}

struct Broken;

impl Snapshots for Broken {
    fn refresh(&mut self, _into: &mut Snapshot) -> io::Result<bool> {
        Err(io::Error::other("truncated"))
    }
}

#[test]
fn work_that_was_over_before_the_output_began_is_reported_whole() {
    let mut out = Vec::new();
    json(&mut inputs([one(done(0, "just", "1", 7, 102.0))]), &mut out, over()).expect("it is written");
    let text = String::from_utf8(out).expect("JSON is text");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap_or("")).collect();
    assert_eq!(names, ["started", "downloading", "extracting", "completed", "summary"]);
    assert_eq!(events[3]["install_path"], "/store/just/1");
    assert_eq!((&events[4]["ok"], &events[4]["counts"]["completed"]), (&Value::Bool(true), &Value::from(1)));
}

#[test]
fn the_reading_after_the_end_of_the_work_is_not_lost() {
    let (send, receive) = crossbeam_channel::bounded(1);
    let half = one(downloading(0, "just", "1", 3, Some(7)));
    let mut readings = 0;
    let mut script = SnapshotSequence::new([half.clone(), half, one(done(0, "just", "1", 7, 102.0))]);
    let mut latest = Snapshot::default();
    let mut ends = Vec::new();
    watch(&mut script, &receive, &mut latest, |reading| {
        readings += 1;
        if readings == 2 {
            send.send(()).map_err(io::Error::other)?;
        }
        ends.push((reading.last, reading.snapshot.slots[0].state.ended()));
        Ok(())
    })
    .expect("it watches");
    assert_eq!(ends, [(false, false), (false, false), (true, true)]);
}

#[test]
fn a_board_that_cannot_be_read_does_not_end_the_output_early() {
    let (send, receive) = crossbeam_channel::bounded::<()>(1);
    let mut steps = 0;
    let watched = watch(&mut Broken, &receive, &mut Snapshot::default(), |_| {
        steps += 1;
        if steps == 3 { send.send(()).map_err(io::Error::other) } else { Ok(()) }
    });
    assert_eq!((steps, watched.map_err(|error| error.to_string())), (4, Err("truncated".to_owned())));
}

#[test]
fn a_build_server_gets_a_group_annotations_and_a_page() {
    let page = Page::default();
    let form = PlainForm::GithubActions { step_summary: Some(Box::new(page.clone())) };
    let mut out = Vec::new();
    plain(&mut inputs([everything()]), &PlainOptions { form, ..PlainOptions::default() }, &mut out, over())
        .expect("it is written");
    let written = page.0.lock().expect("no test failed").clone();
    assert!(written.contains("| ruff | 1.0.0 | **failed**: the digest differs | 1.2 MB | 3.5 s |"), "{written}");
    let text = String::from_utf8(out).expect("lines are text");
    let commands: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(
        commands,
        [
            "::group::tools of demo",
            "::endgroup::",
            "::error title=ruff 1.0.0 failed::the digest differs%0Aexpected sha256:aaaa%0Agot      sha256:bbbb%0A\
             ::error::from a log%0Awhole log: /logs/ruff.log",
            "::error title=esbuild 1.0.0 died::killed by signal 9 (SIGKILL)%0A::error::from a log%0A\
             whole log: /logs/esbuild.log",
        ]
    );
}

#[test]
fn each_end_is_said_once_and_the_table_at_the_end_has_the_rest() {
    let mut out = Vec::new();
    plain(&mut inputs([everything()]), &PlainOptions::default(), &mut out, over()).expect("it is written");
    let text = String::from_utf8(out).expect("lines are text");
    let begin = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(["node 22.23.3: installed", "just 1.43.0: already there"].map(begin), [1, 1], "{text}");
    assert_eq!(text.matches("ruff 1.0.0: failed: the digest differs").count(), 1, "{text}");
    let rows = |tool: &str| text.lines().filter(|line| line.split_whitespace().nth(1) == Some(tool)).count();
    assert_eq!(["node", "just", "ruff", "go"].map(rows), [0, 0, 0, 1], "only what goes on has a row: {text}");
    let failure = "\nruff 1.0.0 failed\n  the digest differs\n  expected sha256:aaaa\n";
    assert!(text.contains(failure) && text.contains(", 2 failed, "), "the error in full, and the sums: {text}");
}

#[test]
fn words_alone_for_a_screen_reader() {
    let mut out = Vec::new();
    let options = PlainOptions { form: PlainForm::Accessible, ..PlainOptions::default() };
    plain(&mut inputs([everything()]), &options, &mut out, over()).expect("it is written");
    let text = String::from_utf8(out).expect("lines are text");
    assert!(text.replace("日本語のツール", "").is_ascii(), "{text}");
}

#[test]
fn a_screen_reader_gets_the_sums_every_thirty_seconds_and_no_shapes() {
    let snapshot = everything();
    let paces = vec![
        SlotRate { bytes_per_second: Some(3_000_000), measured_ms: 5_000, slow: false, gained: 3_000_000 };
        snapshot.slots.len()
    ];
    for (form, between_ms) in [(PlainForm::Accessible, 30_000), (PlainForm::Lines, 3_000)] {
        let mut lines = lines_for(&form);
        let mut written = |now_ms| {
            let mut out = Vec::new();
            lines.step(&snapshot, &paces, None, now_ms, &mut out).expect("a vector takes everything");
            String::from_utf8(out).expect("lines are text")
        };
        let first = written(0);
        assert!(first.contains("go 1.25.4: downloading"), "{first}");
        assert_eq!(written(between_ms - 1), "", "{form:?}");
        let whole = written(between_ms);
        assert!(whole.starts_with("2 of 12 done, 6 at work"), "{form:?}: {whole}");
        assert_eq!((written(2 * between_ms - 1), written(2 * between_ms)), (String::new(), whole.clone()), "{form:?}");
        // Tools are at work, some of them without a known end: no bar and no mark, drawn or in ASCII.
        for line in first.replace("日本語のツール", "a").lines().chain(whole.lines()) {
            let spoken = |character: char| character.is_ascii_alphanumeric() || " .,:()/".contains(character);
            assert!(line.chars().all(spoken), "{line}");
        }
    }
    let mut out = Vec::new();
    let options = PlainOptions { form: PlainForm::Accessible, ..PlainOptions::default() };
    plain(&mut inputs([everything()]), &options, &mut out, over()).expect("it is written");
    let text = String::from_utf8(out).expect("lines are text");
    let table: Vec<&str> = text.lines().filter(|line| line.contains("still ")).collect();
    assert_eq!(table.len(), 6, "{text}");
    assert!(
        table.iter().all(|line| line.starts_with(char::is_alphabetic) && !line.contains(['#', '=', '*', '['])),
        "{table:?}"
    );
}
