//! The end of a board's creator, watched by a thread of the reader's process.
//!
//! The thread runs from the first wait that needs it until the reader is dropped: most readers wait again and again,
//! and starting a thread costs more than a wait.

use std::sync::Arc;
use std::thread;

use crate::atomics::{AtomicU32, Ordering};
use crate::liveness::end::{ProcessEnd, StopSignal};
use crate::liveness::process::ProcessMark;
use crate::segment::{Segment, sleep};

/// A watch over the creator, which goes on until it is dropped.
pub(super) struct CreatorWatch {
    ended: Arc<AtomicU32>,
    stop: Arc<StopSignal>,
    /// A forked child has a copy of this value, and shares the signal with its parent.
    process: u32,
}

impl CreatorWatch {
    /// Watch this creator from now on; `None` if it has ended, or the system does not report ends.
    pub(super) fn begin(creator: ProcessMark, segment: &Arc<Segment>) -> Option<Self> {
        let end = ProcessEnd::for_process(creator, segment.facts().boot_id)?;
        let (ended, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(StopSignal::new()?));
        let watch = {
            let (ended, stop, segment) = (ended.clone(), stop.clone(), segment.clone());
            move || {
                if end.wait(&stop) {
                    ended.store(1, Ordering::SeqCst);
                    wake_sleepers(&segment);
                }
            }
        };
        thread::Builder::new().name("vx-board-creator".into()).stack_size(64 * 1024).spawn(watch).ok()?;
        Some(Self { ended, stop, process: std::process::id() })
    }

    /// Not 0 once the creator has ended. Sleepers at the bell are woken after it is set.
    pub(super) fn ended(&self) -> &AtomicU32 {
        &self.ended
    }
}

impl Drop for CreatorWatch {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.stop.send();
        }
    }
}

/// Other processes' sleepers wake as well, find no change, and sleep again.
fn wake_sleepers(segment: &Segment) {
    if let Some(bell) = segment.writable_doorbell() {
        bell.wake.fetch_add(1, Ordering::Release);
        sleep::wake_all(&bell.wake);
    }
}
