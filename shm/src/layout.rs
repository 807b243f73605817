//! The layout of a board, version 2.1: the place of everything, in bytes.
//!
//! Little-endian. Every shared word is an aligned atomic of 4 or 8 bytes. Offsets count from the start of the file.
//!
//! ```text
//!      0  HEADER PAGE                                   4,096 bytes
//!         0  facts, written once: HeaderImage             184  magic, versions, features, length, slot count, regions,
//!                                                              board id, boot id, creator, creation times
//!       184  CRC-32 of those 184 bytes, 4 unused            8
//!       192  ready: READY once all else is there            8  stored last
//!       256  epoch (u32)                                   64  a line of its own
//!       320  board state (u32), used slots (u32),          64
//!            closed at: wall clock, ns (u64)
//!       384  closed flag (u32), 4 unused, successor's id   64
//!       448  title: stamp, two copies of 128 bytes        264
//!       768  from minor version 1 on, written once: hash    1,024
//!            of the project's key (u64), kind of the board's work + 1 (u32, 0: unknown), 4 unused,
//!            the project's key: 1,008 bytes (1,006 of text)
//!   4096  DOORBELL PAGE                                 4,096 bytes
//!         0  wake (u32)                                   128
//!       128  waiters (u32)                                128
//!   8192  HOT LINES                                     64 bytes a slot, then up to a full page
//!         0  control: generation (u32), state (u8), flags (u8), 2 unused
//!         8  stamp: publications so far; its lowest bit names the good copy
//!        16  copy 0: done (u64), total (u64), meta (u64)
//!        40  copy 1
//!            meta: step (u8), attempt (u8), total known (1 bit), unit (3 bits), health (4 bits), 8 unused,
//!            transitions so far (u16), revision of the cold record (u16)
//!      …  BEATS                                         8 bytes a slot, then up to a full page
//!         0  last beat (u32), numbers last moved (u32): 10 ms units since the board's creation
//!      …  COLD RECORDS                                  2,944 bytes a slot; 2,560 in minor version 0
//!         0  generation (u32), pid (u32)
//!         8  start time of the process (u64), in the system's own unit
//!        16  pid namespace (u64), 24 time namespace (u64)
//!        32  user id (u32), kind (u8), origin (u8), parent slot (u16, 0xFFFF: none)
//!        40  claimed at (u64), ns
//!        48  hash of the whole key (u64)
//!        56  runner (u32), writer of the log (u32): process ids, 0: none
//!        64  process group (u32), time between two beats (u32, ms)
//!        72  key                        96 bytes: 94 of text
//!       168  version                    48 bytes: 46 of text
//!       216  exit: flags (u8), signal (u8), 2 unused, exit status (i32)
//!       224  ended at (u64), ns
//!       232  text stamp
//!       240  text copy 0: message 80 bytes (78 of text), details 112 bytes (110 of text)
//!       432  text copy 1
//!       624  notes stamp
//!       632  notes copy 0: waits for { board id (16 bytes), slot (u32), generation (u32) }, port (u32),
//!            named at (u32), name of the step 32 bytes (30 of text), address 64 bytes (62 of text)
//!       760  notes copy 1
//!       888  transitions: 9 × { entered at (u64, ns, its lowest byte is the step), done when left (u64) }
//!      1032  error                     872 bytes: 870 of text
//!      1904  result                    656 bytes: 654 of text
//!      2560  from minor version 1 on: cause stamp
//!      2568  cause copy 0: generation (u32), 4 unused, cause 160 bytes (158 of text)
//!      2736  cause copy 1, then 40 unused
//!      …  LOG RINGS                                     4,096 bytes a slot; left out where the stride is 0
//!         0  reserved, 8 committed, 16 start (u64 each): bytes ever written
//!        64  ring of 4,032 bytes
//! ```
//!
//! Times are nanoseconds of the monotonic clock unless marked otherwise. A text cell begins with a `u16`: its lowest 15
//! bits are the length in bytes, its highest bit marks a text that was cut (at a character boundary). Readers find
//! regions by the header's offsets and strides, so records may grow at their end without a new version. Minor version 1
//! did so: [`CAUSES_AND_PROJECT`] marks boards with its parts, and those of minor version 0 are read without them.

#[cfg_attr(not(any(loom, feature = "internals")), allow(unreachable_pub, reason = "public for models and benches"))]
mod cells;
mod header;
mod image;
mod key;
mod text;

