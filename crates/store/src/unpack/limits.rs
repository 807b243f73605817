//! Limits on the unpacked size of an archive: enough for every real tool, too little to fill a disk by surprise.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::Pieced;
use super::error::UnpackErrorKind;

/// Limits for one release, all its archives together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnpackLimits {
    /// Most bytes of content.
    pub(crate) bytes: u64,
    /// Most files, folders and links.
    pub(crate) entries: u64,
    /// Largest ratio of the unpacked size to the size of the archives …
    pub(crate) ratio: u64,
    /// … for releases that are larger than this many bytes.
    pub(crate) ratio_from_bytes: u64,
}

impl Default for UnpackLimits {
    /// For comparison: the largest known tools have some 20,000 entries and a few GB, and compress to a fifth.
    fn default() -> Self {
        Self { bytes: 16 << 30, entries: 250_000, ratio: 200, ratio_from_bytes: 256 << 20 }
    }
}

/// How much was unpacked so far, and the limits.
#[derive(Debug)]
pub(super) struct Budget {
    limits: UnpackLimits,
    packed: Rc<Cell<u64>>,
    bytes: u64,
    entries: u64,
}

impl Budget {
    pub(super) fn new(limits: UnpackLimits) -> Self {
        Self { limits, packed: Rc::default(), bytes: 0, entries: 0 }
    }

    /// Wrap a reader, so that the bytes it reads count as the archive's size.
    pub(super) fn packed<R>(&self, inner: R) -> Packed<R> {
        Packed { inner, count: Rc::clone(&self.packed), position: 0 }
    }

    /// Count bytes of the archive that no such reader counts.
    pub(super) fn add_packed(&self, bytes: u64) {
        self.packed.set(self.packed.get() + bytes);
    }

    pub(super) fn add_entry(&mut self) -> Result<(), UnpackErrorKind> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(UnpackErrorKind::TooMuch { limit: self.limits.entries, unit: "entries", entry: None });
        }
        Ok(())
    }

    /// Check a declared size against the limits, before any content is read.
    pub(super) fn check_declared(&self, entry: &str, more: u64) -> Result<(), UnpackErrorKind> {
        match self.bytes.checked_add(more) {
            Some(sum) if sum <= self.limits.bytes => Ok(()),
            _ => Err(self.too_much(self.limits.bytes, "bytes", Some(entry))),
        }
    }

    pub(super) fn add_bytes(&mut self, entry: Option<&str>, more: u64) -> Result<(), UnpackErrorKind> {
        self.bytes = self.bytes.saturating_add(more);
        if self.bytes > self.limits.bytes {
            return Err(self.too_much(self.limits.bytes, "bytes", entry));
        }
        let ratio_limit = self.packed.get().saturating_mul(self.limits.ratio);
        if self.bytes > self.limits.ratio_from_bytes && self.bytes > ratio_limit {
            return Err(self.too_much(self.limits.ratio, "times its size", entry));
        }
        Ok(())
    }

    fn too_much(&self, limit: u64, unit: &'static str, entry: Option<&str>) -> UnpackErrorKind {
        UnpackErrorKind::TooMuch { limit, unit, entry: entry.map(str::to_owned) }
    }
}

/// Counts the bytes of an archive as they are read.
pub(super) struct Packed<R> {
    inner: R,
    count: Rc<Cell<u64>>,
    position: u64,
}

impl<R> Packed<R> {
    /// Number of bytes read from this reader.
    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

impl<R: BufRead> BufRead for Packed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count.set(self.count.get() + amount as u64);
        self.position += amount as u64;
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Pieced for Packed<R> {}

impl<R: BufRead> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
