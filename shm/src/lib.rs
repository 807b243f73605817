//! A progress board: one mapped file that many processes write, each to its own slot, and any process reads in place.
//!
//! ```text
//! parent ── Board::create ─▶ ┌───────────────────────────┐ ◀─ Reader::open ── any process, read-only, at any time
//!    │      Board::reserve   │ header · doorbell         │
//!    └ starts ─▶ child ────▶ │ hot line   hot line   …   │    64 bytes a slot: what changes often
//!         Slot::claim        │ record     record     …   │    3 KiB a slot: names, texts, how it ended
//!         Slot::publish      └───────────────────────────┘
//! ```
//!
//! It is for programs that do many things at once, each in its own process, and want to show what each is doing: live,
//! from any terminal, and after the worst crash. Progress is state, not a stream: a slow reader loses nothing but
//! intermediate values, a late one misses nothing, and a writer never waits for either. The crate knows no tool and no
//! terminal, reads no environment variables and prints nothing.
//!
//! A board is a file. With the feature `named` it can also be a named segment of the system, `shm:NAME`.
//!
//! # The creator
//!
//! It makes the board, names a slot for each process that it starts, and records how each ended: only the parent learns
//! that, from `wait()`.
//!
//! ```
//! use vx_shm::{Board, BoardState, Ending, Kind, SlotState};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("demo.board");
//! let board = Board::create(&path, "my project", 64)?;
//! let place = board.reserve("node", "22.3.0", Kind::Install)?;
//! // … start a process, pass it path, `place.slot` and `place.generation`, and wait for it …
//! board.end(place, &Ending { signal: Some(9), ..Ending::new(SlotState::Died) })?;
//! board.close(BoardState::Failed);
//! # assert_eq!(board.reader()?.snapshot()?.slots[0].signal, Some(9));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A writer
//!
//! It claims the slot that was named for it ([`Slot::claim`]), or takes a free one on another process's board
//! ([`Slot::join`]), and publishes.
//!
//! ```
//! use vx_shm::{Ending, Kind, Slot, Step};
//! # use vx_shm::Board;
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("demo.board");
//! # let board = Board::create(&path, "my project", 64)?;
//! let mut slot = Slot::join(&path, "docs", "", Kind::Task)?;
//! slot.enter(Step::new(3), Some(1_000_000)); // "running", by the vocabulary of tasks.
//! slot.message("from the mirror");
//! for done in (0..=1_000_000).step_by(4_096) {
//!     slot.publish(done); // Five stores into one cache line.
//! }
//! slot.end(Ending::done_at("/opt/docs"))?;
//! # assert_eq!(board.reader()?.snapshot()?.slots[0].result.as_deref(), Some("/opt/docs"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A process with many tasks
//!
//! It claims some slots at once, as a [`Pool`], and begins one life after another in them. A claim of a single slot
//! opens, maps and looks at the whole board; a life in a pool costs about a microsecond, and one map serves all
//! threads.
//!
//! ```
//! use vx_shm::{Ending, Kind, Pool, SlotState};
//! # use vx_shm::Board;
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("demo.board");
//! # let board = Board::create(&path, "my project", 64)?;
//! let pool = Pool::claim(&path, 4)?;
//! std::thread::scope(|scope| {
//!     for worker in 0..4 {
//!         let pool = &pool;
//!         scope.spawn(move || {
//!             for file in 0..100 {
//!                 let mut lane = pool.begin(&format!("{worker}/{file}.c"), "", Kind::Build)?;
//!                 lane.publish(1);
//!                 lane.end(Ending::new(SlotState::Done)).expect("done is an end");
//!             }
//!             Ok::<(), vx_shm::ClaimError>(())
//!         });
//!     }
//! });
//! # let seen = board.reader()?.snapshot()?;
//! # assert!(seen.slots.len() == 4 && seen.slots.iter().all(|slot| slot.state == SlotState::Done));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A reader
//!
//! It looks as often as it likes, and no writer notices. A finished board and a [`dump`] are read in the same way.
//!
//! ```
//! use std::time::Duration;
//! use vx_shm::{Reader, Snapshot};
//! # use vx_shm::{Board, BoardState, Kind};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("demo.board");
//! # let board = Board::create(&path, "my project", 64)?;
//! # board.reserve("node", "22.3.0", Kind::Install)?;
//! # board.close(BoardState::Done);
//! let mut reader = Reader::open(&path)?;
//! let mut snapshot = Snapshot::default();
//! loop {
//!     let closed = reader.closed(); // Asked first: if it is closed, what is read next is the last state.
//!     reader.refresh(&mut snapshot)?;
//!     for slot in &snapshot.slots {
//!         println!("{} {}: {} of {:?}", slot.key, slot.state, slot.done, slot.total);
//!     }
//!     if closed {
//!         break;
//!     }
//!     reader.wait_change(Duration::from_millis(16)); // Until a state changes, at most a frame.
//! }
//! # assert_eq!(snapshot.slots[0].key, "node");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! * **Whole or not at all.** The numbers of a slot are all from one publication, and so is its text: the newest, or,
//!   for a reader that raced a publication, the one before.
//! * **A writer killed at any instruction** leaves its slot readable, with its last complete publication, and free to
//!   be taken over. No repair is needed. Its parent records how it ended; the system's lock on its slot shows that it
//!   is lost.
//! * **Readers never write**, take no lock, and cost a writer no more than the cache misses they cause.
//! * **Writers never wait**: publishing makes no system call and allocates nothing. A change of state makes one, to
//!   wake, and only while a reader waits for it.
//! * **Nothing that is read is trusted.** Any bytes at all give an answer or a typed error in bounded time.
//!
//! What is not promised, and what a crash, a fork, a truncation or an old layout does: [`docs::limits`].
//!
//! # Costs
//!
//! Medians on two shared x86_64 cores; the repository's `docs/measurements.md` names the command behind each figure,
//! and everything measured in the same run.
//!
//! | | |
//! |---|---|
//! | publish the numbers of a slot ([`Slot::publish`]) | 1.4 ns, 13 instructions |
//! | numbers and a message of 59 bytes ([`Slot::message`]) | 29 ns |
//! | the same report through a pipe, encoded with postcard | 357 ns, and its reader must keep up |
//! | a task's slot in a pool ([`Pool::begin`]) | 0.4 µs of 64 lanes, 0.5 to 1 µs of 4,096 |
//! | look at the numbers of 64 slots ([`Reader::poll`]), quiet / all changed | 47 ns / 139 ns; 553 ns while all are written to |
//! | bring a snapshot of 64 slots up to date ([`Reader::refresh`]), quiet / all changed | 0.6 µs / 1.3 µs |
//! | follow 64 processes that report 1,000 times a second each, 60 looks a second | 0.11 % of a core |
//! | memory | 7.0 KiB a slot, log ring included |
//!
//! # Further reading
//!
//! [`layout`] draws the bytes, for readers in any language. [`docs::protocol`] names, for every store and load that is
//! ordered, its partner and what goes wrong without it; models in `tests/loom` show both. [`dump`] writes a board's
//! state to a file.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[cfg(any(loom, feature = "internals"))]
pub mod atomics;
#[cfg(not(any(loom, feature = "internals")))]
#[allow(unreachable_pub, reason = "public for the models, which replace its content")]
mod atomics;
#[cfg(any(loom, feature = "internals"))]
pub mod lanes;
#[cfg(not(any(loom, feature = "internals")))]
#[allow(unreachable_pub, reason = "public for the models, which run its code")]
mod lanes;
#[cfg(any(loom, feature = "internals"))]
pub mod stamp;
#[cfg(not(any(loom, feature = "internals")))]
#[allow(unreachable_pub, reason = "public for the models, which run its code")]
#[cfg_attr(not(feature = "read"), allow(dead_code, unused_imports, reason = "half of it is used only by readers"))]
mod stamp;

