//! The atomics of the board: the standard library's, or loom's when the crate is built to be modelled.
//!
//! Everything that orders one process's stores against another's loads goes through here, so that the models in
//! `tests/loom.rs` run the very code that ships. A [`Mutant`] switches one ordering of that code off; each model is
//! run once as it is, where it must hold, and once per mutant, where it must fail. Outside of models a mutant is a
//! constant `false` and costs nothing. Why each ordering is there: [`crate::docs::protocol`].

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// One ordering taken away, to show that a model notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mutant {
    /// The protocol as it is.
    None = 0,
    /// No fence between the previous publication's stamp and the stores into the spare copy.
    NoWriterFence,
    /// The new stamp is stored without releasing the copy it names.
    RelaxedPublish,
    /// No fence between the loads of a copy and the second look at its stamp.
    NoReaderFence,
    /// No fence between the first look at the stamp and the loads of the copy it names.
    NoFirstFence,
    /// A claim publishes first and only then says that it is live.
    TwoStepClaim,
    /// No fence between "claiming" and the first words of the new generation.
    NoClaimFence,
    /// The reader does not look at the control word again.
    NoSecondControl,
    /// A log line is announced only after its bytes are in the ring.
    NoLogReserve,
    /// "There are so many bytes" is stored without releasing the bytes, or the start of a new log.
    RelaxedCommit,
    /// A slot's state is stored without releasing what it says is there.
    RelaxedState,
    /// The bell looks for waiters without a fence behind the change it announces.
    NoBellFence,
    /// "Closed" is stored without releasing what was written before.
    RelaxedClose,
}

/// Whether this ordering is switched off. Always `false` outside of models.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn broken(_: Mutant) -> bool {
    false
}

#[cfg(loom)]
pub(crate) use modelled::broken;
#[cfg(loom)]
pub use modelled::set_mutant;

#[cfg(loom)]
mod modelled {
    use super::Mutant;

    // Not loom's: it is set before a model starts and constant while one runs.
    static CURRENT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

    /// Switch one ordering off for the models that follow; [`Mutant::None`] puts it back.
    pub fn set_mutant(mutant: Mutant) {
        CURRENT.store(mutant as u8, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn broken(mutant: Mutant) -> bool {
        CURRENT.load(std::sync::atomic::Ordering::SeqCst) == mutant as u8
    }
}

/// The ordering, or `Relaxed` where this mutant is switched on.
#[inline(always)]
pub(crate) fn unless(mutant: Mutant, ordering: Ordering) -> Ordering {
    if broken(mutant) { Ordering::Relaxed } else { ordering }
}

/// The fence, or nothing where this mutant is switched on.
#[inline(always)]
pub(crate) fn fence_unless(mutant: Mutant, ordering: Ordering) {
    if !broken(mutant) {
        fence(ordering);
    }
}
