//! The one page of a board that a waiting reader may store to, mapped alone.

use std::fs::File;
use std::sync::OnceLock;

use super::{Segment, SegmentMemory};
use crate::layout::Doorbell;

/// Only the doorbell's page, mapped writable at the first wait. It stays mapped, because mapping it for each wait takes
/// longer than waking up.
#[derive(Default)]
pub(super) struct AloneMap(OnceLock<SegmentMemory>);

impl Segment {
    /// The doorbell for a reader that wants to be woken; `None` if this process may not write to the board, has a
    /// private copy of it, or cannot map that page alone.
    pub(crate) fn writable_doorbell(&self) -> Option<&Doorbell> {
        if self.writable() {
            return Some(self.bell());
        }
        if self.copied() {
            return None; // A private copy does not change while its reader sleeps, so the reader would never wake.
        }
        if let Some(map) = self.doorbell.0.get() {
            return Some(map.at_offset(0));
        }
        // A failure is not kept: at the next wait a descriptor may be free. If two threads map the page, the first map
        // stays.
        let map = map_alone(self.lock_file()?, self.facts().bell.offset)?;
        Some(self.doorbell.0.get_or_init(|| map).at_offset(0))
    }
}

/// Map that page writable, through a new file description.
#[cfg(target_os = "linux")]
fn map_alone(file: &File, offset: u32) -> Option<SegmentMemory> {
    use std::os::fd::AsRawFd;

    use crate::layout::PAGE_BYTES;
    if rustix::param::page_size() != PAGE_BYTES || !(offset as usize).is_multiple_of(PAGE_BYTES) {
        return None; // Only a page of exactly the system's size can be mapped alone.
    }
    // Opened through the descriptor, because the name may be another board's by now.
    let again = format!("/proc/self/fd/{}", file.as_raw_fd());
    let writable = File::options().read(true).write(true).open(again).ok()?;
    let map = memmap2::MmapOptions::new().offset(u64::from(offset)).len(PAGE_BYTES).map_raw(&writable).ok()?;
    SegmentMemory::from_backing(super::Backing::Mapped(map), true)
}

#[cfg(not(target_os = "linux"))]
fn map_alone(_: &File, _: u32) -> Option<SegmentMemory> {
    None // Such a system has no way to sleep on the page.
}
