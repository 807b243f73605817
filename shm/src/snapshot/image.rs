//! A slot as plain bytes, for a dump.

use super::{Reader, refresh};
use crate::layout::{CAUSE_WORDS, ColdImage, HotImage, SlotImage, TransitionImage};
use crate::segment::Segment;
use crate::stamp::{self, ControlWord, HotReading, Meta};

impl Reader {
    /// A slot as plain bytes, with each good copy in both places; `None` if nothing whole could be read.
    pub(crate) fn slot_image(&self, slot: u32) -> Option<SlotImage> {
        let line = self.segment.hot(slot)?;
        let record = self.segment.cold(slot)?;
        for _ in 0..refresh::FIRST_ATTEMPTS {
            let Some(hot) = stamp::read_hot(line) else { continue };
            if ControlWord::from_word(hot.control).unnamed() {
                return None;
            }
            let mut cold = ColdImage::default();
            if let Some(count) = stamp::read_record(line, &hot, record, &mut cold) {
                let HotReading { control, stamp, numbers } = hot;
                keep_whole_transitions(&mut cold, Meta::from_word(numbers[2]).transitions, count);
                return Some(SlotImage { hot: HotImage { control, stamp, copies: [numbers; 2] }, cold });
            }
        }
        None
    }

    /// Read the stamp and the words of a slot's cause; `None` if the board keeps no causes, or the cause was written to
    /// all the time.
    pub(crate) fn cause_words(&self, slot: u32) -> Option<(u64, [u64; CAUSE_WORDS])> {
        let latch = self.segment.cause(slot)?;
        (0..refresh::FIRST_ATTEMPTS).find_map(|_| latch.read())
    }

    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }
}

/// Clear the entries that are not part of this reading, so that a dump holds none that is half overwritten.
fn keep_whole_transitions(cold: &mut ColdImage, before: u16, after: u16) {
    let whole: Vec<u64> = stamp::shown(&cold.transitions, before, after).map(|entry| entry.entered).collect();
    for entry in &mut cold.transitions {
        if !whole.contains(&entry.entered) {
            *entry = TransitionImage::default();
        }
    }
}
