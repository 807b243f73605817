//! From a command's output to its slot: numbers, and texts when they change; all output to the log.

use vx_status::vocabulary::task;

use super::place::Place;
use crate::gauge::{Reading, Unit};
use crate::process::{Log, Tail};

/// The end of the output that is kept for the text of a failure, in bytes.
const TAIL_BYTES: usize = 4 * 1024;
/// The lines of it that a failure shows.
const TAIL_LINES: usize = 8;

/// The slot of a command at work.
pub(super) struct Meter {
    /// `None` once the command has ended.
    place: Option<Place>,
    total: Option<u64>,
    /// The unit of the numbers on the board.
    unit: Option<Unit>,
    log: Option<Log>,
    tail: Tail,
    message: Option<String>,
}

impl Meter {
    /// The meter of a command that begins now. `total` is the whole of its work.
    pub(super) fn new(mut place: Place, total: Option<u64>) -> Self {
        // Without a log the output is still there, on the command's own streams.
        let log = place.log().and_then(|path| Log::create(path).ok());
        if let Some(slot) = &mut place.slot {
            slot.enter(task::RUNNING, total);
        }
        Self { place: Some(place), total, unit: None, log, tail: Tail::keeping(TAIL_BYTES), message: None }
    }

    /// The command printed this.
    pub(super) fn printed(&mut self, bytes: &[u8]) {
        if self.place.is_none() {
            return;
        }
        self.tail.push(bytes);
        if let Some(log) = &mut self.log {
            log.write(bytes);
        }
    }

    /// Its output had this progress.
    pub(super) fn read(&mut self, reading: &Reading) {
        let Some(slot) = self.place.as_mut().and_then(|place| place.slot.as_mut()) else { return };
        if let Some((done, total)) = reading.done {
            if self.unit != Some(reading.unit) {
                self.unit = Some(reading.unit);
                slot.set_unit(unit(reading.unit));
            }
            // A count beyond the whole shows that the whole is not known.
            slot.publish_of(done, total.or(self.total).filter(|total| *total >= done && *total > 0));
        }
        if let Some(message) = reading.message.as_ref().filter(|message| self.message.as_ref() != Some(message)) {
            slot.message(message);
            self.message = Some(message.clone());
        }
    }

    /// The command has ended: its place, and the last lines of its output.
    pub(super) fn finish(&mut self) -> (Place, Vec<String>) {
        let mut lines = self.tail.lines();
        lines.drain(..lines.len().saturating_sub(TAIL_LINES));
        (self.place.take().unwrap_or_else(Place::none), lines)
    }
}

fn unit(unit: Unit) -> vx_shm::Unit {
    match unit {
        Unit::Count => vx_shm::Unit::Count,
        Unit::Bytes => vx_shm::Unit::Bytes,
        Unit::Permille => vx_shm::Unit::Permille,
    }
}
