//! The parts of a segment: each part of a board by name, at its place in the checked header.

use std::fs::File;
use std::io;
use std::path::Path;

use super::doorbell::AloneMap;
use super::plain_file::FileFacts;
use super::{Backing, Rows, Segment, SegmentMemory};
use crate::atomics::{AtomicU64, Ordering};
use crate::layout::{
    CAUSE_OFFSET, CauseLatch, ColdRecord, Doorbell, FACT_WORDS, HeaderImage, HeaderPage, HotLine, LOG_HEADER_BYTES,
    LayoutFault, LogCounters, PAGE_BYTES, Region,
};
use crate::stamp;

impl Segment {
    /// Check the memory behind `backing`, and return it as a segment or the fault in it.
    pub(super) fn attach(
        backing: Backing,
        writable: bool,
        path: &Path,
        file: Option<File>,
    ) -> Result<Self, LayoutFault> {
        let memory = SegmentMemory::from_backing(backing, writable).filter(|memory| memory.length >= PAGE_BYTES);
        let memory = memory.ok_or(LayoutFault::NotABoard)?;
        let facts = stamp::attach(memory.at_offset(0), memory.length as u64)?;
        Ok(Self { memory, writable, facts, path: path.to_path_buf(), file, doorbell: AloneMap::default() })
    }

    /// A writable segment of new, zeroed memory; `None` if it is shorter than its facts.
    pub(super) fn prepare(backing: Backing, path: &Path, file: Option<File>, facts: &HeaderImage) -> Option<Self> {
        let memory = SegmentMemory::from_backing(backing, true)?;
        facts.check(memory.length as u64).ok()?;
        Some(Self {
            memory,
            writable: true,
            facts: *facts,
            path: path.to_path_buf(),
            file,
            doorbell: AloneMap::default(),
        })
    }

    fn record<T: super::AtomicsOnly>(&self, region: Region, slot: u32) -> Option<&T> {
        let offset = || region.offset as usize + slot as usize * region.stride as usize;
        (slot < self.facts.slot_count).then(|| self.memory.at_offset(offset()))
    }

    /// The checked facts, a private copy.
    pub(crate) fn facts(&self) -> &HeaderImage {
        &self.facts
    }

    /// The board's path, or `shm:NAME`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whole length in bytes, by the header.
    pub(crate) fn length(&self) -> usize {
        self.facts.length as usize
    }

    /// Whether the memory may be stored to.
    pub(crate) fn writable(&self) -> bool {
        self.writable
    }

    pub(crate) fn header(&self) -> &HeaderPage {
        self.memory.at_offset(0)
    }

    pub(crate) fn bell(&self) -> &Doorbell {
        self.memory.at_offset(self.facts.bell.offset as usize)
    }

    pub(crate) fn hot(&self, slot: u32) -> Option<&HotLine> {
        self.record(self.facts.hot, slot)
    }

    pub(crate) fn cold(&self, slot: u32) -> Option<&ColdRecord> {
        self.record(self.facts.cold, slot)
    }

    /// The cause of a slot's wait or end, if the board keeps causes.
    pub(crate) fn cause(&self, slot: u32) -> Option<&CauseLatch> {
        let facts = &self.facts;
        let behind = Region { offset: facts.cold.offset + CAUSE_OFFSET as u32, ..facts.cold };
        facts.has_causes().then(|| self.record(behind, slot)).flatten()
    }

    pub(crate) fn beat(&self, slot: u32) -> Option<&AtomicU64> {
        self.record(self.facts.beats, slot)
    }

    /// The hot lines of the first `slots` slots, as far as the board has them.
    #[inline(always)]
    pub(crate) fn hot_lines(&self, slots: u32) -> Rows<'_, HotLine> {
        self.memory.rows(self.facts.hot, slots.min(self.facts.slot_count))
    }

    /// A slot's log ring, if the board has them.
    pub(crate) fn log(&self, slot: u32) -> Option<(&LogCounters, &[AtomicU64])> {
        let region = self.facts.log;
        let ring_bytes = (region.stride as usize).checked_sub(LOG_HEADER_BYTES)?;
        let counters = self.record(region, slot)?;
        let begin = region.offset as usize + slot as usize * region.stride as usize;
        Some((counters, self.memory.words(begin + LOG_HEADER_BYTES, ring_bytes / 8)))
    }

    /// CRC-32 of every byte behind the header's facts. Only for a dump, whose bytes do not change.
    pub(crate) fn body_crc(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let mut chunk = [0u64; 512];
        let (mut offset, end) = (8 * FACT_WORDS, self.length());
        while offset < end {
            let count = chunk.len().min((end - offset) / 8);
            for (word, cell) in chunk.iter_mut().zip(self.memory.words(offset, count)) {
                *word = cell.load(Ordering::Relaxed);
            }
            hasher.update(bytemuck::cast_slice(&chunk[..count]));
            offset += 8 * count;
        }
        hasher.finalize()
    }

    /// Whether this is a private copy, brought up to date by [`reload`](Self::reload).
    pub(super) fn copied(&self) -> bool {
        matches!(self.memory.backing, Backing::Copied(_))
    }

    /// Whether pages of the map were found gone, and zeros are in their place.
    #[inline]
    pub(crate) fn vanished(&self) -> bool {
        self.memory.guard.vanished()
    }

    /// Look up the present length of the file behind the memory; `None` if there is no file.
    pub(crate) fn length_now(&self) -> io::Result<Option<u64>> {
        self.file.as_ref().map(|file| FileFacts::read(file).map(|facts| facts.length)).transpose()
    }

    /// Bring a private copy up to date; nothing to do for a map.
    pub(crate) fn reload(&self) -> io::Result<()> {
        match (&self.memory.backing, &self.file) {
            (Backing::Copied(copy), Some(file)) => copy.reload(file, &self.facts),
            _ => Ok(()),
        }
    }

    /// The open file for locks, which no other segment shares.
    pub(crate) fn lock_file(&self) -> Option<&File> {
        self.file.as_ref()
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.memory.length;
        f.debug_struct("Segment").field("path", &self.path).field("length", &length).finish_non_exhaustive()
    }
}
