//! A recording: what changed on a board and when, in a file that only grows, for looking at a run again.
//!
//! A [`Recorder`] is given readings of a board and writes what differs from the one before; it looks like any other viewer,
//! so that recording costs the board's writers nothing. [`Recording`] is the file when it is read, and [`Playback`] a place
//! in it: a reading of any moment, as [`Reader`](crate::Reader) gave it then.
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
//! Numbers in payloads take as many bytes as they need (`bytes.rs`); fields are listed in `fields.rs`. A whole frame needs
//! none before it, and they come often enough that no seek has to read much: one is due where what has changed since the last
//! would take more than [`WHOLE_EVERY_BYTES`], or eight times that one's own size. A recorder without room for another goes
//! on for as much again, and a reader no further than that. A frame is in one `write`, and checked when it is read: of a
//! recorder that was killed nothing is missing but what it had not come to. Where a frame is damaged, the recording ends
//! before it. Nothing in a recording is trusted; reading it, and walking through it, take time and memory in proportion to
//! its size, which is bounded.
//!
//! A recorder never writes more than it is allowed. The fuller the file, the seldomer numbers are written:
//! the beginning of a run is there in full detail, an hour in fewer readings, and the changes of
//! states for as long as there is room, and the end in any case.

mod bytes;
mod change;
mod fields;
mod header;
mod playback;
mod recorder;
mod recording_file;

pub use playback::Playback;
pub use recorder::Recorder;
pub use recording_file::{Recording, RecordingError, RecordingFault, create, is_recording};

/// The longest recording that is written or read, in bytes.
pub const MOST_BYTES: u64 = 64 << 20;
/// A recorder looks at its board this often at most, in nanoseconds.
pub const LOOK_EVERY_NS: u64 = 50_000_000;
/// Changes behind a whole reading take this many bytes at most, or eight times its own where that is more, and twice as many
/// where there is no room for another.
pub const WHOLE_EVERY_BYTES: u64 = 128 << 10;

/// How many bytes of changes may follow a whole reading of this size before the next is due.
const fn whole_every(whole_bytes: u64) -> u64 {
    let own = whole_bytes.saturating_mul(8);
    if own > WHOLE_EVERY_BYTES { own } else { WHOLE_EVERY_BYTES }
}

/// How many may stand between a whole reading and a frame that counts on it; where there are more, the recording ends.
const fn most_between(whole_bytes: u64) -> u64 {
    whole_every(whole_bytes).saturating_mul(2)
}
