//! The promises that must hold for any bytes. The fuzz targets call these functions, and so does `tests/hostile`, over
//! the kept corpus and a million mutations of it.
//!
//! Each takes any bytes and returns; a panic, a signal, or a wait is a defect. The same bytes always do the same.

pub mod any_snapshot;
mod dump;
mod export;
mod header;
mod scratch;
mod slot;

pub use dump::dump;
pub use export::json;
pub use header::header;
pub use slot::{SLOT_BYTES, slot};

use vx_shm::Snapshot;

/// The promises of every reading, and of every export of it.
pub fn check(snapshot: &Snapshot) {
    assert!(snapshot.slots.len() <= snapshot.board.capacity as usize);
    assert!(snapshot.slots.is_sorted_by(|one, next| one.index < next.index));
    assert!(snapshot.board.title.len() <= 3 * 126 + 3 && snapshot.board.id.len() == 32);
    for slot in &snapshot.slots {
        assert!(slot.index < snapshot.board.capacity && slot.attempt >= 1 && slot.phases.len() <= 8);
        let error = slot.error.as_deref().unwrap_or("");
        let install_path = slot.install_path.as_deref().unwrap_or("");
        // A byte that is no text becomes a character of three bytes, and a cut text has a mark of three.
        let room = [(&*slot.key, 46), (&slot.version, 30), (&slot.details, 110), (error, 870), (install_path, 510)];
        assert!(room.iter().all(|(text, room)| text.len() <= 3 * room + 3), "{slot:?}");
        assert!(slot.message.len() <= 3 * 870 + 3, "a skipped slot's message is its error");
    }
    export::check(snapshot);
}
