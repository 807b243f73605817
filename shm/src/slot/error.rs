//! The errors of a slot, one type per operation: each has the fault and a hint at the next step.

use std::error::Error;
use std::{fmt, io};

use crate::error::AttachError;
use crate::progress::SlotState;

/// Why a slot could not be reserved or taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReserveError {
    /// Every slot is in use.
    Full {
        /// Number of slots.
        capacity: u32,
    },
    /// Fewer slots can be taken than the pool wants lanes.
    TooFew {
        /// Slots that can be taken now.
        free: u32,
        /// Lanes that the pool wants.
        wanted: u32,
        /// Number of slots.
        capacity: u32,
    },
    /// Another slot that has not ended has the key.
    KeyInUse {
        /// The key.
        key: String,
        /// Slot that has this key.
        slot: u32,
    },
    /// The key is empty.
    NoKey,
    /// A slot to be reserved again is in another life, or has not ended.
    NotEnded {
        /// The slot.
        slot: u32,
        /// Generation that was expected to have ended.
        generation: u32,
    },
    /// Another process has held the table's lock for too long.
    Busy {
        /// How long this process waited, in milliseconds.
        waited_ms: u64,
    },
    /// The system refused.
    Io(io::Error),
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity } => write!(f, "the board is full: all {capacity} slots are in use"),
            Self::TooFew { free, wanted, capacity } => {
                write!(f, "the pool needs {wanted} lanes, but only {free} of the board's {capacity} slots are free")
            }
            Self::KeyInUse { key, slot } => {
                write!(f, "`{key}` is on the board already, in slot {slot}, and has not ended")
            }
            Self::NoKey => f.write_str("a slot needs a key"),
            Self::NotEnded { slot, generation } => {
                write!(f, "slot {slot} cannot be reserved again: life {generation} is not its last, or has not ended")
            }
            Self::Busy { waited_ms } => {
                write!(f, "the board's table has been locked by another process for {waited_ms} ms")
            }
            Self::Io(error) => write!(f, "cannot lock the board's table: {error}"),
        }
    }
}

impl Error for ReserveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for ReserveError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ReserveError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Full { .. } | Self::TooFew { .. } => Some("wait for a slot to end, or make a larger board".into()),
            Self::KeyInUse { .. } | Self::NotEnded { .. } => Some("wait until it has ended".into()),
            Self::Busy { .. } => Some("see whether a process that uses the board is stopped, and try again".into()),
            Self::NoKey | Self::Io(_) => None,
        }
    }
}

/// Why a slot could not be claimed, or a board could not be taken over by its owner.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClaimError {
    /// The board could not be attached for writing.
    Attach(AttachError),
    /// No slot could be taken, or the table could not be locked.
    Place(ReserveError),
    /// It is a dump, or its creator has closed it.
    Closed,
    /// There is no such slot on the board.
    NoSuchSlot {
        /// Slot asked for.
        slot: u32,
        /// Number of slots.
        capacity: u32,
    },
    /// The slot is in another life than the reservation.
    Superseded {
        /// The slot.
        slot: u32,
        /// Generation of the reservation.
        wanted: u32,
        /// Generation of the slot.
        found: u32,
    },
    /// A writer has claimed the slot already.
    AlreadyClaimed {
        /// The slot.
        slot: u32,
    },
    /// The reservation was ended before it was claimed.
    Ended {
        /// The slot.
        slot: u32,
        /// State in which the slot ended.
        state: SlotState,
    },
    /// No reservation was made.
    NotReserved {
        /// The slot.
        slot: u32,
    },
    /// There is no process for which the slot could be written.
    NoOwner {
        /// Process id that was given.
        pid: u32,
    },
    /// Every lane of a pool is in use.
    NoLane {
        /// Number of lanes.
        lanes: u32,
    },
    /// The board does not belong to any of the processes given as owners.
    OtherCreator {
        /// Its creator, by the board's header.
        pid: u32,
    },
    /// The thread that beats could not be started.
    Beats(io::Error),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attach(error) => error.fmt(f),
            Self::Place(error) => error.fmt(f),
            Self::Closed => f.write_str("the board is closed: nothing can be written to it any more"),
            Self::NoSuchSlot { slot, capacity } => write!(f, "there is no slot {slot} on a board of {capacity}"),
            Self::Superseded { slot, wanted, found } => {
                write!(f, "slot {slot} is in generation {found}, the reservation was for generation {wanted}")
            }
            Self::AlreadyClaimed { slot } => write!(f, "slot {slot} is claimed already"),
            Self::Ended { slot, state } => write!(f, "slot {slot} has ended: {state}"),
            Self::NotReserved { slot } => write!(f, "slot {slot} is not reserved"),
            Self::NoOwner { pid } => write!(f, "there is no process {pid} to write on behalf of"),
            Self::NoLane { lanes } => write!(f, "all {lanes} lanes of the pool are in use"),
            Self::OtherCreator { pid } => write!(f, "the board belongs to process {pid}"),
            Self::Beats(error) => write!(f, "cannot start the thread that shows this process is alive: {error}"),
        }
    }
}

impl Error for ClaimError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Attach(error) => error.source(),
            Self::Place(error) => error.source(),
            _ => None,
        }
    }
}

impl From<AttachError> for ClaimError {
    fn from(error: AttachError) -> Self {
        Self::Attach(error)
    }
}

impl From<ReserveError> for ClaimError {
    fn from(error: ReserveError) -> Self {
        Self::Place(error)
    }
}

impl ClaimError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Attach(error) => error.hint(),
            Self::Place(error) => error.hint(),
            Self::Closed => Some("write to a board that is still open".into()),
            Self::AlreadyClaimed { .. } | Self::Ended { .. } | Self::Superseded { .. } | Self::NotReserved { .. } => {
                Some("claim each reservation once, in the process it was made for".into())
            }
            Self::NoOwner { .. } => Some("give the id of a running process, in this process's pid namespace".into()),
            Self::OtherCreator { pid } => Some(format!("leave it to process {pid}, or make your own board")),
            Self::NoLane { .. } => Some(
                "claim as many lanes as there are threads, or give `Pool::begin_as` the patience to wait for one"
                    .into(),
            ),
            Self::NoSuchSlot { .. } | Self::Beats(_) => None,
        }
    }
}

/// Why a slot's end could not be recorded.
#[derive(Debug)]
#[non_exhaustive]
pub enum EndError {
    /// This state does not end a slot.
    NotAnEnd {
        /// State that was given.
        state: SlotState,
    },
    /// The slot is in another life than the reservation.
    Superseded {
        /// The slot.
        slot: u32,
        /// Generation of the reservation.
        wanted: u32,
        /// Generation of the slot.
        found: u32,
    },
    /// The table could not be locked.
    Table(ReserveError),
}

impl fmt::Display for EndError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnEnd { state } => write!(f, "`{state}` does not end a slot"),
            Self::Superseded { slot, wanted, found } => {
                write!(f, "slot {slot} is in generation {found}, the reservation was for generation {wanted}")
            }
            Self::Table(error) => error.fmt(f),
        }
    }
}

impl Error for EndError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Table(error) => error.source(),
            _ => None,
        }
    }
}

impl From<ReserveError> for EndError {
    fn from(error: ReserveError) -> Self {
        Self::Table(error)
    }
}

impl EndError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAnEnd { .. } => Some("end it as done, failed, cancelled, skipped or died".into()),
            Self::Superseded { .. } => {
                Some("record an end as soon as it is known: a slot that has ended may be taken again at once".into())
            }
            Self::Table(error) => error.hint(),
        }
    }
}
