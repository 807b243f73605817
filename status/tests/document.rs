//! The JSON of a board matches `docs/schemas/board-dump.schema.json`.

use std::path::Path;

use vx_shm::{Board, Ending, Kind, Slot, SlotState};
use vx_status::document::to_json;
use vx_status::error_cell::ErrorCell;
use vx_status::vocabulary::Phase;

/// Two installs, one under way and one that failed.
fn play(board: &Board) -> Slot {
    let node = board.reserve("node", "22.3.0", Kind::Install).unwrap();
    let uv = board.reserve("uv", "0.9.1", Kind::Install).unwrap();
    let mut slot = Slot::claim(board.path(), node.slot, node.generation).unwrap();
    slot.enter(Phase::RESOLVING, None);
    slot.enter(Phase::DOWNLOADING, Some(30_000_000));
    slot.message("node-v22.3.0.tar.gz");
    slot.publish(12_345_678);
    let error = ErrorCell { text: "the digest differs".into(), kind: Some("digest".into()), ..ErrorCell::default() };
    Slot::claim(board.path(), uv.slot, uv.generation).unwrap().end(Ending::failed(error.to_text())).unwrap();
    board.end(uv, &Ending { exit_code: Some(1), ..Ending::new(SlotState::Failed) }).unwrap();
    slot
}

/// Assert that the schema describes every field of this object, and that the object has every field that the schema
/// requires.
fn fits(value: &serde_json::Value, schema: &serde_json::Value, place: &str) {
    let (Some(object), Some(known)) = (value.as_object(), schema["properties"].as_object()) else {
        panic!("{place} is an object and described as one");
    };
    for (name, field) in object {
        let described = known.get(name).unwrap_or_else(|| panic!("{place}.{name} is not in the schema"));
        let kinds = [&described["type"], &described["oneOf"][1]["type"]].map(|kind| kind.to_string()).concat();
        let kind = match field {
            serde_json::Value::Null => "null",
            serde_json::Value::Bool(_) => "boolean",
            serde_json::Value::Number(number) if number.is_f64() => "number",
            serde_json::Value::Number(_) => "integer",
            serde_json::Value::String(_) => "string",
            serde_json::Value::Array(_) => "array",
            serde_json::Value::Object(_) => "object",
        };
        let one_of_names = described["enum"].as_array().is_some_and(|names| names.contains(field));
        let nullable = field.is_null() && described["oneOf"][0]["type"] == "null";
        assert!(one_of_names || nullable || kinds.contains(kind), "{place}.{name} is {kind}, not {described}");
    }
    for required in schema["required"].as_array().unwrap() {
        assert!(object.contains_key(required.as_str().unwrap()), "{place} has no {required}");
    }
}

#[test]
fn the_json_of_a_board_fits_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/board-dump.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("run.board"), "project", 3).unwrap();
    let slot = play(&board);
    let json = to_json(&board.reader().unwrap().snapshot().unwrap());
    fits(&json, &schema, "top");
    fits(&json["board"], &schema["properties"]["board"], "board");
    fits(&json["board"]["creator"], &schema["properties"]["board"]["properties"]["creator"], "creator");
    let slots = &schema["properties"]["slots"]["items"];
    for slot in json["slots"].as_array().unwrap() {
        fits(slot, slots, "slot");
        for phase in slot["transitions"].as_array().unwrap() {
            fits(phase, &slots["properties"]["transitions"]["items"], "transition");
        }
    }
    assert_eq!(json["slots"][0]["liveness"]["state"], "alive");
    assert_eq!(json["slots"][1]["error_kind"], "digest");
    drop(slot);
}
