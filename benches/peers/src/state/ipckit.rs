//! ipckit's shared memory: bytes copied in and out, with nothing that keeps a reader from seeing half of a record.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use ::ipckit::SharedMemory;

use super::{timed, unique};
use crate::shared::RECORD_WORDS;

const RECORD_BYTES: usize = 8 * RECORD_WORDS;
/// Distance from one slot's record to the next, in bytes.
const STRIDE: usize = 256;

/// The memory, by its writer or a reader.
pub(crate) struct Memory {
    memory: SharedMemory,
    slots: usize,
    bytes: [u8; RECORD_BYTES],
}

impl Memory {
    pub(crate) fn create(place: &Path, slots: usize) -> Self {
        let memory = SharedMemory::create(&unique(place), STRIDE * slots.max(16)).expect("shared memory");
        Self { memory, slots, bytes: [7; RECORD_BYTES] }
    }

    pub(crate) fn open(place: &Path, slots: usize) -> Self {
        let memory = SharedMemory::open(&unique(place)).expect("shared memory");
        Self { memory, slots, bytes: [0; RECORD_BYTES] }
    }
}

impl super::Writer for Memory {
    fn publish(&mut self, slot: usize, done: u64) {
        self.bytes[..8].copy_from_slice(&done.to_le_bytes());
        self.memory.write(slot * STRIDE, &self.bytes).expect("room");
    }

    fn time(&mut self, count: u64) -> Duration {
        let (memory, bytes) = (&mut self.memory, &mut self.bytes);
        timed(count, |done| {
            bytes[..8].copy_from_slice(&done.to_le_bytes());
            memory.write(0, black_box(bytes)).expect("room");
        })
    }
}

impl super::Reader for Memory {
    fn look(&mut self) -> u64 {
        self.memory.read_into(0, &mut self.bytes).expect("a record");
        u64::from_le_bytes(*self.bytes.first_chunk().expect("8 bytes"))
    }

    fn look_at_all(&mut self) {
        for slot in 0..self.slots {
            self.memory.read_into(slot * STRIDE, &mut self.bytes).expect("a record");
            black_box(&self.bytes);
        }
    }
}
