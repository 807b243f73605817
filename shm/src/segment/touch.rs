//! Mapping the pages of slots before they are used.

use super::Segment;

impl Segment {
    /// Map the pages of these slots now. The first touch of a page costs a process about a microsecond, and a slot has
    /// two pages to itself: that is more than everything else that a task's claim does.
    ///
    /// Systems that cannot do this map each page when it is touched.
    pub(crate) fn touch_slots(&self, slots: &[u32]) {
        let mut sorted = slots.to_vec();
        sorted.sort_unstable();
        for run in sorted.chunk_by(|one, next| one + 1 == *next) {
            for region in [self.facts.hot, self.facts.beats, self.facts.cold, self.facts.log] {
                let (stride, first) = (region.stride as usize, run[0] as usize);
                self.touch(region.offset as usize + first * stride, run.len() * stride);
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn touch(&self, offset: usize, length: usize) {
        use super::Backing;
        if let Backing::Mapped(map) = &self.memory.backing
            && length > 0
            && offset.checked_add(length).is_some_and(|end| end <= map.len())
        {
            // An older kernel refuses; the pages are then mapped one by one.
            let _ = map.advise_range(memmap2::Advice::PopulateWrite, offset, length);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn touch(&self, _: usize, _: usize) {}
}
