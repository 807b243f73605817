//! Joins an install's reports to its slot on the board.

use parking_lot::Mutex;
use vx_shm::Slot;
use vx_status::vocabulary::Phase;

use crate::report::Reporter;

/// Reports to a slot. The lock is this process's own and never contended for long: a publication takes nanoseconds.
pub struct SlotReporter {
    slot: Mutex<Slot>,
    /// The number of this attempt at the install; connections lost in it count on from here.
    first_attempt: u8,
}

impl SlotReporter {
    /// Report to this slot, in this attempt at the install.
    pub fn new(slot: Slot, first_attempt: u8) -> Self {
        Self { slot: Mutex::new(slot), first_attempt }
    }

    /// The slot, once nothing more is to be reported.
    pub fn into_slot(self) -> Slot {
        self.slot.into_inner()
    }
}

impl Reporter for SlotReporter {
    fn started(&self, phase: Phase, total: Option<u64>) {
        self.slot.lock().enter(phase, total);
    }

    fn advanced(&self, done: u64) {
        self.slot.lock().publish(done);
    }

    fn total(&self, total: Option<u64>) {
        self.slot.lock().set_total(total);
    }

    fn message(&self, text: &str) {
        self.slot.lock().message(text);
    }

    fn attempt(&self, number: u8) {
        self.slot.lock().attempt(self.first_attempt.max(1).saturating_add(number.saturating_sub(1)));
    }
}
