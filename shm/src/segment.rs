//! The memory of a board, whatever it is made of. This module is the only one of the crate with unsafe code.
//!
//! A segment is a mapped file, a named segment of the system, or a private copy of a file that cannot be trusted to keep
//! its length. It hands out references to atomics only, each within the length that was checked when it was attached;
//! never a plain `&T` or slice over memory that another process may be writing to.
//!
//! Slots are claimed by locking one byte each, far behind the end of the file: the system frees the byte when the
//! process that held it is gone, however it went ([`lock`]).

mod copied;
mod create;
mod guard;
mod handle;
pub(crate) mod lock;
mod named;
mod open;
pub(crate) mod sleep;

pub(crate) use create::{create_file, create_named};
pub(crate) use handle::{DoorbellMap, HotHandle};
pub(crate) use named::{SCHEME, as_file, remove_named};
pub(crate) use open::{open_read, open_write, plain_file};

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use crate::atomics::{AtomicU64, Ordering};
use crate::layout::{
    ColdRecord, Doorbell, FACT_WORDS, HeaderImage, HeaderPage, HotLine, LOG_HEADER_BYTES, LayoutFault, LogCounters,
    PAGE_BYTES, Region,
};
use crate::stamp;

/// What a segment is made of; kept only so that it is given back when the segment is dropped.
enum Backing {
    /// A file, mapped read-only or read-write.
    Mapped(memmap2::MmapRaw),
    /// A named segment of the system, always mapped read-write.
    Named(named::NamedMap),
    /// A private copy, brought up to date by `reload`.
    Copied(copied::Copied),
}

impl Backing {
    /// Watch over memory that can vanish: somebody may cut the file short.
    fn guard(&self, writable: bool) -> guard::Guard {
        match self {
            Self::Mapped(map) => guard::Guard::over(map.as_ptr(), map.len(), writable),
            Self::Named(map) => guard::Guard::over(map.base(), map.length(), true),
            Self::Copied(_) => guard::Guard::none(),
        }
    }
}

/// The memory of one board.
pub(crate) struct Segment {
    base: NonNull<u8>,
    length: usize,
    writable: bool,
    facts: HeaderImage,
    path: PathBuf,
    file: Option<File>,
    /// Before the memory it guards, which is given back after it.
    guard: guard::Guard,
    backing: Backing,
}

// SAFETY: `base` points into `backing`, which lives as long as `self` and is not moved by moving it (a map, or a boxed
// slice). All access goes through references to atomics, which any thread may use; stores are made only through
// segments opened for writing. `memmap2::MmapRaw` is Send and Sync itself, and `named::NamedMap` says why it is.
#[allow(unsafe_code)]
unsafe impl Send for Segment {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Segment {}

/// Types that are made of atomics only: any bits are valid, and others may store to them meanwhile.
///
/// # Safety
/// Every field must be an atomic, or padding that is never read, and the alignment at most 8.
#[allow(unsafe_code)]
unsafe trait Shared {}

macro_rules! shared {
    ($($type:ty),*) => { $(
        // SAFETY: made of atomics and unread padding, of alignment 8 or less; asserted where the layout is drawn.
        #[allow(unsafe_code)]
        unsafe impl Shared for $type {}
    )* };
}
shared!(HeaderPage, Doorbell, HotLine, ColdRecord, LogCounters, AtomicU64);

impl Segment {
    /// Believe the memory behind `backing`, or say why not.
    fn attach(backing: Backing, writable: bool, path: &Path, file: Option<File>) -> Result<Self, LayoutFault> {
        let (base, length) = match &backing {
            Backing::Mapped(map) => (map.as_mut_ptr(), map.len()),
            Backing::Named(map) => (map.base(), map.length()),
            Backing::Copied(copy) => (copy.base(), copy.length()),
        };
        let base = NonNull::new(base).ok_or(LayoutFault::NotABoard)?;
        let (path, guard) = (path.to_path_buf(), backing.guard(writable));
        let mut segment = Self { base, length, writable, facts: HeaderImage::default(), path, file, guard, backing };
        if length < PAGE_BYTES {
            return Err(LayoutFault::NotABoard);
        }
        segment.facts = stamp::attach(segment.header(), length as u64)?;
        Ok(segment)
    }

    /// A reference to shared words at this offset.
    #[inline(always)]
    fn at<T: Shared>(&self, offset: usize) -> &T {
        assert!(offset.is_multiple_of(8) && offset + size_of::<T>() <= self.length, "the header was checked");
        // SAFETY: the assertion keeps the reference inside the mapping and aligned to 8, which is enough for every
        // `Shared` type (maps and copies begin on a multiple of 8). `T` holds atomics only, so any bits are valid and
        // other processes may store meanwhile. The memory lives as long as `self`. On a map that is read-only only
        // loads of at most 8 bytes are made, relaxed, which are plain loads on every supported processor.
        #[allow(unsafe_code)]
        unsafe {
            self.base.add(offset).cast::<T>().as_ref()
        }
    }

    fn record<T: Shared>(&self, region: Region, slot: u32) -> Option<&T> {
        (slot < self.facts.slot_count).then(|| self.at(region.offset as usize + slot as usize * region.stride as usize))
    }

