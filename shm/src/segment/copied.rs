//! A private copy of a board whose file other users could shorten under a map: read, never mapped.
//!
//! A read is not one instant, and has no order within itself: the system may copy a later part before an earlier one. A
//! word that has to be loaded earlier is read earlier, by a separate call. So the hot lines are read before, during
//! and after each read: a slot with the same control word and stamp in all three is replaced in the copy, any other
//! stays as it was. The text of a slot cannot be written twice without a publication of its numbers in between, so the
//! text's good copy is whole too. The title is copied under its own stamp in the same way. A log ring is read
//! between its counters: those read before bound the bytes that are there, those read after show which of them may have
//! been overwritten.

use std::fs::File;
use std::io;
use std::mem::offset_of;

use crate::atomics::{AtomicU64, Ordering};
use crate::layout::{HeaderImage, HeaderPage, Latch, LogCounters, PAGE_BYTES, Region, TITLE_WORDS};
use crate::mutex::Mutex;

/// How often a file is read again for the slots that were being written.
const READ_ATTEMPTS: usize = 4;
/// Offset of the title's latch.
const TITLE_AT: usize = offset_of!(HeaderPage, title);

/// The copy, and the room it is read into.
pub(crate) struct Copied {
    words: Box<[AtomicU64]>,
    scratch: Mutex<Scratch>,
}

#[derive(Default)]
struct Scratch {
    before: Vec<u64>,
    whole: Vec<u64>,
    after: Vec<u64>,
    ring: Vec<u64>,
}

impl Copied {
    /// Allocate room for the whole board, and read the header page so that it can be checked. The first `reload` reads
    /// the slots.
    pub(crate) fn load(file: &File, length: u64) -> io::Result<Self> {
        let mut words = Vec::new();
        read_words(file, 0, PAGE_BYTES, &mut words)?;
        words.resize(length as usize / 8, 0);
        Ok(Self { words: words.into_iter().map(AtomicU64::new).collect(), scratch: Mutex::default() })
    }

    pub(crate) fn base(&self) -> *mut u8 {
        // Stores go through the atomics, which allow them behind a shared reference; nothing stores through this
        // pointer.
        self.words.as_ptr().cast_mut().cast()
    }

    pub(crate) fn length(&self) -> usize {
        self.words.len() * 8
    }

    /// Read the file again, keeping every slot that cannot be read whole as it was.
    pub(crate) fn reload(&self, file: &File, facts: &HeaderImage) -> io::Result<()> {
        let scratch = &mut *self.scratch.lock();
        let hot = facts.hot;
        let hot_length = hot.stride as usize * facts.slot_count as usize;
        let mut title_stamp = 0;
        for _ in 0..READ_ATTEMPTS {
            title_stamp = read_word(file, TITLE_AT)?;
            read_words(file, u64::from(hot.offset), hot_length, &mut scratch.before)?;
            read_words(file, 0, facts.length as usize / 8 * 8, &mut scratch.whole)?;
            read_words(file, u64::from(hot.offset), hot_length, &mut scratch.after)?;
            let steady = (0..facts.slot_count).filter(|slot| self.take_slot(*slot, scratch, facts)).count();
            if steady == facts.slot_count as usize {
                break;
            }
        }
        // Each word of the header and of the beats is valid by itself, so their order does not matter.
        self.take_range(&scratch.whole, 0, TITLE_AT);
        self.take_title(file, title_stamp, scratch)?;
        self.take_all(&scratch.whole, facts.beats, facts.slot_count);
        if facts.log.stride != 0 {
            self.take_logs(file, scratch, facts)?;
        }
        Ok(())
    }

    /// Copy the title, if it was not published while it was read: then nothing wrote to its good copy.
    fn take_title(&self, file: &File, stamp_before: u64, scratch: &Scratch) -> io::Result<()> {
        if scratch.whole[TITLE_AT / 8] == stamp_before && read_word(file, TITLE_AT)? == stamp_before {
            self.take_range(&scratch.whole, TITLE_AT, size_of::<Latch<TITLE_WORDS>>());
        }
        Ok(())
    }

    fn take_logs(&self, file: &File, scratch: &mut Scratch, facts: &HeaderImage) -> io::Result<()> {
        self.take_all(&scratch.whole, facts.log, facts.slot_count);
        for slot in 0..facts.slot_count {
            let at = facts.log.offset as usize + slot as usize * facts.log.stride as usize;
            if scratch.whole[at / 8] != 0 {
                self.take_log(file, scratch, at, facts.log.stride as usize)?;
            }
        }
        Ok(())
    }

    /// Copy a ring with its counters, in the order in which `stamp::read_log` loads them.
    fn take_log(&self, file: &File, scratch: &mut Scratch, at: usize, length: usize) -> io::Result<()> {
        let committed = read_word(file, at + offset_of!(LogCounters, committed))?;
        read_words(file, at as u64, length, &mut scratch.ring)?;
        let reserved = read_word(file, at + offset_of!(LogCounters, reserved))?;
        for (cell, word) in self.words[at / 8..].iter().zip(&scratch.ring) {
            cell.store(*word, Ordering::Relaxed);
        }
        self.take_one(at + offset_of!(LogCounters, committed), committed);
        self.take_one(at + offset_of!(LogCounters, reserved), reserved);
        Ok(())
    }

    fn take_one(&self, offset: usize, word: u64) {
        if let Some(cell) = self.words.get(offset / 8) {
            cell.store(word, Ordering::Relaxed);
        }
    }

    fn take_slot(&self, slot: u32, scratch: &Scratch, facts: &HeaderImage) -> bool {
        let stride = facts.hot.stride as usize / 8;
        let line = slot as usize * stride;
        let in_whole = facts.hot.offset as usize / 8 + line;
        let now = &scratch.whole[in_whole..in_whole + 2];
        if scratch.before[line..line + 2] != *now || scratch.after[line..line + 2] != *now {
            return false;
        }
        self.take_range(&scratch.whole, in_whole * 8, stride * 8);
        let cold = facts.cold.offset as usize + slot as usize * facts.cold.stride as usize;
        self.take_range(&scratch.whole, cold, facts.cold.stride as usize);
        true
    }

    fn take_all(&self, from: &[u64], region: Region, slot_count: u32) {
        self.take_range(from, region.offset as usize, region.stride as usize * slot_count as usize);
    }

    fn take_range(&self, from: &[u64], offset: usize, length: usize) {
        let range = offset / 8..(offset + length) / 8;
        for (cell, word) in self.words[range.clone()].iter().zip(&from[range]) {
            cell.store(*word, Ordering::Relaxed);
        }
    }
}

/// Read one word.
fn read_word(file: &File, offset: usize) -> io::Result<u64> {
    let mut word = 0;
    read_bytes(file, offset as u64, bytemuck::bytes_of_mut(&mut word))?;
    Ok(word)
}

/// Read whole words.
fn read_words(file: &File, offset: u64, length: usize, into: &mut Vec<u64>) -> io::Result<()> {
    into.resize(length / 8, 0);
    read_bytes(file, offset, bytemuck::cast_slice_mut(into))
}

/// Read bytes. If the file has become shorter, that is an error and never a signal.
fn read_bytes(file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, into, offset);
    #[cfg(not(unix))]
    {
        use io::{Read, Seek, SeekFrom};
        let mut file = file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(into)
    }
}
