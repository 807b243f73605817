//! Sends a notice of each server that keeps work waiting.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::thread;

use crossbeam_channel::{RecvTimeoutError, bounded};
use vx_fetch::Sources;

use super::server_wait_slot::{BETWEEN_LOOKS, SILENCE_SHOWN};
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// Do this work, which sends requests to these sources. The frontend gets one notice of each server that does not
/// answer for two seconds.
pub(crate) fn naming_the_silent<T>(sources: &Sources, frontend: &dyn Frontend, work: impl FnOnce() -> T) -> T {
    let (working, over) = bounded::<Infallible>(0);
    thread::scope(|scope| {
        let look_on = move || {
            let mut named = BTreeSet::new();
            while over.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                if let Some(host) = sources.awaited(SILENCE_SHOWN)
                    && named.insert(host.clone())
                {
                    frontend.notice(Notice::Awaited { host });
                }
            }
        };
        // If no thread can be started, the work goes on without notices.
        let _ = thread::Builder::new().spawn_scoped(scope, look_on);
        // Dropped after the work, even if it panics.
        let _working = working;
        work()
    })
}