pub mod docs;
pub mod layout;
mod progress;
mod view;

#[cfg(not(loom))]
mod board;
#[cfg(all(not(loom), feature = "dump"))]
pub mod dump;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "half of it is used only by readers"))]
mod liveness;
#[cfg(not(loom))]
mod mutex;
#[cfg(not(loom))]
mod pool;
#[cfg(all(not(loom), feature = "record"))]
pub mod recording;
#[cfg(not(loom))]
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "half of it is used only by readers"))]
mod segment;
#[cfg(not(loom))]
mod slot;
#[cfg(all(not(loom), feature = "read"))]
mod snapshot;

#[cfg(not(loom))]
pub use board::{Board, BoardSubject, board_files, gc, remove_named, remove_over, stale};
#[cfg(all(not(loom), feature = "read"))]
pub use board::{ListedBoard, list};
#[cfg(all(not(loom), feature = "dump"))]
pub use error::DumpError;
#[cfg(all(not(loom), feature = "read"))]
pub use error::ReadError;
#[cfg(not(loom))]
pub use error::{AttachError, AttachErrorKind, CreateError};
#[cfg(not(loom))]
pub use liveness::beats::{ForkGuard, before_fork};
#[cfg(not(loom))]
pub use liveness::{SILENT_AFTER_MS, STALLED_AFTER_MS};
#[cfg(not(loom))]
pub use pool::Pool;
pub use progress::{BoardState, Health, Kind, SlotState, Step, Unit};
#[cfg(all(not(loom), feature = "internals"))]
pub use segment::InPairs;
#[cfg(not(loom))]
pub use segment::Unnamed;
#[cfg(not(loom))]
pub use slot::{
    ClaimError, EndError, Ending, LOG_LINE_BYTES, LogWriter, Reservation, ReserveError, Reserved, Slot, SlotWork,
};
#[cfg(all(not(loom), feature = "read"))]
pub use snapshot::{PolledNumbers, Reader};
pub use view::{BoardView, Creator, Liveness, ProjectKey, SlotView, Snapshot, Transition, WaitsFor};
