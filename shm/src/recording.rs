//! A recording: the changes of a board and their times, in a file that only grows, so that a run can be replayed.
//!
//! A [`Recorder`] takes readings of a board and writes the difference between each reading and the one before. It reads
//! the board as any viewer does, so recording costs the board's writers nothing. A [`Recording`] is such a file, read
//! and checked. A [`Playback`] is a place in it, and returns the reading that a [`Reader`](crate::Reader) returned at
//! that time.
//!
//! ```text
//!   0  magic `vx-recrd`, major (u32), minor (u32)             16 bytes    little-endian, as everything else
//!  16  board id                                               16
//!  32  created: wall clock (i64), monotonic clock (u64), ns   16
//!  48  creator's process id (u32), slots of the board (u32)    8
//!  56  CRC-32 of those 56 bytes, 4 unused                      8
//!  64  frame, frame, …      length (u32), CRC-32 of the payload (u32), payload
//!
//! payload: what (u8: 1 whole, 2 changes, 3 last changes), nanoseconds since creation, then
//!   the board: which of its fields follow (u8), and those
//!   how many slots follow; for each: how far from the one before, which of its fields follow, and those
//! ```
//!
//! Numbers in payloads take as many bytes as they need (`bytes.rs`); fields are listed in `fields.rs`. A whole frame
//! needs no frame before it, and whole frames are frequent enough that no seek has to read much: the next one is due
//! when the changes since the last one take more than [`WHOLE_EVERY_BYTES`], or more than eight times the size of that
//! one if this is larger. A recorder without room for another whole frame writes changes up to twice that limit, and a
//! reader accepts no more than that.
//!
//! Minor version 1 added the board's kind and project, and a slot's cause; a recording without them differs from one of
//! minor version 0 only in that number. A reader stops at a frame with a field that it does not know.
//!
//! A frame is written by one `write`, and checked when it is read: the recording of a killed recorder has every frame
//! that was written. A recording ends before its first damaged frame. Nothing in a recording is trusted; reading it,
//! and walking through it, take time and memory in proportion to its size, which is bounded.
//!
//! A recorder never writes more than it is allowed to. The fuller the file, the less often numbers are written: the
//! beginning of a run is recorded in full detail, a later hour in fewer readings. Changes of state are written for as
//! long as there is room, and the last reading always.

mod bytes;
mod change;
mod fault;
mod fields;
mod header;
mod playback;
mod recorder;
mod recording_file;

pub use fault::{RecordingError, RecordingFault};
pub use playback::Playback;
pub use recorder::Recorder;
pub use recording_file::{Recording, create, is_recording};

/// Longest recording that is written or read, in bytes.
pub const MOST_BYTES: u64 = 64 << 20;
/// A recorder looks at its board this often at most, in nanoseconds.
pub const LOOK_EVERY_NS: u64 = 50_000_000;
/// Most bytes of changes after a whole reading, or eight times the reading's own size if that is more; twice as
/// many if there is no room for another whole reading.
pub const WHOLE_EVERY_BYTES: u64 = 128 << 10;

/// How many bytes of changes may follow a whole reading of this size before the next whole reading is due.
const fn whole_every(whole_bytes: u64) -> u64 {
    let own = whole_bytes.saturating_mul(8);
    if own > WHOLE_EVERY_BYTES { own } else { WHOLE_EVERY_BYTES }
}

/// Most bytes between a whole reading and a frame that builds on it. A frame further behind is not read: the
/// recording ends before it.
const fn most_between(whole_bytes: u64) -> u64 {
    whole_every(whole_bytes).saturating_mul(2)
}
