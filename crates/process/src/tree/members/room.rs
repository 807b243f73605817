//! Room for handles: a tree may have more members than this process may have open files.
//!
//! The limit is raised only when it is reached, and restored as soon as no tree needs more: programs that this process
//! starts inherit the limit, and those that use `select` depend on a low one.

use std::os::fd::{AsRawFd, BorrowedFd};

use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept free for scanning: the list of processes, the facts of one process, and those of other threads.
const SPARE: u64 = 8;

/// The original limit, and the number of trees for which it is raised.
static RAISED: Mutex<Option<(Rlimit, usize)>> = Mutex::new(None);

/// Room for the handles of one tree.
#[derive(Debug, Default)]
pub(in crate::tree) struct Room {
    holds_limit: bool,
}

impl Room {
    /// Returns whether enough files stay free for scanning. `last` is the file that was opened last: since the system
    /// hands out the lowest free number, its number tells how many are used.
    pub(in crate::tree) fn has_place_beside(&mut self, last: BorrowedFd<'_>) -> bool {
        let number = u64::try_from(last.as_raw_fd()).unwrap_or(0);
        let fits = || getrlimit(Resource::Nofile).current.is_none_or(|limit| number + SPARE < limit);
        fits() || (self.make() && fits())
    }

    /// Raise the limit as far as allowed; false if it could not be raised.
    pub(in crate::tree) fn make(&mut self) -> bool {
        let mut raised = RAISED.lock();
        let limit = getrlimit(Resource::Nofile);
        let is_highest = limit.current.is_none() || limit.current == limit.maximum;
        if !is_highest && setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_err() {
            return false;
        }
        let raised = if is_highest { raised.as_mut() } else { Some(raised.get_or_insert((limit, 0))) };
        if let Some((_, holders)) = raised {
            *holders += usize::from(!std::mem::replace(&mut self.holds_limit, true));
        }
        !is_highest
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if !self.holds_limit {
            return;
        }
        let mut raised = RAISED.lock();
        if let Some((_, holders)) = raised.as_mut() {
            *holders -= 1;
        }
        if let Some((limit, _)) = raised.take_if(|(_, holders)| *holders == 0) {
            let _ = setrlimit(Resource::Nofile, limit);
        }
    }
}
