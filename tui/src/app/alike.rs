//! One board in a file, and every output of it: they show the same numbers.

use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;
use vx_shm::{Board, BoardState, Ending, Kind, Slot, SlotState, Snapshot};
use vx_status::final_table;
use vx_status::fixture::{FixedLogs, SnapshotSequence};
use vx_status::lines::{PlainForm, PlainOptions, json, plain};
use vx_status::plain::step_summary;
use vx_status::source::Inputs;
use vx_status::vocabulary::Phase;
use vx_text::units::{bytes, duration};

use super::*;
use crate::inline::finished_line;
use crate::message::UpdateMessage;
use crate::model::Model;
use crate::theme::Theme;
use crate::update::update;
use crate::view;

/// The board that a run leaves in its file: two tools installed, one failed, one already there.
fn left_by_a_run() -> Snapshot {
    let directory = tempfile::tempdir().expect("a directory");
    let board = Board::create(&directory.path().join("b.board"), "alike", 8).expect("a board");
    for (key, received, error) in
        [("node", 31_234_567, None), ("go", 78_540_000, None), ("ruff", 1_240_000, Some("the digest differs"))]
    {
        let reserved = board.reserve(key, "1.2.3", Kind::Install).expect("a slot");
        let mut slot = Slot::claim(board.path(), reserved.slot, reserved.generation).expect("it is ours");
        slot.enter(Phase::DOWNLOADING, Some(received));
        slot.publish(received);
        std::thread::sleep(Duration::from_millis(110));
        slot.enter(Phase::LINKING, None);
        slot.end(error.map_or(Ending::done_at("/store"), Ending::failed)).expect("it ends");
    }
    let there = board.reserve("just", "1.43.0", Kind::Install).expect("a slot");
    let up_to_date = Ending { error: Some("up to date".to_owned()), ..Ending::new(SlotState::Skipped) };
    board.end(there, &up_to_date).expect("it ends");
    board.close(BoardState::Failed);
    let mut snapshot = Snapshot::default();
    board.reader().expect("it opens").refresh(&mut snapshot).expect("it reads");
    snapshot
}

fn inputs(snapshot: &Snapshot) -> Inputs {
    let logs = Box::new(FixedLogs(vec!["last words".to_owned()]));
    Inputs { snapshots: Box::new(SnapshotSequence::new([snapshot.clone()])), logs, control: None, opener: None }
}

fn over() -> crossbeam_channel::Receiver<()> {
    crossbeam_channel::bounded(0).1
}

fn plainly(snapshot: &Snapshot, form: PlainForm) -> String {
    let mut out = Vec::new();
    plain(&mut inputs(snapshot), &PlainOptions { form, ..PlainOptions::default() }, &mut out, over()).expect("lines");
    String::from_utf8(out).expect("lines are text")
}

/// The full screen, wide enough for every column.
fn screen(snapshot: &Snapshot) -> String {
    let mut model = Model { size: (140, 30), ..Model::default() };
    update(&mut model, UpdateMessage::Data { snapshot: Arc::new(snapshot.clone()), paces: Vec::new() });
    let mut buffer = Buffer::empty(Rect::new(0, 0, 140, 30));
    view::draw(&model, &Theme::new(OutputStyle::default()), &mut buffer);
    let cells: Vec<&str> = buffer.content.iter().map(|cell| cell.symbol()).collect();
    cells.chunks(140).map(|row| row.concat() + "\n").collect()
}

#[test]
fn every_output_of_one_board_shows_the_same_numbers() {
    let snapshot = left_by_a_run();
    let mut out = Vec::new();
    json(&mut inputs(&snapshot), &mut out, over()).expect("lines");
    let text = String::from_utf8(out).expect("JSON is text");
    let summary: Value = serde_json::from_str(text.lines().last().expect("a summary")).expect("JSON");
    let mut logs = FixedLogs(vec!["last words".to_owned()]);
    let theme = Theme::new(OutputStyle::default());
    let inline = snapshot.slots.iter().map(|slot| finished_line(&theme, &snapshot, slot, 140) + "\n");
    let outputs = [
        ("the table", final_table::render(&snapshot, &mut logs, OutputStyle::default(), None)),
        ("the screen", screen(&snapshot)),
        ("inline", inline.collect()),
        ("plain", plainly(&snapshot, PlainForm::Lines)),
        ("aloud", plainly(&snapshot, PlainForm::Accessible)),
        ("a build server", plainly(&snapshot, PlainForm::GithubActions { step_summary: None })),
        ("its page", step_summary(&snapshot, &mut logs, 0)),
    ];
    for tool in summary["tools"].as_array().expect("the tools") {
        let key = tool["tool"].as_str().expect("a name");
        let size = tool["size_bytes"].as_u64().map(bytes).unwrap_or_default();
        let took = tool["elapsed_ms"].as_u64().map(duration).unwrap_or_default();
        let error = tool["error"].as_str().unwrap_or_default();
        for (output, text) in &outputs {
            let shows = |line: &&str| line.contains(key) && line.contains(&size) && line.contains(&took);
            let line = text.lines().find(shows);
            let line = line.unwrap_or_else(|| panic!("{output} does not show {key}, {size}, {took}:\n{text}"));
            assert!(line.contains(error), "{output} does not show `{error}`: {line}");
        }
    }
    let counts = &summary["counts"];
    let counted = ["completed", "skipped", "failed"].map(|name| counts[name].as_u64().expect("a count"));
    assert_eq!(counted, [2, 1, 1]);
    let closing = format!("2 installed, 1 left as they were, 1 failed in {}", {
        duration(summary["elapsed_ms"].as_u64().expect("a time"))
    });
    for (output, text) in outputs.iter().filter(|(output, _)| ["the table", "plain", "aloud"].contains(output)) {
        assert!(text.contains(&closing), "{output} does not close with `{closing}`:\n{text}");
    }
    assert!(outputs[1].1.contains("3 of 4 in place") && outputs[1].1.contains("111.0 MB"), "{}", outputs[1].1);
}
