//! The notes of a slot: what its writer changes now and then, apart from the text that changes often.

use super::Slot;
use crate::layout::{CAUSE_WORDS, CauseImage, NotesImage, encode_text};
use crate::stamp;
use crate::view::WaitsFor;

impl Slot {
    /// Give the present step another name than the vocabulary's, such as that of a compiler's pass. A name of more than
    /// 30 bytes is cut, and marked as cut. The next step has the vocabulary's word again.
    pub fn name_step(&mut self, name: &str) {
        let named_at = u32::from(self.meta().transitions);
        self.publish_notes(NotesImage { step_name: encode_text(name), named_at, ..self.notes });
    }

    /// Whether the writer has given the present step this name, as far as the board keeps it; `None` stands for no
    /// name.
    pub fn is_step_named(&self, name: Option<&str>) -> bool {
        let named = self.notes.named_at == u32::from(self.meta().transitions);
        match name {
            Some(name) => named && self.notes.step_name == encode_text(name),
            None => !named || self.notes.step_name == encode_text(""),
        }
    }

    /// Set the address (at most 62 bytes) and the port under which this process is reached.
    pub fn set_address(&mut self, address: &str, port: Option<u16>) {
        self.publish_notes(NotesImage { address: encode_text(address), port: port.unwrap_or(0).into(), ..self.notes });
    }

    /// Set the slot that this one waits for, or `None`. An id that is not the id of a board counts as `None`.
    pub fn wait_for(&mut self, other: Option<&WaitsFor>) {
        let board = other.and_then(|other| u128::from_str_radix(&other.board_id, 16).ok()).unwrap_or(0);
        let (waits_slot, waits_generation) = other.map_or((0, 0), |other| (other.slot, other.generation));
        self.publish_notes(NotesImage { waits_board: board.to_be_bytes(), waits_slot, waits_generation, ..self.notes });
    }

    /// Set who or what is the reason that this slot waits, in a few words: `vx 4711 installs it`. A text of more than
    /// 158 bytes is cut, and marked as cut; views show 40 columns. An empty text removes the cause. It stays when the
    /// slot ends, unless [`Ending::cause`](super::Ending::cause) has another. A board of layout 2.0 has no room for it.
    pub fn set_cause(&mut self, cause: &str) {
        if self.segment().cause(self.index).is_none() {
            return;
        }
        let words = cause_words(self.generation, cause);
        let numbers = self.revised();
        let (line, _, way) = self.hot.parts();
        if let Some(latch) = self.segment().cause(self.index) {
            stamp::publish_cause(line, latch, way, &words, &numbers);
        }
    }

    fn publish_notes(&mut self, notes: NotesImage) {
        self.notes = notes;
        let numbers = self.revised();
        let (line, record, way) = self.hot.parts();
        stamp::publish_notes(line, record, way, &bytemuck::cast(self.notes), &numbers);
    }
}

/// Encode a cause that belongs to this life of a slot.
pub(super) fn cause_words(generation: u32, cause: &str) -> [u64; CAUSE_WORDS] {
    bytemuck::cast(CauseImage { generation, unused: 0, text: encode_text(cause) })
}
