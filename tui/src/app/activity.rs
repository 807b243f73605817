//! Detection of an idle board.
//!
//! Even two readings of an idle board differ, because a stall lasts a second longer. Such a difference needs a new
//! frame once a second, but no shorter interval between readings.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::time::{Duration, Instant};

use vx_shm::Snapshot;

/// A board without activity for this long is idle.
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// The time of the last activity on a board.
pub(super) struct BoardActivity {
    /// Digest of the last reading.
    digest: u64,
    since: Instant,
}

impl BoardActivity {
    pub(super) fn new() -> Self {
        Self { digest: 0, since: Instant::now() }
    }

    /// Record a reading that differs from the one before. Returns whether more than the time has changed.
    pub(super) fn observe(&mut self, snapshot: &Snapshot) -> bool {
        let digest = digest_of(snapshot);
        let happened = std::mem::replace(&mut self.digest, digest) != digest;
        if happened {
            self.since = Instant::now();
        }
        happened
    }

    /// Returns whether nothing has happened for [`IDLE_AFTER`].
    pub(super) fn is_idle(&self) -> bool {
        self.since.elapsed() >= IDLE_AFTER
    }
}

/// A digest of a snapshot, without the durations that grow by themselves.
fn digest_of(snapshot: &Snapshot) -> u64 {
    let mut hasher = DefaultHasher::new();
    let board = &snapshot.board;
    (discriminant(&board.state), board.epoch, board.creator.alive, &board.title).hash(&mut hasher);
    for slot in &snapshot.slots {
        (slot.index, slot.generation, discriminant(&slot.state), slot.step, &slot.step_name).hash(&mut hasher);
        (slot.attempt, slot.done, slot.total, slot.health, discriminant(&slot.liveness)).hash(&mut hasher);
        (&slot.message, &slot.details, &slot.error).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use vx_shm::Liveness;

    use super::*;
    use vx_status::fixture::everything;

    #[test]
    fn the_passing_of_time_is_no_activity_and_every_other_change_is() {
        let mut now = everything();
        let mut activity = BoardActivity::new();
        assert!(activity.observe(&now) && !activity.observe(&now));
        now.slots[1].liveness = Liveness::Stalled(5_000);
        assert!(activity.observe(&now));
        now.slots[1].liveness = Liveness::Stalled(6_000);
        now.taken_at_ns += 1_000_000_000;
        assert!(!activity.observe(&now), "it has only stalled for longer");
        now.slots[1].liveness = Liveness::Silent(6_000);
        assert!(activity.observe(&now));
        now.slots[1].done += 1;
        assert!(activity.observe(&now));
        now.slots[0].message.push('!');
        assert!(activity.observe(&now));
        assert!(!activity.is_idle());
    }
}
