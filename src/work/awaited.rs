//! Work that asks servers, with a notice of a server that keeps it waiting.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};

use super::frontend::Frontend;
use super::notice::Notice;
use crate::source::Sources;

/// The time without an answer after which a server is named.
const SILENCE_SHOWN: Duration = Duration::from_secs(2);
/// Time between two looks at the requests under way.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Do this work, which asks these sources. Each server that does not answer for two seconds is named once.
pub(super) fn naming_the_silent<T>(sources: &Sources, frontend: &dyn Frontend, work: impl FnOnce() -> T) -> T {
    let (working, over) = bounded::<Infallible>(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut named = BTreeSet::new();
            while over.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                if let Some(host) = sources.awaited(SILENCE_SHOWN)
                    && named.insert(host.clone())
                {
                    frontend.notice(Notice::Awaited { host });
                }
            }
        });
        // Dropped after the work, also by a panic in it.
        let _working = working;
        work()
    })
}
