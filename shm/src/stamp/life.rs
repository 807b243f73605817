//! The control word: the life that a slot is in, and the words that belong to it.
//!
//! A slot's words are used by one writer after another. A claim marks the slot as claiming, writes, and stores the
//! slot's new state; a reader that finds the same control word before and after its loads has words of one life.

use crate::atomics::{Mutant, Ordering, broken, fence_unless, unless};
use crate::layout::HotLine;
use crate::progress::SlotState;

use super::ControlWord;

/// One whole reading of a hot line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HotReading {
    /// Control word under which the numbers were published.
    pub control: u64,
    /// Their stamp.
    pub stamp: u64,
    /// `done`, `total`, meta: all from one publication.
    pub numbers: [u64; 3],
}

/// Read a hot line once: `None` when a publication or a change of state came in between. Stores nothing.
#[inline(always)]
pub fn read_hot(line: &HotLine) -> Option<HotReading> {
    let control = line.control.load(Ordering::Relaxed);
    // The first fence of the latch pairs with the release in `set_control` as well: the state's words are there. A
    // stamp from before that state does not pass the latch's second look.
    let (stamp, numbers) = line.numbers.read()?;
    // The latch has fenced after its loads: a control word that is still the same covers all of them.
    (broken(Mutant::NoSecondControl) || line.control.load(Ordering::Relaxed) == control).then_some(HotReading {
        control,
        stamp,
        numbers,
    })
}

/// Load words of a slot's present life. Returns `false` if `load` fails, or the slot is under another control word by
/// now.
pub fn read_under(line: &HotLine, control: u64, load: impl FnOnce() -> bool) -> bool {
    let whole = load();
    fence_unless(Mutant::NoRecordFence, Ordering::Acquire); // Pairs with the fence in `begin_claim`.
    whole && (broken(Mutant::NoRecordControl) || line.control.load(Ordering::Relaxed) == control)
}

/// A slot's control word, for a process that acts on it: everything written before this state is there.
pub fn load_control(line: &HotLine) -> ControlWord {
    // Pairs with the release in `set_control`.
    ControlWord::from_word(line.control.load(unless(Mutant::RelaxedLook, Ordering::Acquire)))
}

/// Take a slot over, if it is still in the state `from`: claim it, let `write` write the words of its new life, and
/// move it to `into`. The caller holds the slot's byte. Returns `false` if another process was first.
pub fn claim(line: &HotLine, from: ControlWord, into: ControlWord, write: impl FnOnce()) -> bool {
    // A reservation is claimed in its own generation and keeps its name meanwhile.
    let named = from.named && from.generation == into.generation;
    if !begin_claim(line, from, into.generation, named || broken(Mutant::NamedClaim)) {
        return false;
    }
    write();
    set_control(line, into);
    true
}

/// Step one of a claim. Nothing of the new generation may be written before it. Returns `false` if another process was
/// first.
pub fn begin_claim(line: &HotLine, from: ControlWord, generation: u32, named: bool) -> bool {
    if broken(Mutant::TwoStepClaim) {
        return line.control.load(Ordering::Relaxed) == from.word();
    }
    let claiming = ControlWord::new(generation, SlotState::Claiming, named).word();
    // Acquires the stores of the slot's last writer: stamps and counters continue from there.
    let acquire = unless(Mutant::RelaxedClaim, Ordering::Acquire);
    if line.control.compare_exchange(from.word(), claiming, acquire, Ordering::Relaxed).is_err() {
        return false;
    }
    // A reader that sees a word of the new generation must see that the slot is being claimed: pairs with the fence
    // before the second look at the control word.
    fence_unless(Mutant::NoClaimFence, Ordering::Release);
    true
}

/// Move the slot to a state whose words are written: the last step of a claim and of an end.
pub fn set_control(line: &HotLine, control: ControlWord) {
    // Pairs with the first fence in `Latch::read`, and with `load_control`.
    line.control.store(control.word(), unless(Mutant::RelaxedState, Ordering::Release));
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const FREE: ControlWord = ControlWord::new(0, SlotState::Free, false);

    #[test]
    fn only_one_of_two_claims_from_the_same_state_wins() {
        let line = HotLine::default();
        let live = ControlWord::new(1, SlotState::Live, true);
        assert!(claim(&line, FREE, live, || assert!(
            load_control(&line).unnamed(),
            "nothing to show before it is there"
        )));
        assert!(!claim(&line, FREE, live, || panic!("written by the loser")));
        assert_eq!(load_control(&line), live);
    }

    #[test]
    fn a_reservation_keeps_its_name_while_it_is_claimed() {
        let line = HotLine::default();
        let reserved = ControlWord::new(1, SlotState::Reserved, true);
        assert!(claim(&line, FREE, reserved, || {}));
        assert!(claim(&line, reserved, ControlWord::new(1, SlotState::Live, true), || assert!(
            !load_control(&line).unnamed()
        )));
        let over = ControlWord::new(1, SlotState::Done, true);
        set_control(&line, over);
        assert!(claim(&line, over, ControlWord::new(2, SlotState::Live, true), || assert!(
            load_control(&line).unnamed()
        )));
    }

    #[test]
    fn words_loaded_under_a_control_word_that_moved_are_not_believed() {
        let line = HotLine::default();
        set_control(&line, ControlWord::new(1, SlotState::Live, true));
        let hot = read_hot(&line).unwrap();
        assert!(read_under(&line, hot.control, || true) && !read_under(&line, hot.control, || false));
        let over = ControlWord::new(1, SlotState::Done, true);
        assert!(!read_under(&line, hot.control, || {
            set_control(&line, over);
            true
        }));
    }
}
