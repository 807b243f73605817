//! Work that asks servers, with a notice of a server that keeps it waiting.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::thread;

use crossbeam_channel::{RecvTimeoutError, bounded};
use vx_fetch::Sources;

use super::server_wait_slot::{BETWEEN_LOOKS, SILENCE_SHOWN};
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// Do this work, which asks these sources. Each server that does not answer for two seconds is named once.
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
        // Without a thread for it, the work goes on without the words.
        let _ = thread::Builder::new().spawn_scoped(scope, look_on);
        // Dropped after the work, also by a panic in it.
        let _working = working;
        work()
    })
}
