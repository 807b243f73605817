//! The one page of a board that a waiting reader may store to, mapped alone.

use std::fs::File;

use super::{Memory, Segment};
use crate::layout::Doorbell;

/// The doorbell, in memory that may be stored to.
pub(crate) enum DoorbellMap<'a> {
    /// A writer's own map.
    Own(&'a Doorbell),
    /// A map of that page alone.
    Alone(AloneMap),
}

/// The doorbell's page, mapped writable and nothing else with it.
pub(crate) struct AloneMap(Memory);

impl DoorbellMap<'_> {
    pub(crate) fn bell(&self) -> &Doorbell {
        match self {
            Self::Own(bell) => bell,
            Self::Alone(map) => map.0.at(0),
        }
    }
}

impl Segment {
    /// The doorbell for a reader that wants to be woken; `None` if this process may not write to the board, has a
    /// private copy of it, or cannot map that page alone.
    pub(crate) fn writable_doorbell(&self) -> Option<DoorbellMap<'_>> {
        if self.writable() {
            return Some(DoorbellMap::Own(self.bell()));
        }
        if self.copied() {
            return None; // A private copy does not change while its reader sleeps, so the reader would never wake.
        }
        map_alone(self.lock_file()?, self.facts().bell.offset).map(AloneMap).map(DoorbellMap::Alone)
    }
}

/// Map that page writable, through a description of its own.
#[cfg(target_os = "linux")]
fn map_alone(file: &File, offset: u32) -> Option<Memory> {
    use std::os::fd::AsRawFd;

    use crate::layout::PAGE_BYTES;
    if rustix::param::page_size() != PAGE_BYTES || !(offset as usize).is_multiple_of(PAGE_BYTES) {
        return None; // Only a page of exactly the system's size can be mapped alone.
    }
    // Open by the descriptor and not by the name, which may be another board's by now.
    let again = format!("/proc/self/fd/{}", file.as_raw_fd());
    let writable = File::options().read(true).write(true).open(again).ok()?;
    let map = memmap2::MmapOptions::new().offset(u64::from(offset)).len(PAGE_BYTES).map_raw(&writable).ok()?;
    Memory::of(super::Backing::Mapped(map), true)
}

#[cfg(not(target_os = "linux"))]
fn map_alone(_: &File, _: u32) -> Option<Memory> {
    None // On such a system no reader can sleep on it.
}
