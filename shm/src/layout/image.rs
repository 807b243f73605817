//! Plain twins of a slot's words: the content of a dump, and the copy of a record that a reader decodes.

use bytemuck::{Pod, Zeroable};

use super::{DETAILS_WORDS, ERROR_WORDS, KEY_WORDS, MESSAGE_WORDS, PATH_WORDS, PHASES, VERSION_WORDS};

/// A hot line as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct HotImage {
    /// Generation and state.
    pub control: u64,
    /// Publications so far.
    pub stamp: u64,
    /// `done`, `total`, meta; the stamp's lowest bit names the good copy. A dump holds the good copy twice.
    pub copies: [[u64; 3]; 2],
}

/// One phase of a slot as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct PhaseImage {
    /// Monotonic nanoseconds; 0 where the phase was never entered.
    pub entered_at: u64,
    /// Work finished in the phase when it was left.
    pub done: u64,
}

/// Message and details as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct TextImage {
    /// A text cell.
    pub message: [u64; MESSAGE_WORDS],
    /// A text cell.
    pub details: [u64; DETAILS_WORDS],
}

/// A cold record as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct ColdImage {
    /// The generation that the identity belongs to.
    pub generation: u32,
    /// The writer's process id; 0 before a claim.
    pub pid: u32,
    /// When that process started, in the system's own unit; 0 where unknown.
    pub start_time: u64,
    /// The pid namespace in which the pid counts; 0 where there are none.
    pub namespace: u64,
    /// The user that the writer runs as.
    pub uid: u32,
    /// The number of a `Kind`.
    pub kind: u8,
    /// 1: the board's creator reserved the slot and records its end; otherwise no process waits for its writer.
    pub origin: u8,
    /// The slot that this one belongs to, or `NO_PARENT`.
    pub parent_slot: u16,
    /// When the slot was claimed, in monotonic nanoseconds; 0 before that.
    pub claimed_at: u64,
    /// Kept for services: their process group.
    pub process_group: u32,
    /// Kept for services: their port.
    pub port: u32,
    /// A text cell.
    pub key: [u64; KEY_WORDS],
    /// A text cell.
    pub version: [u64; VERSION_WORDS],
    /// Bit 0: the exit status is known; bit 1: the signal is.
    pub exit_flags: u8,
    /// The signal that ended the process.
    pub exit_signal: u8,
    /// Zero.
    pub exit_unused: u16,
    /// The exit status.
    pub exit_code: i32,
    /// When the slot ended, in monotonic nanoseconds.
    pub ended_at: u64,
    /// Publications of text so far.
    pub text_stamp: u64,
    /// Message and details; the text stamp's lowest bit names the good copy.
    pub text: [TextImage; 2],
    /// The phases, indexed by number.
    pub phases: [PhaseImage; PHASES],
    /// A text cell.
    pub error: [u64; ERROR_WORDS],
    /// A text cell.
    pub install_path: [u64; PATH_WORDS],
}

impl Default for ColdImage {
    fn default() -> Self {
        Zeroable::zeroed()
    }
}

/// A whole slot as plain bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
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
}
