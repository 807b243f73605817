//! The meaning of the bits of a slot's control word and of its third number.

use crate::progress::SlotState;

/// [`IdentityImage::origin`](crate::layout::IdentityImage::origin): the slot's writer took it itself, and no process
/// waits for its end.
pub const ORIGIN_JOINED: u8 = 0;
/// [`IdentityImage::origin`](crate::layout::IdentityImage::origin): the board's creator reserved the slot and records
/// its end.
pub const ORIGIN_RESERVED: u8 = 1;
/// [`IdentityImage::origin`](crate::layout::IdentityImage::origin): the slot is written on behalf of its process, which
/// holds no lock and does not beat: the only evidence is whether this process runs.
pub const ORIGIN_ON_BEHALF: u8 = 2;
/// [`IdentityImage::origin`](crate::layout::IdentityImage::origin): a process other than the board's creator reserved
/// the slot and records its end; until the claim the identity is that process's.
pub const ORIGIN_RESERVED_BY: u8 = 3;

/// A slot's control word: the slot's life, and its place in that life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlWord {
    /// Counts the lives of the slot.
    pub generation: u32,
    /// Number of a [`SlotState`]; any number, as nothing read from a board is trusted.
    pub state: u8,
    /// Whether key, version and kind of this generation are written.
    pub named: bool,
}

impl ControlWord {
    /// The control word of a state that this version knows.
    pub const fn new(generation: u32, state: SlotState, named: bool) -> Self {
        Self { generation, state: state.number(), named }
    }

    /// Encode this as a word.
    pub const fn word(self) -> u64 {
        (self.generation as u64) << 32 | (self.named as u64) << 8 | self.state as u64
    }

    /// Decode a loaded word.
    pub const fn from_word(word: u64) -> Self {
        Self { generation: (word >> 32) as u32, state: word as u8, named: word >> 8 & 1 == 1 }
    }

    /// The state, if this version knows it.
    pub const fn slot_state(self) -> Option<SlotState> {
        SlotState::from_number(self.state)
    }

    /// Whether a reader has nothing to show: the slot was never used, or is being claimed and not yet named.
    pub const fn unnamed(self) -> bool {
        self.state == SlotState::Free.number() || (self.state == SlotState::Claiming.number() && !self.named)
    }
}

/// The third of a slot's numbers: the meaning of the other two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Number of a step.
    pub step: u8,
    /// Number of the attempt, from 1.
    pub attempt: u8,
    /// Whether `total` is known.
    pub total_known: bool,
    /// Number of a [`Unit`](crate::Unit): 3 bits.
    pub unit: u8,
    /// Number of a [`Health`](crate::Health): 4 bits.
    pub health: u8,
    /// Steps entered so far: see [`transitions`](super::transitions).
    pub transitions: u16,
    /// Moves with every change of text, notes, cause or step, to make readers look at the cold record again.
    pub revision: u16,
}

impl Meta {
    /// Encode this as a word.
    pub const fn word(self) -> u64 {
        (self.revision as u64) << 48
            | (self.transitions as u64) << 32
            | (self.health as u64 & 15) << 20
            | (self.unit as u64 & 7) << 17
            | (self.total_known as u64) << 16
            | (self.attempt as u64) << 8
            | self.step as u64
    }

    /// Decode a loaded word.
    pub const fn from_word(word: u64) -> Self {
        Self {
            step: word as u8,
            attempt: (word >> 8) as u8,
            total_known: word >> 16 & 1 == 1,
            unit: (word >> 17) as u8 & 7,
            health: (word >> 20) as u8 & 15,
            transitions: (word >> 32) as u16,
            revision: (word >> 48) as u16,
        }
    }

    /// Move on to the next revision.
    #[must_use]
    pub const fn revised(self) -> Self {
        Self::from_word(Self::revised_word(self.word()))
    }

    /// As [`revised`](Self::revised), on the stored word: the revision has the highest bits, so nothing carries into
    /// another field.
    #[must_use]
    pub const fn revised_word(word: u64) -> u64 {
        word.wrapping_add(1 << 48)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn control_and_meta_words_come_back_as_they_were() {
        let control = ControlWord::new(u32::MAX, SlotState::Died, true);
        assert_eq!(ControlWord::from_word(control.word()), control);
        let meta = Meta {
            step: 7,
            attempt: 255,
            total_known: true,
            unit: 4,
            health: 5,
            transitions: 65_528,
            revision: 65_535,
        };
        assert_eq!(Meta::from_word(meta.word()), meta);
        assert_eq!(meta.revised(), Meta { revision: 0, ..meta }, "the last revision is followed by the first");
    }
}
