//! A slot's words as plain values: the content of a dump, and the copy of a record that a reader decodes.

use super::{
    ADDRESS_WORDS, CAUSE_TEXT_WORDS, DETAILS_WORDS, ERROR_WORDS, KEY_WORDS, MESSAGE_WORDS, NOTE_WORDS, RESULT_WORDS,
    STEP_NAME_WORDS, TRANSITIONS, VERSION_WORDS,
};

/// A hot line as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct HotImage {
    /// Generation and state.
    pub control: u64,
    /// Publications so far.
    pub stamp: u64,
    /// `done`, `total`, meta; the stamp's lowest bit names the good copy. A dump holds the good copy twice.
    pub copies: [[u64; 3]; 2],
}

/// One transition of a slot as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct TransitionImage {
    /// Monotonic nanoseconds, with the number of the step entered in place of the lowest byte; 0 where there is none.
    pub entered: u64,
    /// Work finished in the step when it was left.
    pub done: u64,
}

/// Message and details as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct TextImage {
    /// A text cell.
    pub message: [u64; MESSAGE_WORDS],
    /// A text cell.
    pub details: [u64; DETAILS_WORDS],
}

/// What a slot's writer changes now and then, as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct NotesImage {
    /// Board of the slot that this one waits for; zeros if it waits for none.
    pub waits_board: [u8; 16],
    /// Slot that this one waits for.
    pub waits_slot: u32,
    /// Life of that slot.
    pub waits_generation: u32,
    /// Port that the slot's process listens on; 0 for none.
    pub port: u32,
    /// Count of transitions for which `step_name` was written: at any other count the name is ignored.
    pub named_at: u32,
    /// A text cell: the writer's own name for its present step.
    pub step_name: [u64; STEP_NAME_WORDS],
    /// A text cell: the address under which the slot's process is reached.
    pub address: [u64; ADDRESS_WORDS],
}

/// The cause of a slot's wait or end as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct CauseImage {
    /// Which life of the slot the cause belongs to. In any other it is ignored, so that no claim has to clear it.
    pub generation: u32,
    /// Zero.
    pub unused: u32,
    /// A text cell.
    pub text: [u64; CAUSE_TEXT_WORDS],
}

/// Who and what a slot's life is, as plain bytes: written while the slot is claimed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct IdentityImage {
    /// Generation that the identity belongs to.
    pub generation: u32,
    /// Process id of the writer; 0 before a claim.
    pub pid: u32,
    /// When that process started, in the system's own unit; 0 where unknown.
    pub start_time: u64,
    /// Pid namespace in which the pid counts; 0 where there are none.
    pub namespace: u64,
    /// Time namespace in which the start time counts; 0 where there are none.
    pub time_namespace: u64,
    /// User that the writer runs as.
    pub uid: u32,
    /// Number of a `Kind`.
    pub kind: u8,
    /// 0: the writer took the slot itself; 1: the board's creator reserved it and records its end; 2: it is written on
    /// behalf of its process; 3: another process reserved it and records its end.
    pub origin: u8,
    /// Slot that this one belongs to, or `NO_PARENT`.
    pub parent_slot: u16,
    /// When the slot was reserved, and later when it was claimed, in monotonic nanoseconds.
    pub claimed_at: u64,
    /// Hash of the whole key, which may be longer than its cell: see `hash_key`.
    pub key_hash: u64,
    /// Process that starts and stops the work; 0 if there is no such process to ask.
    pub runner: u32,
    /// Process that writes the slot's log; 0 for the slot's own writer.
    pub log_writer: u32,
    /// Process group of the work; 0 if unknown.
    pub process_group: u32,
    /// Time between two beats of the writer, in milliseconds; 0 stands for 250.
    pub beat_interval_ms: u32,
    /// A text cell.
    pub key: [u64; KEY_WORDS],
    /// A text cell.
    pub version: [u64; VERSION_WORDS],
}

/// A cold record as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct ColdImage {
    /// Who and what this life of the slot is.
    pub identity: IdentityImage,
    /// Bit 0: the exit status is known; bit 1: the signal is.
    pub exit_flags: u8,
    /// Signal that ended the process.
    pub exit_signal: u8,
    /// Zero.
    pub exit_unused: u16,
    /// Exit status.
    pub exit_code: i32,
    /// When the slot ended, in monotonic nanoseconds.
    pub ended_at: u64,
    /// Publications of text so far.
    pub text_stamp: u64,
    /// Message and details; the text stamp's lowest bit names the good copy.
    pub text: [TextImage; 2],
    /// Publications of notes so far.
    pub notes_stamp: u64,
    /// [`NotesImage`], in words; the notes' stamp's lowest bit names the good copy.
    pub notes: [[u64; NOTE_WORDS]; 2],
    /// A ring: the entry of each transition is at its count modulo the ring's length.
    pub transitions: [TransitionImage; TRANSITIONS],
    /// A text cell.
    pub error: [u64; ERROR_WORDS],
    /// A text cell: the place of the result.
    pub result: [u64; RESULT_WORDS],
}

impl Default for ColdImage {
    fn default() -> Self {
        bytemuck::Zeroable::zeroed()
    }
}

/// A whole slot as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct SlotImage {
    /// Its hot line.
    pub hot: HotImage,
    /// Its cold record.
    pub cold: ColdImage,
}

impl HotImage {
    /// `done`, `total` and meta of the good copy.
    pub fn numbers(&self) -> [u64; 3] {
        self.copies[(self.stamp & 1) as usize]
    }
}

impl ColdImage {
    /// Message and details of the good copy.
    pub fn good_text(&self) -> &TextImage {
        &self.text[(self.text_stamp & 1) as usize]
    }

    /// The notes of the good copy, in words.
    pub fn good_notes(&self) -> &[u64; NOTE_WORDS] {
        &self.notes[(self.notes_stamp & 1) as usize]
    }
}
