//! Writes an install's reports to its slot on the board.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use vx_base::board_slot::BoardSlot;
use vx_shm::{Kind, Reader, Slot, SlotView, WaitsFor};
use vx_status::vocabulary::Phase;

use vx_store::report::{InstallProgress, InstallStep, Reporter};

/// Reports to a slot. Only this process uses the lock, and never for long: a publication takes nanoseconds.
pub struct SlotReporter {
    slot: Mutex<Slot>,
    /// Whether the slot says that it waits for another one.
    waits: AtomicBool,
    /// The number of this attempt at the install; each lost connection adds one.
    first_attempt: u8,
}

impl SlotReporter {
    /// Report to this slot, in this attempt at the install.
    pub fn new(slot: Slot, first_attempt: u8) -> Self {
        Self { slot: Mutex::new(slot), waits: AtomicBool::new(false), first_attempt }
    }

    /// The slot, once there is nothing more to report.
    pub fn into_slot(self) -> Slot {
        self.stop_waiting();
        self.slot.into_inner()
    }

    fn stop_waiting(&self) {
        if self.waits.load(Ordering::Relaxed) {
            self.waits_for(None);
        }
    }
}

impl Reporter for SlotReporter {
    fn started(&self, step: InstallStep, total: Option<u64>) {
        if step != InstallStep::Waiting {
            self.stop_waiting();
        }
        self.slot.lock().enter(phase_of(step), total);
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

    fn waits_for(&self, other: Option<&BoardSlot>) {
        let other = other.and_then(on_board);
        self.waits.store(other.is_some(), Ordering::Relaxed);
        self.slot.lock().wait_for(other.as_ref());
    }

    fn attempt(&self, number: u8) {
        self.slot.lock().attempt(self.first_attempt.max(1).saturating_add(number.saturating_sub(1)));
    }
}

/// The slot by the id of its board; `None` if that board is gone.
fn on_board(slot: &BoardSlot) -> Option<WaitsFor> {
    let board_id = Reader::open(&slot.path).ok()?.snapshot().ok()?.board.id;
    Some(WaitsFor { board_id, slot: slot.slot, generation: slot.generation })
}

/// The board's phase for a step of an install.
fn phase_of(step: InstallStep) -> Phase {
    Phase::new(Kind::Install, step as u8)
}

/// The progress of the install on this slot. An unknown step, from a newer version, counts as resolving: at work, and
/// not expected to stand still.
pub fn progress_on(slot: &SlotView) -> InstallProgress {
    let step = InstallStep::ALL.get(usize::from(slot.step.number())).copied().unwrap_or(InstallStep::Resolving);
    InstallProgress { step, done: slot.done, total: slot.total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_an_install_are_those_of_its_vocabulary() {
        assert_eq!(InstallStep::ALL.map(phase_of), Phase::OF_INSTALL);
        assert_eq!(InstallStep::ALL.map(InstallStep::name), InstallStep::ALL.map(|step| phase_of(step).name()));
    }
}
