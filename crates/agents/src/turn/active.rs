//! The turns of this process that are under way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

/// A turn under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveTurn {
    /// The name that its request gave it.
    pub turn_id: String,
    /// Its agent.
    pub agent: String,
    /// When it started.
    pub since: Instant,
}

static ACTIVE: Mutex<BTreeMap<u64, ActiveTurn>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// List the turns of this process that are under way, in the order of their starts. A turn whose last event was
/// received is no longer listed.
pub fn active_turns() -> Vec<ActiveTurn> {
    ACTIVE.lock().values().cloned().collect()
}

/// A turn's entry in the list; dropping it removes the turn.
#[derive(Debug)]
pub(crate) struct ActiveTurnEntry(u64);

impl ActiveTurnEntry {
    pub(crate) fn new(turn_id: &str, agent: &str) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let turn = ActiveTurn { turn_id: turn_id.to_owned(), agent: agent.to_owned(), since: Instant::now() };
        ACTIVE.lock().insert(number, turn);
        Self(number)
    }
}

impl Drop for ActiveTurnEntry {
    fn drop(&mut self) {
        ACTIVE.lock().remove(&self.0);
    }
}
