//! The progress that a program prints, as the numbers and the message of its slot.

use vx_shm::{Slot, Unit};

use vx_base::gauge::{GaugeReading, GaugeUnit};

/// Writes the numbers of one slot.
#[derive(Debug)]
pub struct SlotProgressWriter {
    /// Published as the total when the program prints none.
    total: Option<u64>,
    /// The unit of the numbers on the board.
    unit: Unit,
    message: Option<String>,
}

impl SlotProgressWriter {
    /// A writer for work that begins now. `total` is the amount of it, if known.
    pub fn with_total(total: Option<u64>) -> Self {
        Self { total, unit: Unit::Unknown, message: None }
    }

    /// Write this reading to the slot. Texts are written only when they change.
    pub fn write(&mut self, slot: &mut Slot, reading: &GaugeReading) {
        if let Some((done, total)) = reading.done {
            let unit = unit_of(reading.unit);
            if self.unit != unit {
                self.unit = unit;
                slot.set_unit(unit);
            }
            // A count above the total proves the total wrong, so none is published.
            slot.publish_of(done, total.or(self.total).filter(|total| *total >= done && *total > 0));
        }
        if let Some(message) = reading.message.as_ref().filter(|message| self.message.as_ref() != Some(message)) {
            slot.message(message);
            self.message = Some(message.clone());
        }
    }
}

/// Translate a gauge's unit to the board's.
fn unit_of(unit: GaugeUnit) -> Unit {
    match unit {
        GaugeUnit::Count => Unit::Count,
        GaugeUnit::Bytes => Unit::Bytes,
        GaugeUnit::Permille => Unit::Permille,
    }
}
