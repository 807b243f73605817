//! Parts of a segment that are held on to: a slot's hot line, and the doorbell's page.

use std::ptr::NonNull;
use std::sync::Arc;

use super::Segment;
use super::guard::Guard;
use crate::layout::{Doorbell, HotLine};

/// The one page that a waiting reader may store to.
pub(crate) enum DoorbellMap<'a> {
    /// A writer's own map.
    Own(&'a Doorbell),
    /// A map of that page alone.
    Mapped { _guard: Guard, map: memmap2::MmapRaw },
}

impl DoorbellMap<'_> {
    pub(crate) fn bell(&self) -> &Doorbell {
        match self {
            Self::Own(bell) => bell,
            // SAFETY: `map_doorbell` mapped a whole page, which begins on a multiple of 8 and is longer than a
            // `Doorbell`; the map lives as long as `self`. A doorbell is made of atomics and unread padding.
            #[allow(unsafe_code)]
            Self::Mapped { map, .. } => unsafe { &*map.as_ptr().cast::<Doorbell>() },
        }
    }
}

/// A hot line kept for publishing: the line, and the segment that keeps it mapped.
pub(crate) struct HotHandle {
    line: NonNull<HotLine>,
    segment: Arc<Segment>,
}

// SAFETY: the line lies in the segment's memory, which the handle keeps alive and which any thread may use.
#[allow(unsafe_code)]
unsafe impl Send for HotHandle {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for HotHandle {}

impl HotHandle {
    /// The handle of a slot of a board that is open for writing.
    pub(crate) fn new(segment: Arc<Segment>, slot: u32) -> Option<Self> {
        let line = segment.hot(slot).filter(|_| segment.writable()).map(NonNull::from)?;
        Some(Self { line, segment })
    }

    #[inline(always)]
    pub(crate) fn line(&self) -> &HotLine {
        // SAFETY: `line` was a reference into the memory of `segment`, which lives and stays mapped in place as long
        // as `self`; what it points to are atomics.
        #[allow(unsafe_code)]
        unsafe {
            self.line.as_ref()
        }
    }

    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }
}
