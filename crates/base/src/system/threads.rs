//! Threads of their own where the system gives more of them, and the same work without them where it doesn't.
//!
//! `thread::spawn` and `Scope::spawn` panic at a limit of processes or threads, which containers and shared machines set.
//! `clippy.toml` forbids both.

use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use parking_lot::Mutex;

/// Work that was given to a thread, or is done already.
#[derive(Debug)]
pub enum ScopedTask<'scope, T> {
    /// A thread does it.
    Started(ScopedJoinHandle<'scope, T>),
    /// There was no thread for it.
    Done(T),
}

/// Do this work on a thread of its own; if the system gives none, do it at once.
pub fn aside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> ScopedTask<'scope, T> {
    aside_by(work, |work| Builder::new().spawn_scoped(scope, work))
}

/// The same with another way to start a thread.
fn aside_by<'scope, T: Send + 'scope>(
    work: impl FnOnce() -> T + Send + 'scope,
    start: impl FnOnce(Box<dyn FnOnce() -> T + Send + 'scope>) -> io::Result<ScopedJoinHandle<'scope, T>>,
) -> ScopedTask<'scope, T> {
    // A thread that can't be started drops what was meant for it, so the work is left where both find it.
    let place = Arc::new(Mutex::new(Some(work)));
    let taken = Arc::clone(&place);
    let take = |place: &Mutex<Option<_>>| place.lock().take().expect("only one of both does the work");
    match start(Box::new(move || take(&taken)())) {
        Ok(handle) => ScopedTask::Started(handle),
        Err(_) => ScopedTask::Done(take(&place)()),
    }
}

impl<T> ScopedTask<'_, T> {
    /// Its result, or the panic of its thread.
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
