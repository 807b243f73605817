//! A progress board: one mapped file that many processes write, each to its own slot, and any process reads in place.
//!
//! ```text
//! parent ── Board::create ─▶ ┌───────────────────────────┐ ◀─ Reader::open ── any process, read-only, at any time
//!    │      Board::reserve   │ header · doorbell         │
//!    └ starts ─▶ child ────▶ │ hot line   hot line   …   │    64 bytes a slot: what changes often
//!         Slot::claim        │ record     record     …   │    2 KiB a slot: names, texts, how it ended
//!         Slot::publish      └───────────────────────────┘
//! ```
//!
//! A slot has one writer and any number of readers. Writers never wait, readers never write, and a writer killed at any
//! instruction leaves its slot readable and free to be taken over. Nothing read from a board is trusted. The crate knows
//! no tool and no terminal, reads no environment and prints nothing.
//!
//! Where to read on: [`layout`] draws the bytes, [`docs::protocol`] argues the orderings, [`docs::limits`] says what a
//! crash, a fork, a truncation or an old layout does, and what is not promised.

#[cfg(any(loom, feature = "internals"))]
pub mod atomics;
#[cfg(not(any(loom, feature = "internals")))]
#[allow(unreachable_pub, reason = "public for the models, which swap what is in it")]
mod atomics;
#[cfg(any(loom, feature = "internals"))]
pub mod stamp;
#[cfg(not(any(loom, feature = "internals")))]
#[allow(unreachable_pub, reason = "public for the models, which run what is in it")]
mod stamp;

pub mod docs;
pub mod layout;
mod progress;
mod view;

#[cfg(not(loom))]
mod board;
#[cfg(not(loom))]
pub mod dump;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
mod liveness;
#[cfg(not(loom))]
mod segment;
#[cfg(not(loom))]
mod slot;
#[cfg(not(loom))]
mod snapshot;

#[cfg(not(loom))]
pub use board::{Board, Listed, Reservation, gc, list, remove_named, stale};
#[cfg(not(loom))]
pub use error::{AttachError, AttachErrorKind, CreateError, DumpError, ReadError};
#[cfg(not(loom))]
pub use liveness::{SILENT_AFTER_MS, STALLED_AFTER_MS};
pub use progress::{BoardState, Kind, Phase, SlotState};
#[cfg(not(loom))]
pub use slot::{ClaimError, EndError, Ending, LOG_LINE_BYTES, ReserveError, Slot};
#[cfg(not(loom))]
pub use snapshot::{Numbers, Reader};
pub use view::{BoardView, Creator, Liveness, PhaseEntry, SlotView, Snapshot};
