//! A writer's own record beside the board: the work it has begun, and the work it has done.
//!
//! The words are in a separate file, so that they survive a kill of the writer. The board's view afterwards must be
//! between the two: not older than the work done, not newer than the work begun.

use std::path::Path;
use std::sync::atomic::Ordering;

use vx_shm::{Reader, SlotView};

use super::written::{error_for, newest_line, whole_message, whole_publication};
use crate::support::system::SharedWords;

/// The work of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Doing {
    /// Starting: the writer has not opened the board yet.
    Nothing,
    /// Taking a slot, or waiting until there is one.
    Claiming,
    /// Publishing numbers.
    Numbers,
    /// Publishing texts.
    Texts,
    /// Appending to the log.
    Lines,
    /// Ending its slot.
    Ending,
}

impl Doing {
    /// The work that a writer can be killed at.
    pub(super) const ALL: [Self; 5] = [Self::Claiming, Self::Numbers, Self::Texts, Self::Lines, Self::Ending];
}

/// The pairs of words, begun and done, in the ledger.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Pair {
    Numbers = 2,
    Text = 4,
    Line = 6,
    End = 8,
}

const LIFE: usize = 0;
const DOING: usize = 1;
const WORDS: usize = 10;

/// The ledger of one board's writer; the next writer of the board continues it.
pub(super) struct Ledger(SharedWords);

impl Ledger {
    /// Create the ledger of a board that has none yet.
    pub(super) fn create(board: &Path) -> Self {
        Self(SharedWords::create(&board.with_extension("ledger"), WORDS))
    }

    pub(super) fn open(board: &Path) -> Self {
        Self(SharedWords::open(&board.with_extension("ledger")))
    }

    /// Called by the parent before the next writer starts, after the last one is gone and its state was checked.
    pub(super) fn is_handed_on(&self) {
        self.begin();
        self.doing(Doing::Nothing);
    }

    /// Record that a new life begins: nothing is done yet, and no slot is taken.
    pub(super) fn begin(&self) {
        self.doing(Doing::Claiming);
        for at in (0..WORDS).filter(|at| *at != DOING) {
            self.0.word(at).store(0, Ordering::SeqCst);
        }
    }

    pub(super) fn claimed(&self, slot: u32, generation: u32) {
        self.0.word(LIFE).store(u64::from(generation) << 32 | u64::from(slot), Ordering::SeqCst);
    }

    pub(super) fn doing(&self, what: Doing) {
        self.0.word(DOING).store(what as u64, Ordering::SeqCst);
    }

    /// Called by the writer: record and make publication number `at` of this life, from 1.
    pub(super) fn number(&self, at: u64, publish: impl FnOnce()) {
        self.around(Pair::Numbers, at, publish);
    }

    /// Called by the writer: record and write text number `at` of this life, from 1.
    pub(super) fn text(&self, at: u64, publish: impl FnOnce()) {
        self.around(Pair::Text, at, publish);
    }

    /// Called by the writer: record and append log line number `at` of this life, from 1.
    pub(super) fn line(&self, at: u64, append: impl FnOnce()) {
        self.around(Pair::Line, at, append);
    }

    /// Called by the writer: record and write its slot's end.
    pub(super) fn end(&self, end: impl FnOnce()) {
        self.around(Pair::End, 1, end);
    }

    #[inline(always)]
    fn around(&self, pair: Pair, at: u64, act: impl FnOnce()) {
        // Sequentially consistent for the compiler, too: no store to the board may move past either of the two.
        self.0.word(pair as usize).store(at, Ordering::SeqCst);
        act();
        self.0.word(pair as usize + 1).store(at, Ordering::SeqCst);
    }

    pub(super) fn what(&self) -> Doing {
        let number = self.0.word(DOING).load(Ordering::SeqCst);
        Doing::ALL.into_iter().find(|doing| *doing as u64 == number).unwrap_or(Doing::Nothing)
    }

    /// Check, once the writer is gone, that a new reader finds its last complete publication of every kind.
    pub(super) fn check(&self, board: &Path) {
        let life = self.0.word(LIFE).load(Ordering::SeqCst);
        let mut reader = Reader::open(board).unwrap();
        let snapshot = reader.snapshot().unwrap();
        snapshot.slots.iter().for_each(check_whole);
        if life == 0 {
            return; // The writer was killed before it had a slot.
        }
        let (generation, slot) = ((life >> 32) as u32, life as u32);
        let view = snapshot.slots.iter().find(|view| view.index == slot).expect("a slot that was claimed");
        assert_eq!(view.generation, generation, "no other process writes to this board: {view:?}");
        self.between(Pair::Numbers, whole_publication(view), view);
        self.between(Pair::Text, whole_message(view), view);
        let log = reader.log_tail(slot, usize::MAX);
        let line = newest_line(&log).unwrap_or_else(|| panic!("a line is a mixture, or out of order: {log:#?}"));
        self.between(Pair::Line, line, view);
        self.between(Pair::End, view.state.ended().into(), view);
    }

    fn between(&self, pair: Pair, shown: u64, view: &SlotView) {
        let [begun, done] = [0, 1].map(|at| self.0.word(pair as usize + at).load(Ordering::SeqCst));
        assert!((done..=begun).contains(&shown), "shown {shown}, done {done}, begun {begun}: {view:?}");
    }
}

/// Check what must hold for every slot at every instant.
pub(super) fn check_whole(view: &SlotView) {
    whole_publication(view);
    whole_message(view);
    assert!(view.key.starts_with("life-"), "{view:?}");
    let error = view.state.ended().then(|| error_for(view.generation));
    assert_eq!(view.error, error, "the error is not whole, or not that of the end: {view:?}");
    assert_eq!(view.ended_at_ns.is_some(), view.state.ended(), "{view:?}");
}
