//! Checks of the JSON of any snapshot, even of one that no board could hold, for the tests and for the fuzz target.

use serde_json::Value;
use vx_shm::Snapshot;
use vx_status::document::to_json;

/// The promises of the export.
pub(crate) fn check(snapshot: &Snapshot) {
    let text = to_json(snapshot).to_string();
    assert!(!text.bytes().any(|byte| byte < 0x20), "{text:?}");
    let tree: Value = serde_json::from_str(&text).expect("JSON is JSON");
    assert_eq!(tree["board"]["title"], snapshot.board.title.as_str());
    let slots = tree["slots"].as_array().expect("an array of slots");
    assert_eq!(slots.len(), snapshot.slots.len());
    for (slot, view) in slots.iter().zip(&snapshot.slots) {
        match &slot["percent"] {
            Value::Null => assert!(view.total.is_none_or(|total| total == 0)),
            percent => assert!((0.0..=100.0).contains(&percent.as_f64().expect("a number")), "{percent}"),
        }
        assert_eq!((&slot["key"], slot["done"].as_u64()), (&Value::from(&*view.key), Some(view.done)));
        assert_eq!(slot["transitions"].as_array().map(Vec::len), Some(view.transitions.len()));
        for time in slot["transitions"].as_array().into_iter().flatten().map(|entry| &entry["entered_at"]) {
            assert!(time.is_null() || time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
        }
    }
}
