//! Bringing a snapshot up to date: slots that changed are read again, and a view is replaced only by a whole one.

use super::{Reader, decode};
use crate::atomics::Ordering;
use crate::layout::decode_text;
use crate::progress::BoardState;
use crate::stamp::{self, ControlWord, Meta, READ_ATTEMPTS};
use crate::view::{BoardView, SlotView, Snapshot};

/// How many tries a slot gets that was never seen whole: more than usual, as there is no earlier view to keep.
pub(super) const FIRST_ATTEMPTS: usize = 64;

/// A slot as a reader last showed it.
#[derive(Clone, Copy, Default)]
pub(super) struct ShownSlotState {
    control: u64,
    stamp: u64,
    revision: u16,
    /// Whether the snapshot has a view of this slot at all.
    shown: bool,
}

impl Reader {
    /// Forget the slots shown, because the snapshot is a new, empty one.
    pub(super) fn start_over(&mut self, into: &mut Snapshot) {
        self.seen.clear();
        self.seen.resize(self.segment.facts().slot_count as usize, ShownSlotState::default());
        (self.title_stamp, self.epoch, self.last_taken_at_ns) = (None, None, 0);
        decode::board_facts(self.segment.facts(), self.segment.header(), &mut into.board);
    }

    pub(super) fn refresh_board(&mut self, board: &mut BoardView) -> bool {
        let header = self.segment.header();
        let epoch = stamp::epoch(&header.epoch);
        let number = header.state.load(Ordering::Relaxed);
        let title = match self.title_stamp == Some(header.title.stamp.load(Ordering::Relaxed)) {
            true => None,
            false => header.title.read_soon(),
        };
        if self.segment.vanished() {
            return false; // These words may be zeros instead of the board's.
        }
        let state = u8::try_from(number).ok().and_then(BoardState::from_number).unwrap_or(board.state);
        let mut changed = std::mem::replace(&mut board.epoch, epoch) != epoch;
        changed |= std::mem::replace(&mut board.state, state) != state;
        if let Some((stamp, words)) = title {
            self.title_stamp = Some(stamp);
            decode_text(&words, &mut board.title);
            changed = true;
        }
        changed
    }

    pub(super) fn refresh_slot(&mut self, slot: u32, into: &mut Snapshot, state_moved: bool) -> bool {
        let Some(line) = self.segment.hot(slot) else { return false };
        let seen = self.seen[slot as usize];
        let control = line.control.load(Ordering::Relaxed);
        let same = control == seen.control && line.numbers.stamp.load(Ordering::Relaxed) == seen.stamp;
        // The exit of a process may be written after its slot's state: look again when any state has moved.
        let ended = ControlWord::from_word(control).slot_state().is_some_and(|state| state.ended());
        if same && !(state_moved && ended) {
            return false;
        }
        let attempts = if seen.shown { READ_ATTEMPTS } else { FIRST_ATTEMPTS };
        (0..attempts).find_map(|_| self.try_slot(slot, into, state_moved && ended)).unwrap_or(false)
    }

    /// One try to bring a slot's view up to date; `None` when a change came in between.
    fn try_slot(&mut self, slot: u32, into: &mut Snapshot, look_again: bool) -> Option<bool> {
        let line = self.segment.hot(slot)?;
        let seen = self.seen[slot as usize];
        let hot = stamp::read_hot(line)?;
        let control = ControlWord::from_word(hot.control);
        if control.unnamed() {
            return Some(false); // Nothing to show yet; the last view stays until the new owner has a name.
        }
        let revision = Meta::from_word(hot.numbers[2]).revision;
        let place = place_of(into, slot, seen.shown);
        let known = seen.shown && place.is_ok();
        let cold_moved = look_again || !known || seen.control != hot.control || seen.revision != revision;
        let cold = self.cold.get_or_insert_default();
        let count = match cold_moved {
            true => Some(stamp::read_record(line, &hot, self.segment.cold(slot)?, cold)?),
            false => None,
        };
        let cause = match self.segment.cause(slot).filter(|_| cold_moved) {
            Some(latch) => Some(latch.read_soon()?.1),
            None => None,
        };
        let view = view_at(into, slot, place);
        if let Some(count) = count {
            decode::cold(cold, &hot, count, view);
        }
        decode::numbers(&hot, control, view);
        if cold_moved {
            decode::cause(cause, view);
        }
        self.seen[slot as usize] = ShownSlotState { control: hot.control, stamp: hot.stamp, revision, shown: true };
        Some(true)
    }
}

/// Find the place of a slot's view in the snapshot, or the place at which to insert it.
fn place_of(into: &Snapshot, slot: u32, shown: bool) -> Result<usize, usize> {
    // Slots are used from the first on, so that a view is nearly always at its own index.
    let own = slot as usize;
    if into.slots.get(own).is_some_and(|view| view.index == slot) {
        return Ok(own);
    }
    let found = into.slots.binary_search_by_key(&slot, |view| view.index);
    // The snapshot's owner may have reordered its views.
    found.or_else(|place| into.slots.iter().position(|view| shown && view.index == slot).ok_or(place))
}

fn view_at(into: &mut Snapshot, slot: u32, place: Result<usize, usize>) -> &mut SlotView {
    let at = place.unwrap_or_else(|at| {
        into.slots.insert(at, SlotView { index: slot, ..SlotView::default() });
        at
    });
    &mut into.slots[at]
}