#[cfg(any(loom, feature = "internals"))]
pub use cells::{CauseLatch, ColdRecord, Doorbell, HeaderPage, HotLine, Latch, LatchCopy, LogCounters};
#[cfg(not(any(loom, feature = "internals")))]
pub(crate) use cells::{CauseLatch, ColdRecord, Doorbell, HeaderPage, HotLine, Latch, LatchCopy, LogCounters};
pub use header::{FORM_BOARD, FORM_DUMP, HeaderImage, LayoutFault, READY, Region, hexadecimal};
pub use image::{CauseImage, ColdImage, HotImage, IdentityImage, NotesImage, SlotImage, TextImage, TransitionImage};
pub use key::hash_key;
#[cfg(feature = "record")]
pub(crate) use text::beginning;
pub(crate) use text::encode_text_into;
pub use text::{TextCell, decode_text, encode_text};

#[cfg(target_endian = "big")]
compile_error!("boards are little-endian and this crate reads their words in place");

/// First eight bytes of every board and dump.
pub const MAGIC: u64 = u64::from_le_bytes(*b"vx-board");
/// The layout drawn above. Another major version cannot be read; a higher minor version can.
pub const MAJOR: u32 = 2;
/// Goes up when something is added that older readers may ignore.
pub const MINOR: u32 = 1;
/// Regions are rounded up to multiples of this, in bytes; it is not the system's page size.
pub const PAGE_BYTES: usize = 4096;
/// Most slots that a board may have.
pub const MAX_SLOTS: u32 = 4096;
/// Greatest length of a board, in bytes: twice what [`MAX_SLOTS`] slots of this version take. A longer one is
/// refused, so that no header can make a reader go through more than this.
pub const LONGEST_BYTES: u64 = 64 << 20;
/// Offset of the hot lines on a board of this version.
pub const HOT_OFFSET: usize = 2 * PAGE_BYTES;
/// A slot's log ring with its three counters, in bytes.
pub const LOG_STRIDE: usize = 4096;
/// Offset of the ring's bytes behind its counters.
pub const LOG_HEADER_BYTES: usize = 64;
/// One unit of a beat word, in nanoseconds.
pub const BEAT_UNIT_NS: u64 = 10_000_000;
/// An optional feature: the creator is not the process that made the board, and holds no lock.
pub const CREATOR_HOLDS_NO_LOCK: u64 = 1;
/// An optional feature, of minor version 1: the header page has the kind of the board's work and its project's key, and
/// each cold record has a cause behind its result.
pub const CAUSES_AND_PROJECT: u64 = 1 << 1;
/// Offset of the cause in a cold record.
pub const CAUSE_OFFSET: usize = 2560;
/// A size, or a smaller one in models, where each additional word multiplies the possible executions.
const fn modelled_as(in_models: usize, size: usize) -> usize {
    if cfg!(loom) { in_models } else { size }
}

/// How many transitions a cold record has room for: one more than are shown, as the oldest may be half overwritten.
pub const TRANSITIONS: usize = modelled_as(3, 9);
/// The value of [`IdentityImage::parent_slot`] for a slot without a parent.
pub const NO_PARENT: u16 = u16::MAX;

/// 64-bit words of a slot's key.
pub const KEY_WORDS: usize = modelled_as(1, 12);
/// 64-bit words of a slot's version.
pub const VERSION_WORDS: usize = modelled_as(1, 6);
/// 64-bit words of an identity before its key.
pub const IDENTITY_HEAD_WORDS: usize = 9;
/// 64-bit words of an identity.
pub const IDENTITY_WORDS: usize = IDENTITY_HEAD_WORDS + KEY_WORDS + VERSION_WORDS;
/// 64-bit words of the message.
pub const MESSAGE_WORDS: usize = modelled_as(1, 10);
/// 64-bit words of the details.
pub const DETAILS_WORDS: usize = modelled_as(1, 14);
/// 64-bit words of one copy of message and details.
pub const TEXT_WORDS: usize = MESSAGE_WORDS + DETAILS_WORDS;
/// 64-bit words of the name of a step.
pub const STEP_NAME_WORDS: usize = 4;
/// 64-bit words of an address.
pub const ADDRESS_WORDS: usize = 8;
/// 64-bit words of one copy of the notes.
pub const NOTE_WORDS: usize = modelled_as(1, 4 + STEP_NAME_WORDS + ADDRESS_WORDS);
/// 64-bit words of the error.
pub const ERROR_WORDS: usize = modelled_as(1, 109);
/// 64-bit words of the place of the result.
pub const RESULT_WORDS: usize = modelled_as(1, 82);
/// 64-bit words of the cause's text.
pub const CAUSE_TEXT_WORDS: usize = modelled_as(1, 20);
/// 64-bit words of one copy of the cause.
pub const CAUSE_WORDS: usize = 1 + CAUSE_TEXT_WORDS;
/// 64-bit words of the key of the board's project.
pub const PROJECT_WORDS: usize = modelled_as(1, 126);
/// 64-bit words of the board's title.
pub const TITLE_WORDS: usize = modelled_as(1, 16);
/// 64-bit words of the header's facts with their checksum.
pub const FACT_WORDS: usize = 24;