    /// The checked facts, a private copy.
    pub(crate) fn facts(&self) -> &HeaderImage {
        &self.facts
    }

    /// The board's path, or `shm:NAME`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole length in bytes, as the header says.
    pub(crate) fn length(&self) -> usize {
        self.facts.length as usize
    }

    pub(crate) fn header(&self) -> &HeaderPage {
        self.at(0)
    }

    pub(crate) fn bell(&self) -> &Doorbell {
        self.at(self.facts.bell.offset as usize)
    }

    pub(crate) fn hot(&self, slot: u32) -> Option<&HotLine> {
        self.record(self.facts.hot, slot)
    }

    pub(crate) fn cold(&self, slot: u32) -> Option<&ColdRecord> {
        self.record(self.facts.cold, slot)
    }

    pub(crate) fn beat(&self, slot: u32) -> Option<&AtomicU64> {
        self.record(self.facts.beats, slot)
    }

    /// The hot lines of the first `count` slots, in order.
    #[inline(always)]
    pub(crate) fn hot_lines(&self, count: u32) -> impl Iterator<Item = &HotLine> {
        let (offset, stride) = (self.facts.hot.offset as usize, self.facts.hot.stride as usize);
        (0..count.min(self.facts.slot_count) as usize).map(move |slot| {
            debug_assert!(offset + (slot + 1) * stride <= self.length);
            // SAFETY: as in `at`; `HeaderImage::check` has shown, for every slot below the slot count, that
            // `offset + (slot + 1) * stride` is at most the length, that both are multiples of 8, and that the stride
            // is at least a hot line. Checked there once, so that a poll of all slots checks nothing again.
            #[allow(unsafe_code)]
            unsafe {
                self.base.add(offset + slot * stride).cast::<HotLine>().as_ref()
            }
        })
    }

    /// A slot's log ring, where the board has them.
    pub(crate) fn log(&self, slot: u32) -> Option<(&LogCounters, &[AtomicU64])> {
        let region = self.facts.log;
        if region.stride == 0 || slot >= self.facts.slot_count {
            return None;
        }
        let begin = region.offset as usize + slot as usize * region.stride as usize;
        let words = (region.stride as usize - LOG_HEADER_BYTES) / 8;
        let first: &AtomicU64 = self.at(begin + LOG_HEADER_BYTES);
        let _last: &AtomicU64 = self.at(begin + LOG_HEADER_BYTES + 8 * (words - 1));
        // SAFETY: the first and the last word were just shown to lie inside the mapping; words in between do too.
        // A slice of atomics makes no promise about their values.
        #[allow(unsafe_code)]
        let ring = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(first), words) };
        Some((self.at(begin), ring))
    }

    /// CRC-32 of every byte behind the header's facts; of a dump, whose bytes hold still.
    pub(crate) fn body_crc(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let mut chunk = [0u64; 512];
        let (mut offset, end) = (8 * FACT_WORDS, self.length());
        while offset < end {
            let count = chunk.len().min((end - offset) / 8);
            for (at, word) in chunk[..count].iter_mut().enumerate() {
                *word = self.at::<AtomicU64>(offset + 8 * at).load(Ordering::Relaxed);
            }
            hasher.update(bytemuck::cast_slice(&chunk[..count]));
            offset += 8 * count;
        }
        hasher.finalize()
    }

    /// The doorbell, mapped writable and nothing else with it, for a reader that wants to be rung for; `None` where
    /// this process may not write to the board, has a private copy of it, or cannot map that page alone.
    pub(crate) fn writable_doorbell(&self) -> Option<DoorbellMap<'_>> {
        if self.writable {
            return Some(DoorbellMap::Own(self.bell()));
        }
        if matches!(self.backing, Backing::Copied(_)) {
            return None; // Nothing moves a copy while its reader sleeps.
        }
        let map = open::map_doorbell(self.file.as_ref()?, self.facts.bell.offset)?;
        Some(DoorbellMap::Mapped { _guard: guard::Guard::over(map.as_ptr(), map.len(), true), map })
    }

    /// Whether the memory may be stored to.
    pub(crate) fn writable(&self) -> bool {
        self.writable
    }

    /// Whether pages of the map were found gone, and zeros are in their place.
    #[inline]
    pub(crate) fn vanished(&self) -> bool {
        self.guard.vanished()
    }

    /// How long the file behind the memory is now; `None` where there is no file.
    pub(crate) fn length_now(&self) -> io::Result<Option<u64>> {
        self.file.as_ref().map(|file| file.metadata().map(|data| data.len())).transpose()
    }

    /// Bring a private copy up to date; nothing to do for a map.
    pub(crate) fn reload(&self) -> io::Result<()> {
        match (&self.backing, &self.file) {
            (Backing::Copied(copy), Some(file)) => copy.reload(file, &self.facts),
            _ => Ok(()),
        }
    }

    /// The description that locks are held on: this segment's own, shared with no other.
    pub(crate) fn lock_file(&self) -> Option<&File> {
        self.file.as_ref()
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("path", &self.path).field("length", &self.length).finish_non_exhaustive()
    }
}
