//! The slots that a run writes itself, for jobs whose processes know no board: progress is read from their output, or
//! reported by their scripts.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::gauge::GaugeReading;
use vx_shm::{Reservation, Slot};

use super::numbers::SlotProgressWriter;

/// A slot, shared by everything in this process that writes to it; empty once its job has ended.
#[derive(Clone, Debug)]
pub struct WrittenSlot(Arc<Mutex<WrittenSlotState>>);

#[derive(Debug)]
struct WrittenSlotState {
    slot: Option<Slot>,
    /// A script has reported. Its reports are surer than readings of the output, which then no longer count.
    reported: bool,
}

impl WrittenSlot {
    fn new(slot: Slot) -> Self {
        Self(Arc::new(Mutex::new(WrittenSlotState { slot: Some(slot), reported: false })))
    }

    /// Write progress read from the job's output, unless a script has reported.
    pub(crate) fn read(&self, numbers: &mut SlotProgressWriter, reading: &GaugeReading) {
        let mut writer = self.0.lock();
        let read = !writer.reported;
        if let Some(slot) = writer.slot.as_mut().filter(|_| read) {
            numbers.write(slot, reading);
        }
    }

    /// Write a script's report. A report that ends the slot takes it out of the `Option`.
    pub fn report<T>(&self, write: impl FnOnce(&mut Option<Slot>) -> T) -> T {
        let mut writer = self.0.lock();
        writer.reported = true;
        write(&mut writer.slot)
    }

    /// Take the slot, to end it: from here on nothing else writes to it.
    pub(crate) fn take_slot(&self) -> Option<Slot> {
        self.0.lock().slot.take()
    }
}

/// All slots that a run writes, for its jobs at work.
#[derive(Clone, Debug, Default)]
pub struct WrittenSlots(Arc<Mutex<HashMap<(u32, u32), WrittenSlot>>>);

impl WrittenSlots {
    pub(crate) fn begin(&self, reservation: Reservation, slot: Slot) -> WrittenSlot {
        let written = WrittenSlot::new(slot);
        self.0.lock().insert((reservation.slot, reservation.generation), written.clone());
        written
    }

    pub(crate) fn end(&self, reservation: Reservation) {
        self.0.lock().remove(&(reservation.slot, reservation.generation));
    }

    /// Look up the slot with this number in this life; `None` if its job is not at work, or another process writes it.
    pub fn get(&self, slot: u32, generation: u32) -> Option<WrittenSlot> {
        self.0.lock().get(&(slot, generation)).cloned()
    }
}
