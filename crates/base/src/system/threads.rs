//! Work on another thread if the system allows one more, and on the caller's if not.
//!
//! `thread::spawn` and `Scope::spawn` panic at a limit of processes or threads, which containers and shared machines
//! set. `clippy.toml` forbids both.

use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use parking_lot::Mutex;

/// Work that runs on a thread, or is done already.
#[derive(Debug)]
pub enum ScopedTask<'scope, T> {
    /// A thread is doing it.
    Started(ScopedJoinHandle<'scope, T>),
    /// No thread could be started, so the caller has done it.
    Done(T),
}

/// Do this work on another thread; if the system refuses one, do it at once on this thread.
pub fn aside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> ScopedTask<'scope, T> {
    aside_by(work, |work| Builder::new().spawn_scoped(scope, work))
}

/// As [`aside`], with `start` to start the thread.
fn aside_by<'scope, T: Send + 'scope>(
    work: impl FnOnce() -> T + Send + 'scope,
    start: impl FnOnce(Box<dyn FnOnce() -> T + Send + 'scope>) -> io::Result<ScopedJoinHandle<'scope, T>>,
) -> ScopedTask<'scope, T> {
    // If the thread can't be started, its closure is dropped. So the work lies in a place that the caller can reach,
    // too.
    let place = Arc::new(Mutex::new(Some(work)));
    let taken = Arc::clone(&place);
    let take = |place: &Mutex<Option<_>>| place.lock().take().expect("only one of both does the work");
    match start(Box::new(move || take(&taken)())) {
        Ok(handle) => ScopedTask::Started(handle),
        Err(_) => ScopedTask::Done(take(&place)()),
    }
}

impl<T> ScopedTask<'_, T> {
    /// Waits for the result, or the panic of the thread.
    pub fn join(self) -> thread::Result<T> {
        match self {
            Self::Started(handle) => handle.join(),
            Self::Done(result) => Ok(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_on_a_thread_of_its_own_and_without_one_on_the_callers() {
        let id = || thread::current().id();
        thread::scope(|scope| {
            assert_ne!(aside(scope, id).join().expect("an end"), id());
            let refused = aside_by(id, |_| Err(io::ErrorKind::WouldBlock.into()));
            assert_eq!(refused.join().expect("an end"), id());
        });
    }
}
