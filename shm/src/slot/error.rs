//! The errors of a slot, one type per door: each names the fault and the next step.

use std::io;

use thiserror::Error;

use crate::error::AttachError;
use crate::progress::SlotState;

/// Why a slot could not be reserved, or no place was found for one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// Every slot is in use.
    #[error("the board is full: all {capacity} slots are in use")]
    Full {
        /// The number of slots.
        capacity: u32,
    },
    /// Fewer slots than the lanes wanted can be taken.
    #[error("the board has {free} slots for a pool of {wanted} lanes: the others of its {capacity} are in use")]
    TooFew {
        /// The slots that can be taken now.
        free: u32,
        /// The lanes wanted.
        wanted: u32,
        /// The number of slots.
        capacity: u32,
    },
    /// Another slot that has not ended has the key.
    #[error("`{key}` is on the board already, in slot {slot}, and has not ended")]
    KeyInUse {
        /// The key.
        key: String,
        /// The slot with this key.
        slot: u32,
    },
    /// A key of no characters.
    #[error("a slot needs a key")]
    NoKey,
    /// The slot to be named again is in another life, or has not ended.
    #[error("slot {slot} cannot be named again: its life {generation} is not the last, or has not ended")]
    NotEnded {
        /// The slot.
        slot: u32,
        /// The generation that was expected to have ended.
        generation: u32,
    },
    /// Another process has held the table's lock for too long.
    #[error("the board's table has been locked by another process for {waited_ms} ms")]
    Busy {
        /// The time this process waited, in milliseconds.
        waited_ms: u64,
    },
    /// The system refused.
    #[error("cannot lock the board's table: {0}")]
    Io(#[from] io::Error),
}

impl ReserveError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Full { .. } | Self::TooFew { .. } => {
                Some("wait for a slot to end (it rests for a second), or make a larger board".into())
            }
            Self::KeyInUse { .. } | Self::NotEnded { .. } => Some("wait until it has ended".into()),
            Self::Busy { .. } => Some("see whether a process that uses the board is stopped, and try again".into()),
            Self::NoKey | Self::Io(_) => None,
        }
    }
}

/// Why a slot could not be claimed, or a board not be taken over by its owner.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The board could not be attached for writing.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// No place was found, or the table could not be locked.
    #[error(transparent)]
    Place(#[from] ReserveError),
    /// It is a dump, or its creator has closed it.
    #[error("the board is closed: nothing can be written to it any more")]
    Closed,
    /// The table has no such slot.
    #[error("there is no slot {slot} on a board of {capacity}")]
    NoSuchSlot {
        /// The slot asked for.
        slot: u32,
        /// The number of slots.
        capacity: u32,
    },
    /// The slot is in another life than the reservation.
    #[error("slot {slot} is in generation {found}, the reservation was for generation {wanted}")]
    Superseded {
        /// The slot.
        slot: u32,
        /// The reservation's generation.
        wanted: u32,
        /// The slot's generation.
        found: u32,
    },
    /// A writer has claimed the slot already.
    #[error("slot {slot} is claimed already")]
    AlreadyClaimed {
        /// The slot.
        slot: u32,
    },
    /// The reservation was ended before it was claimed.
    #[error("slot {slot} has ended: {state}")]
    Ended {
        /// The slot.
        slot: u32,
        /// The state in which the slot ended.
        state: SlotState,
    },
    /// No reservation was made.
    #[error("slot {slot} is not reserved")]
    NotReserved {
        /// The slot.
        slot: u32,
    },
    /// The process for which the slot was to be written does not exist.
    #[error("there is no process {pid} to write on behalf of")]
    NoOwner {
        /// The number that was given.
        pid: u32,
    },
    /// Every lane of a pool is in use.
    #[error("all {lanes} lanes of the pool are in use")]
    NoLane {
        /// The number of lanes.
        lanes: u32,
    },
    /// Another process made the board and has not handed it over.
    #[error("the board is in the charge of process {pid}")]
    OtherCreator {
        /// Its creator, by the board's header.
        pid: u32,
    },
    /// The thread that beats could not be started.
    #[error("cannot start the thread that shows this process is alive: {0}")]
    Beats(io::Error),
}

impl ClaimError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Attach(error) => error.hint(),
            Self::Place(error) => error.hint(),
            Self::Closed => Some("write to a board that is still running".into()),
            Self::AlreadyClaimed { .. } | Self::Ended { .. } | Self::Superseded { .. } | Self::NotReserved { .. } => {
                Some("claim each reservation once, in the process it was made for".into())
            }
            Self::NoOwner { .. } => Some("name a process that runs, in this process's pid namespace".into()),
            Self::OtherCreator { pid } => Some(format!("leave it to process {pid}, or make a board of your own")),
            Self::NoLane { .. } => Some(
                "claim as many lanes as there are threads, or give `Pool::begin_as` the patience to wait for one"
                    .into(),
            ),
            Self::NoSuchSlot { .. } | Self::Beats(_) => None,
        }
    }
}

/// Why a slot's end could not be recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndError {
    /// The state given is not one that ends a slot.
    #[error("`{state}` does not end a slot")]
    NotAnEnd {
        /// The state given.
        state: SlotState,
    },
    /// The slot is in another life than the reservation.
    #[error("slot {slot} is in generation {found}, the reservation was for generation {wanted}")]
    Superseded {
        /// The slot.
        slot: u32,
        /// The reservation's generation.
        wanted: u32,
        /// The slot's generation.
        found: u32,
    },
    /// The table could not be locked.
    #[error(transparent)]
    Table(#[from] ReserveError),
}

impl EndError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAnEnd { .. } => Some("end it as done, failed, cancelled, skipped or died".into()),
            Self::Superseded { .. } => Some("judge a slot before it is taken over: within a second of its end".into()),
            Self::Table(error) => error.hint(),
        }
    }
}
