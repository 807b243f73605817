//! Shows the server that keeps the preparation of an install waiting on the install's slot.

use std::convert::Infallible;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};
use vx_fetch::Sources;

use vx_plan::ServerWaitReporter;

/// The time without an answer after which a server is named.
pub(super) const SILENCE_SHOWN: Duration = Duration::from_secs(2);
/// Time between two looks at the requests under way.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Do this work, which sends requests to these sources on this thread, and show the server that it waits for, if any.
pub(super) fn showing_the_silent<T>(sources: &Sources, waits: ServerWaitReporter<'_>, work: impl FnOnce() -> T) -> T {
    let (working, over) = bounded::<Infallible>(0);
    let asking = thread::current().id();
    thread::scope(|scope| {
        let look_on = move || {
            let mut shown = None;
            while over.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                let host = sources.awaited_by(asking, SILENCE_SHOWN);
                if host != shown {
                    waits(host.as_deref());
                    shown = host;
                }
            }
            if shown.is_some() {
                waits(None);
            }
        };
        // If no thread can be started, the work goes on without showing the server.
        let _ = thread::Builder::new().spawn_scoped(scope, look_on);
        // Dropped after the work, even if it panics.
        let _working = working;
        work()
    })
}
