//! A board as a whole: how it is made and attached, which slots were ever used, and how it is closed.

use crate::atomics::{AtomicU32, Mutant, Ordering, fence_unless, in_order, unless};
use crate::layout::{HeaderImage, HeaderPage, LayoutFault, MAGIC, MAJOR, READY};

/// Write a new board's facts, let `fill` write everything else, and mark the board as ready to attach.
pub fn complete(header: &HeaderPage, facts: &HeaderImage, fill: impl FnOnce()) {
    let write = || {
        for (cell, word) in header.facts.iter().zip(facts.words()) {
            cell.store(word, Ordering::Relaxed);
        }
        fill();
    };
    // Pairs with the fence in `attach`.
    let ready = || header.ready.store(READY, unless(Mutant::RelaxedReady, Ordering::Release));
    in_order(Mutant::ReadyFirst, write, ready);
}

/// Check and copy the facts of a board that is `found` bytes long. Afterwards everything that was written
/// before the board was marked as ready is visible.
///
/// # Errors
/// If it is not ready, or its facts are not valid.
pub fn attach(header: &HeaderPage, found: u64) -> Result<HeaderImage, LayoutFault> {
    let ready = header.ready.load(Ordering::Relaxed);
    fence_unless(Mutant::NoAttachFence, Ordering::Acquire); // Pairs with the release in `complete`.
    if ready != READY {
        return Err(not_ready(header));
    }
    let facts = HeaderImage::from_words(std::array::from_fn(|at| header.facts[at].load(Ordering::Relaxed)));
    facts.check(found)?;
    Ok(facts)
}

/// Name the fault of something that is not ready: a board that is being made, or not a board at all.
fn not_ready(header: &HeaderPage) -> LayoutFault {
    let [magic, versions] = [0, 1].map(|at: usize| header.facts[at].load(Ordering::Relaxed));
    match (magic, versions as u32) {
        // Words that have not been written yet are zero.
        (0 | MAGIC, 0 | MAJOR) => LayoutFault::NotReady,
        (MAGIC, found) => LayoutFault::OtherLayout { found, known: MAJOR },
        _ => LayoutFault::NotABoard,
    }
}

/// Note that this slot is in use. The bell that is rung after the claim makes readers look.
pub fn note_used(used: &AtomicU32, slot: u32) {
    used.fetch_max(slot + 1, Ordering::Relaxed);
}

/// How many slots were ever used, at least as of the changes that [`epoch`](super::epoch) has shown.
pub fn used(used: &AtomicU32) -> u32 {
    used.load(Ordering::Relaxed)
}

/// Close a board: first the time and the last state, then the mark.
pub fn close(header: &HeaderPage, state: u32, unix_ns: u64) {
    let write = || {
        header.closed_unix_ns.store(unix_ns, Ordering::Relaxed);
        header.state.store(state, Ordering::Relaxed);
    };
    // Pairs with the load in `is_closed`.
    let say = || header.closed.store(1, unless(Mutant::RelaxedClose, Ordering::Release));
    in_order(Mutant::ClosedFirst, write, say);
}

/// Whether a board is closed. If it is, its state is the last one.
pub fn is_closed(closed: &AtomicU32) -> bool {
    closed.load(unless(Mutant::RelaxedClosedLook, Ordering::Acquire)) != 0
}

/// When a board was closed, in nanoseconds since 1970.
pub fn closed_at(header: &HeaderPage) -> Option<u64> {
    // The mark is loaded first: once it is set, the time is there.
    is_closed(&header.closed).then(|| header.closed_unix_ns.load(Ordering::Relaxed))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_board_being_made_differs_from_no_board() {
        let facts = HeaderImage::for_slots(1).sealed();
        let header = HeaderPage::default();
        assert_eq!(attach(&header, facts.length), Err(LayoutFault::NotReady));
        complete(&header, &facts, || assert_eq!(attach(&header, facts.length), Err(LayoutFault::NotReady)));
        assert_eq!(attach(&header, facts.length), Ok(facts));
        header.ready.store(0, Ordering::Relaxed);
        header.facts[1].store(9, Ordering::Relaxed);
        let other = LayoutFault::OtherLayout { found: 9, known: MAJOR };
        assert_eq!(attach(&header, facts.length), Err(other));
        header.facts[0].store(7, Ordering::Relaxed);
        assert_eq!(attach(&header, facts.length), Err(LayoutFault::NotABoard));
    }

    #[test]
    fn the_time_of_closing_is_there_only_once_a_board_is_closed() {
        let header = HeaderPage::default();
        header.closed_unix_ns.store(9, Ordering::Relaxed);
        assert_eq!(closed_at(&header), None);
        close(&header, 2, 10);
        assert_eq!((closed_at(&header), header.state.load(Ordering::Relaxed)), (Some(10), 2));
    }
}
