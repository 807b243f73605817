//! Words published and read whole: the stamp over two copies, the control word over both, and the words that they
//! protect.
//!
//! One process writes a slot; any number read it, at any time, and never write. A publication goes into the spare copy
//! and then moves the stamp, so that a writer killed at any instruction leaves the copy that the stamp names whole.
//! Readers load `Relaxed` and fence `Acquire`, the only thing promised on pages that are mapped read-only.
//!
//! Every ordering between processes is in this module, in functions that touch only words: mapping, locking and system
//! calls are in other modules. So `tests/loom` can run all of it in every interleaving. The pairs of stores and loads,
//! and the argument for them: [`crate::docs::protocol`].

mod fill;
mod header;
mod latch;
mod life;
mod log;
mod record;
mod transitions;
mod wake;
mod words;

pub use fill::{Fill, WordByWord};
pub use header::{attach, close, closed_at, complete, is_closed, note_used, used};
pub use latch::READ_ATTEMPTS;
pub use life::{HotReading, claim, load_control, read_hot, set_control};
#[cfg(any(loom, feature = "internals"))]
pub use life::{begin_claim, read_under};
#[cfg(any(loom, feature = "internals"))]
pub use log::LogWindow;
pub use log::{append_log, begin_log, keep_log, read_log};
pub use record::{
    PublishedText, SlotEndRecord, begin_record, begin_total, end, identity_of, key_hash_of, next_attempt,
    publish_cause, publish_message, publish_notes, publish_text, read_record, store_words, take_up, write_exit,
};
#[cfg(any(loom, feature = "internals"))]
pub use transitions::read_transitions;
pub use transitions::{StepChange, enter_step, next_count, shown};
pub use wake::{announce, await_change, epoch, ring, stop_waiting};
pub use words::{ControlWord, Meta, ORIGIN_JOINED, ORIGIN_ON_BEHALF, ORIGIN_RESERVED, ORIGIN_RESERVED_BY};