#[cfg(not(loom))]
mod drawn_as_built {
    use super::*;
    use std::mem::{align_of, offset_of, size_of};

    const _: () = {
        assert!(size_of::<HotLine>() == 64 && size_of::<HotImage>() == 64);
        assert!(offset_of!(HotLine, numbers) == 8 && offset_of!(HotImage, stamp) == 8);
        assert!(offset_of!(Latch<3>, copies) == 8 && offset_of!(HotImage, copies) == 16);
        assert!(size_of::<ColdRecord>() == 2560 && size_of::<ColdImage>() == 2560);
        assert!(size_of::<SlotImage>() == 64 + 2560 && offset_of!(SlotImage, cold) == 64);
        assert!(size_of::<IdentityImage>() == 8 * IDENTITY_WORDS && offset_of!(ColdImage, identity) == 0);
        assert!(offset_of!(IdentityImage, time_namespace) == 24 && offset_of!(IdentityImage, uid) == 32);
        assert!(offset_of!(IdentityImage, claimed_at) == 40 && offset_of!(IdentityImage, key_hash) == 48);
        assert!(offset_of!(IdentityImage, runner) == 56 && offset_of!(IdentityImage, process_group) == 64);
        assert!(offset_of!(IdentityImage, key) == 72 && offset_of!(IdentityImage, version) == 168);
        assert!(offset_of!(ColdRecord, exit) == 216 && offset_of!(ColdImage, exit_flags) == 216);
        assert!(offset_of!(ColdImage, exit_signal) == 217 && offset_of!(ColdImage, exit_code) == 220);
        assert!(offset_of!(ColdRecord, ended_at) == 224 && offset_of!(ColdImage, ended_at) == 224);
        assert!(offset_of!(ColdRecord, text) == 232 && offset_of!(ColdImage, text_stamp) == 232);
        assert!(offset_of!(ColdImage, text) == 240 && size_of::<LatchCopy<TEXT_WORDS>>() == 192);
        assert!(offset_of!(ColdRecord, notes) == 624 && offset_of!(ColdImage, notes_stamp) == 624);
        assert!(offset_of!(ColdImage, notes) == 632 && size_of::<NotesImage>() == 8 * NOTE_WORDS);
        assert!(offset_of!(ColdRecord, transitions) == 888 && offset_of!(ColdImage, transitions) == 888);
        assert!(offset_of!(ColdRecord, error) == 1032 && offset_of!(ColdImage, error) == 1032);
        assert!(offset_of!(ColdRecord, result) == 1904 && offset_of!(ColdImage, result) == 1904);
        assert!(size_of::<ColdRecord>() == CAUSE_OFFSET && size_of::<CauseImage>() == 8 * CAUSE_WORDS);
        assert!(size_of::<CauseLatch>() == 344 && offset_of!(CauseLatch, copies) == 8);
        assert!(size_of::<HeaderImage>() == 8 * FACT_WORDS && offset_of!(HeaderImage, crc) == 184);
        assert!(offset_of!(HeaderPage, ready) == 192 && offset_of!(HeaderPage, epoch) == 256);
        assert!(offset_of!(HeaderPage, state) == 320 && offset_of!(HeaderPage, used) == 324);
        assert!(offset_of!(HeaderPage, closed_unix_ns) == 328 && offset_of!(HeaderPage, closed) == 384);
        assert!(offset_of!(HeaderPage, successor) == 392 && offset_of!(HeaderPage, title) == 448);
        assert!(offset_of!(HeaderPage, project_hash) == 768 && offset_of!(HeaderPage, kind) == 776);
        assert!(offset_of!(HeaderPage, project) == 784 && size_of::<HeaderPage>() == 1792);
        assert!(size_of::<HeaderPage>() <= PAGE_BYTES && size_of::<Doorbell>() <= PAGE_BYTES);
        assert!(offset_of!(Doorbell, waiters) == 128);
        assert!(size_of::<LogCounters>() <= LOG_HEADER_BYTES && LOG_STRIDE.is_multiple_of(8));
        // References into a mapping need an alignment of at most 8 bytes, for which every offset is checked.
        assert!(align_of::<HeaderPage>() == 8 && align_of::<HotLine>() == 8 && align_of::<ColdRecord>() == 8);
    };
}
