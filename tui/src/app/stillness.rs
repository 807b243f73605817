//! Whether anything happens on a board.
//!
//! A reading differs from the one before also where only time has gone by: somebody has not moved for a second longer.
//! That is worth a new picture once a second, and no reason to look more often.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::time::{Duration, Instant};

use vx_shm::Snapshot;

/// A board on which nothing has happened for so long is still.
const STILL: Duration = Duration::from_secs(1);

/// When something last happened.
pub(super) struct Stillness {
    /// What the board said then, digested.
    said: u64,
    since: Instant,
}

impl Stillness {
    pub(super) fn new() -> Self {
        Self { said: 0, since: Instant::now() }
    }

    /// Take in a reading that differs from the one before. Returns whether more has happened than that time went by.
    pub(super) fn note(&mut self, snapshot: &Snapshot) -> bool {
        let said = said(snapshot);
        let happened = std::mem::replace(&mut self.said, said) != said;
        if happened {
            self.since = Instant::now();
        }
        happened
    }

    /// Whether nothing has happened for a while.
    pub(super) fn is_still(&self) -> bool {
        self.since.elapsed() >= STILL
    }
}

/// All that a snapshot says, but for how long something has been so.
fn said(snapshot: &Snapshot) -> u64 {
    let mut hasher = DefaultHasher::new();
    let board = &snapshot.board;
    (discriminant(&board.state), board.epoch, board.creator.alive, &board.title).hash(&mut hasher);
    for slot in &snapshot.slots {
        (slot.index, slot.generation, discriminant(&slot.state), discriminant(&slot.phase)).hash(&mut hasher);
        (slot.attempt, slot.done, slot.total, discriminant(&slot.liveness)).hash(&mut hasher);
        (&slot.message, &slot.details, &slot.error).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use vx_shm::Liveness;

    use super::*;
    use crate::source::fixture::everything;

    #[test]
    fn that_time_went_by_is_no_event_and_everything_else_is() {
        let mut now = everything();
        let mut stillness = Stillness::new();
        assert!(stillness.note(&now) && !stillness.note(&now));
        now.slots[1].liveness = Liveness::Stalled(5_000);
        assert!(stillness.note(&now));
        now.slots[1].liveness = Liveness::Stalled(6_000);
        now.taken_at_ns += 1_000_000_000;
        assert!(!stillness.note(&now), "it has only stalled for longer");
        now.slots[1].liveness = Liveness::Silent(6_000);
        assert!(stillness.note(&now));
        now.slots[1].done += 1;
        assert!(stillness.note(&now));
        now.slots[0].message.push('!');
        assert!(stillness.note(&now));
        assert!(!stillness.is_still());
    }
}
