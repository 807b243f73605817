//! The notes of a slot: what its writer changes now and then, apart from the text that changes often.

use super::Slot;
use crate::layout::{NotesImage, encode_text};
use crate::stamp;
use crate::view::WaitsFor;

impl Slot {
    /// A name of the writer's own for the present step, such as a compiler's pass; of a longer one the beginning is kept
    /// and marked as cut (30 bytes). The next step has the vocabulary's word again.
    pub fn name_step(&mut self, name: &str) {
        let named_at = u32::from(self.meta().transitions);
        self.publish_notes(NotesImage { step_name: encode_text(name), named_at, ..self.notes });
    }

    /// True if this is the writer's own name for the present step, as far as the board keeps it; `None` for no name.
    pub fn is_step_named(&self, name: Option<&str>) -> bool {
        let named = self.notes.named_at == u32::from(self.meta().transitions);
        match name {
            Some(name) => named && self.notes.step_name == encode_text(name),
            None => !named || self.notes.step_name == encode_text(""),
        }
    }

    /// The address (62 bytes) and the port under which this process is reached.
    pub fn set_address(&mut self, address: &str, port: Option<u16>) {
        self.publish_notes(NotesImage { address: encode_text(address), port: port.unwrap_or(0).into(), ..self.notes });
    }

    /// The slot that this one waits for; `None` for none. An id that is not one of a board counts as none.
    pub fn wait_for(&mut self, other: Option<&WaitsFor>) {
        let board = other.and_then(|other| u128::from_str_radix(&other.board_id, 16).ok()).unwrap_or(0);
        let (waits_slot, waits_generation) = other.map_or((0, 0), |other| (other.slot, other.generation));
        self.publish_notes(NotesImage { waits_board: board.to_be_bytes(), waits_slot, waits_generation, ..self.notes });
    }

    fn publish_notes(&mut self, notes: NotesImage) {
        self.notes = notes;
        let numbers = self.revised();
        let (line, record, way) = self.hot.parts();
        stamp::publish_notes(line, record, way, &bytemuck::cast(self.notes), &numbers);
    }
}
