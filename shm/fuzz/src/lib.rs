//! The promises that must hold for any bytes. The fuzz targets call these functions, and so does `tests/hostile`, over
//! the kept corpus and 800,000 mutations of it.
//!
//! Each takes any bytes and returns; a panic, a signal, or a hang is a defect. The same bytes always have the same
//! effect.

mod dump;
mod header;
mod scratch;
mod slot;

pub use dump::dump;
pub use header::header;
pub use slot::{SLOT_BYTES, slot};

use vx_shm::Snapshot;

/// Check the promises of every reading.
pub fn check(snapshot: &Snapshot) {
    assert!(snapshot.slots.len() <= snapshot.board.capacity as usize);
    assert!(snapshot.slots.is_sorted_by(|one, next| one.index < next.index));
    assert!(snapshot.board.title.len() <= 3 * 126 + 3 && snapshot.board.id.len() == 32);
    for slot in &snapshot.slots {
        assert!(slot.index < snapshot.board.capacity && slot.attempt >= 1 && slot.transitions.len() <= 8);
        let error = slot.error.as_deref().unwrap_or("");
        let result = slot.result.as_deref().unwrap_or("");
        let [name, address] = [&slot.step_name, &slot.address].map(|text| text.as_deref().unwrap_or(""));
        // A byte that is not text becomes a character of three bytes, and a cut text has a mark of three.
        let room = [(&*slot.key, 94), (&slot.version, 46), (&slot.details, 110), (error, 870), (result, 654)];
        let room = room.into_iter().chain([(name, 30), (address, 62)]).collect::<Vec<_>>();
        assert!(room.iter().all(|(text, room)| text.len() <= 3 * room + 3), "{slot:?}");
        assert!(slot.message.len() <= 3 * 870 + 3, "a skipped slot's message is its error");
    }
}
