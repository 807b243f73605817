//! The atomics of the board: the standard library's, or loom's when the crate is built to be modelled.
//!
//! Everything that orders one process's stores against another's loads goes through here, so that the models in
//! `tests/loom` run the very code that ships. A [`Mutant`] takes one ordering or one step of that code away. Each model
//! runs on the code as it is, where it must hold, and once with each of its mutants, where it must fail. Outside of
//! models a mutant is a constant `false` and costs nothing. The reason for each ordering: [`crate::docs::protocol`].

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
// For locks that models run, too: the standard library's have the interface of loom's.
#[cfg(not(loom))]
pub use std::sync::{Condvar, Mutex, MutexGuard};

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One ordering or one step taken away, to show that a model notices.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mutant {
            /// The protocol as it is.
            #[cfg(loom)]
            None,
            $($(#[$doc])* $name,)*
        }

        #[cfg(loom)]
        impl Mutant {
            /// All mutants but [`Mutant::None`].
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

mutants! {
    /// No fence between the previous publication's stamp and the stores into the spare copy.
    NoWriterFence,
    /// The new stamp is stored without releasing the copy it names.
    RelaxedPublish,
    /// The new stamp is stored before the copy it names.
    StampFirst,
    /// A publication goes into the copy that the stamp names, which readers read.
    OneCopy,
    /// No fence between the loads of a copy and the second look at its stamp.
    NoReaderFence,
    /// No fence between the first look at the stamp and the loads of the copy it names.
    NoFirstFence,
    /// The reader does not look at the stamp again.
    NoSecondStamp,

    /// A claim publishes first and marks the slot as live only then.
    TwoStepClaim,
    /// No fence between "claiming" and the first words of the new generation.
    NoClaimFence,
    /// A claim does not acquire what the slot's last writer left behind.
    RelaxedClaim,
    /// A claim marks the new generation as named before its name is there.
    NamedClaim,
    /// The reader of the numbers does not look at the control word again.
    NoSecondControl,
    /// The reader of a record does not look at the control word again.
    NoRecordControl,
    /// No fence between the loads of a record and the second look at the control word.
    NoRecordFence,
    /// A slot's state is stored without releasing the words it announces.
    RelaxedState,
    /// A slot's end is stored before error, result and time are there.
    EndFirst,
    /// A process that acts on a slot's state does not acquire the words written before it.
    RelaxedLook,

    /// A report that continues a slot does not announce the text that is there already.
    UnrevisedReport,
    /// A message is published without the details, which only one of the two copies holds.
    UnsettledDetails,
    /// The revision moves before the text, the notes or the step it announces is there.
    AnnouncedFirst,

    /// No fence between the count of transitions and the entry that it retired.
    NoStepFence,
    /// The count of transitions is not looked at again.
    NoStepCount,
    /// The oldest transition is shown, too.
    NoSpareStep,

    /// A log line is announced only after its bytes are in the ring.
    NoLogReserve,
    /// A log line that is shorter than one that was killed before it takes that one's announcement back.
    ReservedBack,
    /// A claim of a reservation begins the log again.
    ClaimBeginsLog,
    /// No fence between the announcement of a log line and its bytes.
    NoLogFence,
    /// The count of committed bytes is stored without releasing the bytes, or the start of a new log.
    RelaxedCommit,
    /// A new log is committed before its start is moved.
    LateStart,
    /// No fence between the count of committed bytes and the loads of the bytes.
    NoLogFirstFence,
    /// No fence between the loads of the bytes and the look at which of them were overwritten.
    NoLogCopyFence,

    /// The bell looks for waiters without a fence after the change it announces.
    NoBellFence,
    /// The bell looks for waiters before it counts the change.
    EarlyRing,
    /// A sleeper looks for a change without a fence after its announcement.
    NoSleeperFence,
    /// A sleeper announces itself only after it looked for a change.
    LateAnnounce,
    /// A sleeper takes the wake word only after it looked for a change.
    LateWake,
    /// The bell wakes without moving the wake word.
    StillWake,
    /// A change is counted without releasing it.
    RelaxedEpoch,
    /// The count of changes is looked at without acquiring them.
    RelaxedEpochLook,

    /// A lane is free before its last life has ended.
    LaneFreeFirst,
    /// A lane that is handed out stays among the free ones.
    LaneStaysFree,

    /// Giving a lane back wakes no waiting caller.
    LaneWakesNone,
    /// A caller that was woken for a lane and does not take it wakes no other.
    LaneWakeKept,

    /// "Closed" is stored without releasing the board's last state and time.
    RelaxedClose,
    /// "Closed" is stored before the board's last state and time.
    ClosedFirst,
    /// "Closed" is looked at without acquiring the board's last state and time.
    RelaxedClosedLook,

    /// "Ready" is stored without releasing the board.
    RelaxedReady,
    /// "Ready" is stored before the board is filled.
    ReadyFirst,
    /// No fence between the look at "ready" and everything else of the board.
    NoAttachFence,
}

/// Whether this mutant is switched on: its ordering or step is taken away. Always `false` outside of models.
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
    use std::cell::Cell;

    use super::Mutant;

    // Not loom's: it is set before a model starts and constant while one runs. loom runs all threads of a model on the
    // thread that started it, so that several models can be run at once.
    std::thread_local!(static CURRENT: Cell<Mutant> = const { Cell::new(Mutant::None) });

    /// Take something away for the models that this thread starts from now on; [`Mutant::None`] puts it back.
    pub fn set_mutant(mutant: Mutant) {
        CURRENT.set(mutant);
    }

    pub(crate) fn broken(mutant: Mutant) -> bool {
        CURRENT.get() == mutant
    }
}

/// Return the ordering, or `Relaxed` if this mutant is switched on.
#[inline(always)]
pub(crate) fn unless(mutant: Mutant, ordering: Ordering) -> Ordering {
    if broken(mutant) { Ordering::Relaxed } else { ordering }
}

/// Fence, unless this mutant is switched on.
#[inline(always)]
pub(crate) fn fence_unless(mutant: Mutant, ordering: Ordering) {
    if !broken(mutant) {
        fence(ordering);
    }
}

/// Run the first step and then the second, or the other way round if this mutant is switched on.
#[inline(always)]
pub(crate) fn in_order(mutant: Mutant, first: impl FnOnce(), second: impl FnOnce()) {
    if broken(mutant) {
        second();
        first();
    } else {
        first();
        second();
    }
}
